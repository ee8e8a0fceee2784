import assert from "node:assert/strict";
import test from "node:test";
import { healthyKubeadm, healthyKubeadm3, type InventoryBuilder } from "../../../test/support/inventory-builder.ts";
import { flagged, patchManifests, unread } from "../../../test/support/patch-manifests.ts";
import { planned, plannedAgain, simulatedEnd, tampered } from "../../../test/support/planned.ts";
import { canonicalPlanText } from "../../model/canonical-plan-text.ts";
import { modelQuorum } from "../../model/cluster-model.ts";
import type { HostFacts } from "../../model/inventory.ts";
import type { RecoveryPlan } from "../../model/plan.ts";
import { checkPlan } from "../check/check-plan.ts";

function assertLeadsHome(builder: InventoryBuilder): RecoveryPlan {
  const plan = planned(builder.build());
  assert.equal(plan.verdict, "act", plan.reasons.join("\n"));
  assert.equal(plan.strategy, "start-stopped");
  assert.deepEqual(checkPlan(plan), []);
  assert.equal(modelQuorum(simulatedEnd(plan))?.healthy, 3);
  const again = plannedAgain(plan);
  assert.equal(again.verdict, "nothing-to-do", again.reasons.join("\n"));
  return plan;
}

test("planStartStopped: a stopped kubelet is started and its member waited for", () => {
  const plan = assertLeadsHome(healthyKubeadm3().kubeletStopped("cp2"));
  assert.deepEqual(
    plan.steps.map((step) => step.kind),
    ["service.start", "etcd.awaitVoter", "kubernetes.awaitNodeReady", "cluster.verify"],
  );
});

test("planStartStopped: quorum lost only because two kubelets are stopped: started, nothing lost, quorum counted as it comes back", () => {
  const plan = assertLeadsHome(healthyKubeadm3().kubeletStopped("cp2").kubeletStopped("cp3"));
  assert.equal(plan.start.members, undefined);
  assert.deepEqual(
    plan.steps.map((step) => step.quorumAfter?.healthy),
    [2, 3, 3, 3, 3],
  );
  assert.equal(plan.loss.revisions, 0n);
});

test("planStartStopped: a frozen etcd is continued", () => {
  const plan = assertLeadsHome(healthyKubeadm3().etcdFrozen("cp2"));
  assert.equal(plan.steps[0]?.kind, "process.continue");
});

test("planStartStopped: a stopped balancer is started", () => {
  assertLeadsHome(healthyKubeadm3().haproxyStopped("cp1"));
});

test("planStartStopped: the kubelet of a machine without its etcd data is never started (I-S11)", () => {
  const plan = planned(healthyKubeadm3().kubeletStopped("cp2").etcdDataLost("cp2").build());
  assert.ok(plan.steps.every((step) => step.kind !== "service.start"));
});

test("planStartStopped: a fresh machine's kubelet waits for its join", () => {
  const plan = planned(healthyKubeadm3().freshMachine("cp2").build());
  assert.ok(plan.steps.every((step) => step.kind !== "service.start"));
});

test("planStartStopped: what is stopped is started even while another machine is silent, and then the plan claims no more than that", () => {
  const plan = planned(healthyKubeadm(5).kubeletStopped("cp2").hostUnreachable("cp3").build());
  assert.equal(plan.strategy, "start-stopped");
  assert.deepEqual(checkPlan(plan), []);
  assert.ok(plan.steps.every((step) => step.kind !== "cluster.verify"));
});

test("planStartStopped: the balancer programs of an unused spare are nobody's to start", () => {
  const plan = planned(healthyKubeadm3().spareMachine("cp4", 4).keepalivedStopped("cp4").build());
  assert.equal(plan.verdict, "nothing-to-do", plan.reasons.join("\n"));
});

const stopped = healthyKubeadm3().kubeletStopped("cp1").etcdStopped("cp1");
const stray = { isEmpty: false, hasWal: false, hasBackend: false };
const placed = { isEmpty: false, hasWal: true, hasBackend: true };

