import assert from "node:assert/strict";
import test from "node:test";
import { executeRun, resumeRun } from "../../src/execute/executor/execute-run.ts";
import type { RunResult } from "../../src/execute/executor/run-context.ts";
import { plan, plantedKey, ReplaceWorld } from "./replace-world.ts";
import { Killed } from "./crash-world.ts";

const quiet = () => undefined;
const signal = new AbortController().signal;

async function begin(world: ReplaceWorld): Promise<RunResult> {
  await world.runs.create(world.run, "the plan");
  return await executeRun({ plan, consent: world.consent(), run: world.run, context: world.context(), signal, report: quiet });
}

async function goOn(world: ReplaceWorld): Promise<RunResult> {
  return await resumeRun({ plan, consent: world.consent(), run: world.run, context: world.context(), signal, report: quiet });
}

async function assertRecovered(world: ReplaceWorld, result: RunResult, where: string): Promise<void> {
  assert.equal(result.outcome, "succeeded", `${where}: ${result.detail}`);
  assert.deepEqual(
    world.etcd
      .voters()
      .map((member) => member.name)
      .sort(),
    ["cp1", "cp2", "cp3"],
    where,
  );
  assert.ok(
    world.etcd.members.every((member) => !member.isLearner && member.process === "running"),
    where,
  );
  assert.deepEqual(world.effects(), [`memberRemove ${removedId}`, "DELETE /api/v1/nodes/cp2", "joins 1"], where);
  assert.equal(world.markers.size, 0, where);
  const secrets = world.kube.store.list(
    { base: "/api/v1", namespace: "kube-system", resource: "secrets", name: undefined, subresource: undefined },
    new URLSearchParams(),
  );
  assert.doesNotMatch(JSON.stringify(secrets), /bootstrap-token|kubeadm-certs/, where);
  const text = (await world.lines()).join("\n");
  assert.doesNotMatch(text, /abababababababab|abcdef\.0123456789abcdef/, `${where}: a secret is in the journal`);
  assert.ok(!text.includes(plantedKey), where);
}

const removedId = plan.fingerprint.members.find((member) => member.name === "cp2")?.id ?? "";

test("the whole replacement of a wiped machine succeeds on fake ports, every change is made once, credentials are gone", async () => {
  const world = new ReplaceWorld();
  await assertRecovered(world, await begin(world), "uninterrupted");
  assert.equal(world.certificateUploads, 1);
  assert.notEqual(await world.runs.statArtifact(world.run, "baseline-keys.jsonl"), undefined);
  assert.notEqual(await world.runs.statArtifact(world.run, "verify.json"), undefined);
});

test("the whole replacement killed before and after every durable event ends the same and changes nothing twice", async () => {
  const whole = new ReplaceWorld();
  await begin(whole);
  const points = whole.appends;
  for (let append = 0; append < points; append++) {
    for (const when of ["before", "after"] as const) {
      const world = new ReplaceWorld();
      world.killAt = { append, when };
      await assert.rejects(begin(world), Killed);
      world.revive();
      await assertRecovered(world, await goOn(world), `killed ${when} event ${String(append + 1)} of ${String(points)}`);
    }
  }
});

test("a kill while kubeadm runs on the machine: resuming waits for that join and starts no second one", async () => {
  const world = new ReplaceWorld();
  await world.runs.create(world.run, "the plan");
  const report = () => {
    if (world.joinsStarted === 1) world.isDead = true;
  };
  await assert.rejects(executeRun({ plan, consent: world.consent(), run: world.run, context: world.context(), signal, report }), Killed);
  assert.notEqual(world.join, undefined);
  world.revive();
  await assertRecovered(world, await goOn(world), "killed during the join");
});

test("a join that does not end is left alone: its outcome is unknown, no second one starts, and its credentials stay", async () => {
  const world = new ReplaceWorld();
  await world.runs.create(world.run, "the plan");
  const report = () => {
    if (world.joinsStarted === 1) world.isDead = true;
  };
  await assert.rejects(executeRun({ plan, consent: world.consent(), run: world.run, context: world.context(), signal, report }), Killed);
  world.revive();
  const unit = world.join?.unit ?? "";
  world.join = { unit, endsAtMs: Number.POSITIVE_INFINITY };
  const result = await goOn(world);
  assert.equal(result.outcome, "outcome-unknown", result.detail);
  assert.equal(world.joinsStarted, 1);
  assert.notEqual(world.kube.store.at("/api/v1/namespaces/kube-system/secrets/kubeadm-certs"), undefined);
  world.join = { unit, endsAtMs: world.clock.nowMs() + 1_000 };
  await assertRecovered(world, await goOn(world), "after it ended");
});

