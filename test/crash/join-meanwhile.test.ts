/** Somebody joins the machine of an unfinished member while the run is busy elsewhere: nothing is stopped or removed under kubeadm's hands. */
import assert from "node:assert/strict";
import test from "node:test";
import { executeRun, resumeRun } from "../../src/execute/executor/execute-run.ts";
import type { RunContext, RunResult } from "../../src/execute/executor/run-context.ts";
import { asHostName, type HostName } from "../../src/model/ids.ts";
import { consentOf } from "../../src/model/plan.ts";
import { FakeEtcdCluster } from "../support/fake-etcd.ts";
import { healthyKubeadm3 } from "../support/inventory-builder.ts";
import { planned } from "../support/planned.ts";
import { ReplaceWorld } from "./replace-world.ts";

const cp4 = asHostName("cp4");
const inventories = {
  neverStarted: healthyKubeadm3().spareMachine("cp4", 4).unstartedMember("10.150.0.14").build(),
  unfinishedJoin: healthyKubeadm3().spareMachine("cp4", 4).learner("cp4").build(),
};

/** What is to be seen on cp4. */
interface Seen {
  readonly isListed: boolean;
  readonly processes: readonly string[];
  readonly hasManifest: boolean;
  readonly hasData: boolean;
}

class JoinWorld extends ReplaceWorld {
  readonly inventory;
  readonly plan;
  seen: Seen;
  /** Goes on while the run is at its first step, the snapshot. */
  meanwhile: () => void = () => undefined;

  constructor(situation: keyof typeof inventories) {
    super();
    this.inventory = inventories[situation];
    this.plan = planned(this.inventory);
    const { fingerprint } = this.plan;
    const hosts = this.inventory.config.hosts.slice(0, 3);
    const etcd = new FakeEtcdCluster({ hosts: hosts.map((host) => host.name), addresses: hosts.map((host) => host.address) });
    etcd.addMember({ host: cp4, peerUrl: "https://10.150.0.14:2380", isLearner: situation === "unfinishedJoin" });
    if (situation === "unfinishedJoin") etcd.startMember(cp4);
    Object.assign(etcd, { clusterId: fingerprint.clusterId });
    for (const member of etcd.members) {
      const known = fingerprint.members.find((candidate) => candidate.peerUrls.join() === member.peerUrls.join());
      if (etcd.leaderId === member.id && known !== undefined) etcd.leaderId = known.id;
      Object.assign(member, { id: known?.id });
    }
    while (etcd.store.revision < fingerprint.revisionAtLeast) etcd.store.revision += 1000n;
    etcd.effects.length = 0;
    Object.assign(this, { etcd });
    const isJoin = situation === "unfinishedJoin";
    this.seen = { isListed: true, processes: isJoin ? ["etcd"] : [], hasManifest: isJoin, hasData: isJoin };
    this.machines.onScript({ reason: /^stop etcd of member/ }, () => {
      this.seen = { ...this.seen, processes: [], hasManifest: false };
      etcd.effects.push("stopped");
      etcd.setProcess(cp4, "stopped");
      return {};
    });
    // What comes after the removal is not looked at here.
    this.machines.onScript({ reason: "move the state of a former life aside" }, { exitCode: 1 });
  }

  override context(): RunContext {
    return { ...super.context(), config: this.inventory.config };
  }

  protected override hostLook(host: HostName): string {
    if (host !== cp4) return super.hostLook(host);
    const { isListed, processes, hasManifest, hasData } = this.seen;
    const bit = (is: boolean) => (is ? "1" : "0");
    return [
      "machine-id id-of-cp4",
      "unit kubelet loaded inactive ",
      ...(isListed ? ["processes-listed", ...processes.map((name) => `process ${name} Sl`)] : []),
      ...["adminConf", "superAdminConf", "kubeletConf", "apiServerManifest", "clusterCa"].map((name) => `file ${name} ${bit(hasManifest)}`),
      `file etcdManifest ${bit(hasManifest)}`,
      ...(hasData ? ["exists=1", "empty=0", "files=1", "wal=1", "backend=1"] : ["exists=0"]).map((fact) => `data-dir ${fact}`),
      "end",
      "",
    ].join("\n");
  }

  async begin(): Promise<RunResult> {
    const { plan, run } = this;
    await this.runs.create(run, "the plan");
    const consent = consentOf({ digest: plan.digest, by: "someone", how: "typed-cluster-name", at: this.clock.nowIso() });
    const report = (event: { readonly text: string }) => {
      if (event.text.startsWith("Save a snapshot")) this.meanwhile();
    };
    return await executeRun({ plan, consent, run, context: this.context(), signal: new AbortController().signal, report });
  }

  async goOn(): Promise<RunResult> {
    const { plan, run } = this;
    return await resumeRun({ plan, run, context: this.context(), signal: new AbortController().signal, report: () => undefined });
  }
}

async function assertLeftAlone(world: JoinWorld, words: RegExp): Promise<void> {
  const result = await world.begin();
  assert.equal(result.outcome, "blocked", result.detail);
  assert.match(result.detail, words);
  assert.deepEqual(world.etcd.effects, []);
}

test("a member that never started, and nobody joins its machine: it is removed", async () => {
  const world = new JoinWorld("neverStarted");
  const result = await world.begin();
  assert.equal(world.etcd.effects.length, 1, result.detail);
});

for (const [what, change, words] of [
  ["kubeadm starts there", { processes: ["kubeadm"] }, /kubeadm runs on cp4/],
  ["etcd starts there", { processes: ["etcd"] }, /etcd is running on cp4 by now/],
  ["kubeadm has written etcd's manifest", { hasManifest: true }, /etcd's manifest is, or may be, there on cp4/],
  ["etcd has begun its data", { hasData: true }, /there is, or may be, etcd data on cp4/],
  ["its processes cannot be listed", { isListed: false }, /not known: whether somebody joins member \S+ on cp4/],
] as const) {
  test(`a member that never started, and during the snapshot ${what}: it stays, until that is over`, async () => {
    const world = new JoinWorld("neverStarted");
    const before = world.seen;
    world.meanwhile = () => (world.seen = { ...before, ...change });
    await assertLeftAlone(world, words);
    world.seen = before;
    const result = await world.goOn();
    assert.equal(world.etcd.effects.length, 1, result.detail);
  });
}

test("a learner of a join that died: its etcd is stopped and its member removed", async () => {
  const world = new JoinWorld("unfinishedJoin");
  assert.deepEqual(
    world.plan.lossProofs.map(({ kind }) => kind),
    ["unfinished-join"],
  );
  const result = await world.begin();
  assert.deepEqual([world.etcd.effects.length, world.etcd.effects[0]], [2, "stopped"], result.detail);
});

test("a learner of a join that died, and kubeadm is started there again: it is neither stopped nor removed", async () => {
  const world = new JoinWorld("unfinishedJoin");
  world.meanwhile = () => (world.seen = { ...world.seen, processes: ["etcd", "kubeadm"] });
  await assertLeftAlone(world, /kubeadm runs on cp4/);
});

test("a learner that somebody promoted meanwhile, and whose etcd does not answer us, is a voter: it is not stopped", async () => {
  const world = new JoinWorld("unfinishedJoin");
  world.meanwhile = () => {
    world.etcd.promoteMember(world.etcd.memberOn(cp4).id);
    world.etcd.effects.length = 0;
    world.etcd.setProcess(cp4, "frozen");
  };
  await assertLeftAlone(world, /was a learner and votes by now/);
});