for (const [what, facts] of [
  ["a stray file where the disk is not mounted", { ...stray, unmountedAt: "/var/lib/etcd" }],
  ["whole data where another disk belongs", { ...placed, unmountedAt: "/var/lib/etcd" }],
  ["a WAL without its backend", { ...placed, hasBackend: false }],
  ["files that are not etcd's", stray],
  ["data that cannot be read", { readError: "Input/output error" }],
  ["mounts that could not be asked", { ...placed, mountsGap: "no bus" }],
] as const) {
  test(`planStartStopped: no kubelet is started over ${what} (I-S11)`, () => {
    const plan = planned(stopped.dataDirFacts("cp1", facts).build());
    assert.deepEqual(plan.steps, [], plan.verdict);
    assert.notEqual(plan.verdict, "act");
    assert.deepEqual(plan.lossProofs, []);
  });
}

test("planStartStopped: after a power cut only those are started whose data is there, never one over a stray file", () => {
  const dark = ["cp1", "cp2", "cp3"].reduce((builder, name) => builder.kubeletStopped(name).etcdStopped(name), healthyKubeadm3());
  const plan = planned(dark.dataDirFacts("cp1", { ...stray, unmountedAt: "/var/lib/etcd" }).build());
  assert.deepEqual(checkPlan(plan), []);
  const starts = plan.steps.filter((step) => step.kind === "service.start").map((step) => step.host as string);
  assert.deepEqual([plan.strategy, [...new Set(starts)].sort()], ["start-stopped", ["cp2", "cp3"]]);
});

test("planStartStopped: where it is not known where etcd keeps its data, its kubelet is not started, and nobody says that the data is lost", () => {
  const stopped = healthyKubeadm3().kubeletStopped("cp2");
  const gone = { exists: false, isEmpty: true, hasWal: false, hasBackend: false };
  for (const builder of [stopped, stopped.dataDirFacts("cp2", gone)]) {
    const plan = planned(patchManifests(builder, unread, "cp2").build());
    assert.deepEqual([plan.steps, plan.lossProofs], [[], []]);
    assert.match(plan.reasons.join(" "), /where etcd keeps its data is not known, its manifests were not read/);
    assert.doesNotMatch(canonicalPlanText(plan), /has lost its etcd data/);
    const elsewhere = planned(patchManifests(patchManifests(builder, flagged({ dataDir: "/data/etcd" })), unread, "cp2").build());
    assert.deepEqual(elsewhere.steps, []);
    assert.match(
      elsewhere.reasons.join(" "),
      /etcd on cp1 keeps its data in \/data\/etcd \(hostPath in etcd\.yaml\), which is not looked at.*Set paths\.etcdDataDir to \/data\/etcd/,
    );
  }
});

function withEtcdUnit(builder: InventoryBuilder, unit: { readonly isEnabled: boolean }): InventoryBuilder {
  return builder.patchEachHost((host): HostFacts => {
    if (host.services.kind === "unknown") return host;
    const value = host.services.value.map((one) => (one.unit === "etcd" ? { ...one, activeState: "inactive" as const, ...unit } : one));
    return { ...host, services: { ...host.services, value } };
  });
}

test("planStartStopped: an etcd.service beside etcd's static pods is nobody's to start, whatever else is wrong", () => {
  for (const isEnabled of [true, false]) {
    const unit = (builder: InventoryBuilder) => planned(withEtcdUnit(builder, { isEnabled }).build());
    assert.equal(unit(healthyKubeadm3()).verdict, "nothing-to-do");
    const stopped = unit(healthyKubeadm3().kubeletStopped("cp2"));
    assert.deepEqual(
      stopped.steps.flatMap((step) => (step.kind === "service.start" ? [step.args.unit] : [])),
      ["kubelet"],
    );
    assert.equal(unit(healthyKubeadm3().etcdDataLost("cp2")).strategy, "replace-member");
  }
  // Also where the manifests were moved out: its flags and its data dir are its own.
  const out = ["cp1", "cp2", "cp3"].reduce((all, name) => all.etcdManifestMoved(name), healthyKubeadm3());
  assert.ok(planned(withEtcdUnit(out, { isEnabled: true }).build()).steps.every((step) => step.kind !== "service.start"));
});