test("a join that fails says what kubeadm said without its token, removes the credentials, and the run can go on", async () => {
  const world = new ReplaceWorld();
  world.joinFailsWith = "etcd cluster is not healthy";
  const result = await begin(world);
  assert.equal(result.outcome, "failed");
  assert.match(result.detail, /etcd cluster is not healthy/);
  assert.match(result.detail, /the token was \(removed\)/);
  assert.equal(world.kube.store.at("/api/v1/namespaces/kube-system/secrets/kubeadm-certs"), undefined);
  world.joinFailsWith = undefined;
  const resumed = await goOn(world);
  assert.equal(resumed.outcome, "succeeded", resumed.detail);
  assert.equal(world.joinsStarted, 2);
});

test("a copy that was lost or damaged while the run was stopped: resuming removes nobody without it", async () => {
  const snapshot = plan.steps.find((step) => step.kind === "etcd.saveSnapshot");
  assert.ok(snapshot);
  for (const damage of ["none", "one byte"] as const) {
    const world = new ReplaceWorld();
    await world.runs.create(world.run, "the plan");
    const report = (event: { readonly text: string }) => {
      if (event.text.startsWith("Look on cp2")) world.isDead = true;
    };
    await assert.rejects(executeRun({ plan, consent: world.consent(), run: world.run, context: world.context(), signal, report }), Killed);
    world.revive();
    if (damage === "one byte") {
      const bytes = Uint8Array.from(await world.runs.readArtifact(world.run, snapshot.args.artifact));
      bytes[100] = (bytes[100] ?? 0) ^ 1;
      const writer = await world.runs.writeArtifact(world.run, snapshot.args.artifact);
      await writer.write(bytes);
      await writer.commit();
      const result = await goOn(world);
      assert.equal(result.outcome, "blocked", result.detail);
      assert.match(result.detail, /relies on the copy of s01/);
      assert.deepEqual(world.effects(), ["joins 0"]);
    } else await assertRecovered(world, await goOn(world), "with the copy");
  }
});

test("certificates whose upload went on after its answer was lost are removed when the step is settled", async () => {
  const world = new ReplaceWorld();
  await world.runs.create(world.run, "the plan");
  let isUploading = false;
  world.machines.onScript({ reason: "upload the control plane's certificates for the join" }, () => {
    isUploading = true;
    return "lost";
  });
  // It lands while the run looks whether anything came of the step.
  const report = (event: { readonly kind: string }) => {
    if (!isUploading || event.kind !== "waiting") return;
    isUploading = false;
    world.kube.addSecret("kube-system", "kubeadm-certs", { data: { "ca.key": "encrypted" } });
  };
  const result = await executeRun({ plan, consent: world.consent(), run: world.run, context: world.context(), signal, report });
  assert.equal(result.outcome, "failed", result.detail);
  assert.equal(isUploading, false);
  assert.equal(world.kube.store.at("/api/v1/namespaces/kube-system/secrets/kubeadm-certs"), undefined);
});

test("an answer to the removal that was lost after the effect is settled by looking", async () => {
  const world = new ReplaceWorld();
  world.etcd.failNext("memberRemove", "cut-after-effect");
  await assertRecovered(world, await begin(world), "lost answer");
});

test("a removal that never arrived fails visibly, and resuming does it once", async () => {
  const world = new ReplaceWorld();
  world.etcd.failNext("memberRemove", "cut-before-effect");
  assert.equal((await begin(world)).outcome, "failed");
  await assertRecovered(world, await goOn(world), "second attempt");
});

test("a second voter that dies in the middle blocks the removal: the quorum would be lost", async () => {
  const world = new ReplaceWorld();
  await world.runs.create(world.run, "the plan");
  const report = (event: { readonly text: string }) => {
    if (event.text.startsWith("Remove member"))
      world.etcd.setProcess(plan.fingerprint.members.find((m) => m.name === "cp3")?.name as never, "stopped");
  };
  const result = await executeRun({ plan, consent: world.consent(), run: world.run, context: world.context(), signal, report });
  assert.notEqual(result.outcome, "succeeded");
  assert.deepEqual(world.effects(), ["joins 0"]);
});

test("a full local disk during the snapshot stops the run before anything was changed", async () => {
  const world = new ReplaceWorld();
  await world.runs.create(world.run, "the plan");
  const report = (event: { readonly text: string }) => {
    if (event.text.startsWith("Save a snapshot")) world.runs.isFull = true;
  };
  await assert.rejects(executeRun({ plan, consent: world.consent(), run: world.run, context: world.context(), signal, report }), {
    code: "LOCAL_DISK_FULL",
  });
  assert.deepEqual(world.effects(), ["joins 0"]);
  assert.equal(world.markers.size, 0);
  world.runs.isFull = false;
  await assertRecovered(world, await goOn(world), "after space was made");
});