test("planStartStopped: where etcd is a service of its machines, it and the kubelet beside it are started", () => {
  const asUnit = (builder: InventoryBuilder) =>
    patchManifests(builder.patchEachHost(withoutEtcdFile), (all) =>
      all
        .filter(({ etcdFlags }) => etcdFlags === undefined)
        .map((one) =>
          one.etcdServers === undefined ? one : { ...one, etcdServers: ["https://10.150.0.11:2379", "https://10.150.0.12:2379"] },
        ),
    );
  const out = asUnit(healthyKubeadm3().etcdManifestMoved("cp2"));
  const [on, off] = [true, false].map((isEnabled) => planned(withEtcdUnit(out, { isEnabled }).build()));
  assert.ok(on !== undefined && off !== undefined);
  assert.ok(on.steps.some((step) => step.kind === "service.start" && step.args.unit === "etcd" && step.args.host === "cp2"));
  assert.ok(off.steps.every((step) => step.kind !== "service.start"));
  // The checker judges by itself: with a manifest, the same step is refused.
  assert.deepEqual(checkPlan(on), []);
  const start = { ...on.start, hosts: on.start.hosts.map((host) => ({ ...host, hasEtcdManifest: true })) };
  assert.match(
    checkPlan(tampered(on, { start }))
      .map(({ because }) => because)
      .join(" "),
    /second etcd/,
  );
  const kubelet = planned(withEtcdUnit(asUnit(healthyKubeadm3().kubeletStopped("cp2")), { isEnabled: true }).build());
  assert.ok(kubelet.steps.some((step) => step.kind === "service.start" && step.args.unit === "kubelet" && step.args.host === "cp2"));
});

function withoutEtcdFile(host: HostFacts): HostFacts {
  if (host.kubernetesFiles.kind === "unknown") return host;
  return { ...host, kubernetesFiles: { ...host.kubernetesFiles, value: { ...host.kubernetesFiles.value, etcdManifest: false } } };
}

test("planStartStopped: a package's etcd.service is not started where another machine has its etcd in a manifest", () => {
  const byAddress = patchManifests(healthyKubeadm3().etcdManifestMoved("cp2").kubeletStopped("cp2"), (all) =>
    all.map((one) => (one.etcdServers === undefined ? one : { ...one, etcdServers: ["https://10.150.0.12:2379"] })),
  );
  for (const isEnabled of [true, false]) {
    const plan = planned(withEtcdUnit(byAddress, { isEnabled }).build());
    assert.deepEqual([plan.verdict, plan.steps], ["wait", []]);
  }
});

test("planStartStopped: a manifest that was renamed in its place still starts etcd, so its kubelet is not started over data that may be elsewhere", () => {
  const renamed = patchManifests(
    healthyKubeadm3().kubeletStopped("cp2").etcdStopped("cp2").dataDirFacts("cp2", {
      exists: true,
      isEmpty: true,
      hasFiles: false,
      hasWal: false,
      hasBackend: false,
      unmountedAt: "/var/lib/etcd",
    }),
    (all) => all.map((one) => (one.etcdFlags === undefined ? one : { ...one, fileName: "etcd.yaml.bak" })),
    "cp2",
  ).patchHost("cp2", withoutEtcdFile);
  const plan = planned(renamed.build());
  assert.deepEqual([plan.verdict, plan.steps], ["wait", []]);
  assert.match(plan.reasons.join(" "), /Mount it/);
});

test("planStartStopped: the kubelet of a machine whose etcd.yaml was moved out is left, and the plan is sound where others are started", () => {
  const moved = (...names: readonly string[]) =>
    names.reduce((all, name) => all.etcdManifestMoved(name).kubeletStopped(name), healthyKubeadm3());
  const one = planned(moved("cp2").build());
  assert.deepEqual([one.verdict, one.steps], ["wait", []]);
  assert.match(one.reasons.join(" "), /Put the file back there/);
  const beside = planned(moved("cp3").kubeletStopped("cp2").build());
  assert.deepEqual(
    beside.steps.flatMap((step) => (step.kind === "service.start" ? [[step.args.unit, step.args.host]] : [])),
    [["kubelet", "cp2"]],
  );
  assert.deepEqual(checkPlan(beside), []);
});
