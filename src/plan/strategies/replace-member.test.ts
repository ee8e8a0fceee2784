import assert from "node:assert/strict";
import test from "node:test";
import { healthyKubeadm, healthyKubeadm3, type InventoryBuilder } from "../../../test/support/inventory-builder.ts";
import { flagged, patchManifests } from "../../../test/support/patch-manifests.ts";
import { planned, plannedAgain, replaceGoal, simulatedEnd, type PlannedOptions } from "../../../test/support/planned.ts";
import { modelQuorum } from "../../model/cluster-model.ts";
import type { RecoveryPlan } from "../../model/plan.ts";
import { checkPlan } from "../check/check-plan.ts";

/** What every plan of a strategy must show, whatever the situation: it is checked, it reaches its goal, and then nothing is left to do. */
function assertLeadsHome(builder: InventoryBuilder, options: PlannedOptions & { readonly voters?: number } = {}): RecoveryPlan {
  const plan = planned(builder.build(), options);
  assert.equal(plan.verdict, "act", plan.reasons.join("\n"));
  assert.deepEqual(checkPlan(plan), []);
  const end = simulatedEnd(plan);
  assert.deepEqual(modelQuorum(end)?.healthy, options.voters ?? 3);
  assert.deepEqual(modelQuorum(end)?.voters, options.voters ?? 3);
  assert.deepEqual(end.verified, { ok: true, failures: [] });
  const again = plannedAgain(plan, options);
  assert.equal(again.verdict, "nothing-to-do", again.reasons.join("\n"));
  assert.deepEqual(again.steps, []);
  return plan;
}

const kinds = (plan: RecoveryPlan): readonly string[] =>
  plan.steps.map((step) => (step.host === undefined ? step.kind : `${step.kind} ${step.host}`));

test("planReplaceMember: a wiped machine is removed as member and joined again, copy first", () => {
  const plan = assertLeadsHome(healthyKubeadm3().freshMachine("cp2"));
  assert.deepEqual(kinds(plan), [
    "etcd.saveSnapshot cp3",
    "etcd.proveStopped cp2",
    "etcd.removeMember",
    "kubernetes.deleteNode",
    "host.checkPrepared cp2",
    "kubeadm.joinControlPlane cp2",
    "etcd.awaitVoter cp2",
    "kubernetes.awaitNodeReady",
    "cluster.verify",
  ]);
  assert.deepEqual(
    plan.steps.map((step) => step.quorumAfter?.voters),
    [3, 3, 2, 2, 2, 2, 3, 3, 3],
  );
  assert.equal(plan.loss.revisions, 0n);
});

test("planReplaceMember: another machine takes the place of one that the operator says is lost, and the balancers follow", () => {
  const options = { goal: replaceGoal("cp2", "cp4"), attestLost: ["cp2"] };
  const plan = assertLeadsHome(healthyKubeadm3().hostUnreachable("cp2").spareMachine("cp4", 4), options);
  assert.deepEqual(kinds(plan), [
    "etcd.saveSnapshot cp3",
    "etcd.removeMember",
    "kubernetes.deleteNode",
    "host.checkPrepared cp4",
    "loadBalancer.setBackends cp1",
    "loadBalancer.setBackends cp3",
    "kubeadm.joinControlPlane cp4",
    "etcd.awaitVoter cp4",
    "kubernetes.awaitNodeReady",
    "cluster.verify",
  ]);
  assert.equal(plan.lossProofs[0]?.kind, "attested");
});

test("planReplaceMember: the leader is replaced like any other member", () => {
  const plan = assertLeadsHome(healthyKubeadm3().leader("cp1").freshMachine("cp1"));
  assert.ok(plan.steps.some((step) => step.kind === "etcd.removeMember" && step.args.name === "cp1"));
});

test("planReplaceMember: records that name the first-built machine are repaired before the join reads them", () => {
  const plan = assertLeadsHome(
    healthyKubeadm3().freshMachine("cp1").clusterInfoServer("10.150.0.11:6443").kubeadmEndpoint("10.150.0.11:6443"),
  );
  const order = plan.steps.map((step) => step.kind);
  assert.ok(order.indexOf("kubernetes.repairClusterInfo") < order.indexOf("kubeadm.joinControlPlane"));
  assert.ok(order.indexOf("kubernetes.repairKubeadmConfig") < order.indexOf("kubeadm.joinControlPlane"));
  assert.ok(plan.steps.some((step) => step.kind === "kubernetes.repairClusterInfo" && step.args.server === "10.150.0.10:8443"));
});

test("planReplaceMember: where the endpoint was the lost machine itself, records are led to a survivor", () => {
  const plan = assertLeadsHome(
    healthyKubeadm3().freshMachine("cp1").clusterInfoServer("10.150.0.11:6443").config({ controlPlaneEndpoint: "10.150.0.11:6443" }),
  );
  assert.ok(plan.steps.some((step) => step.kind === "kubernetes.repairClusterInfo" && step.args.server === "10.150.0.13:6443"));
});

test("planReplaceMember: lost data on a machine that runs: etcd is stopped, the rest is moved aside, and only then the Node goes", () => {
  const plan = assertLeadsHome(healthyKubeadm3().etcdDataLost("cp2"));
  assert.deepEqual(kinds(plan).slice(1, 7), [
    "etcd.stopMember cp2",
    "etcd.proveStopped cp2",
    "etcd.removeMember",
    "host.moveStateAside cp2",
    "kubernetes.deleteNode",
    "host.checkPrepared cp2",
  ]);
});

test("planReplaceMember: leftovers on the machine that takes the place are moved aside first", () => {
  const builder = healthyKubeadm3()
    .hostUnreachable("cp2")
    .spareMachine("cp4", 4)
    .patchHost("cp4", (host) =>
      host.kubernetesFiles.kind === "known"
        ? { ...host, kubernetesFiles: { ...host.kubernetesFiles, value: { ...host.kubernetesFiles.value, kubeletConf: true } } }
        : host,
    );
  const plan = assertLeadsHome(builder, { goal: replaceGoal("cp2", "cp4"), attestLost: ["cp2"] });
  const order = kinds(plan);
  assert.ok(
    order.indexOf("host.moveStateAside cp4") !== -1 &&
      order.indexOf("host.moveStateAside cp4") < order.indexOf("kubeadm.joinControlPlane cp4"),
  );
});

test("planReplaceMember: a learner that a dead join left behind is removed before the join is tried again", () => {
  const plan = assertLeadsHome(
    healthyKubeadm3().memberRemoved("cp2").freshMachine("cp2").nodeDeleted("cp2").unstartedMember("10.150.0.12", { isLearner: true }),
  );
  const order = kinds(plan);
  assert.ok(order.indexOf("etcd.removeMember") < order.indexOf("kubeadm.joinControlPlane cp2"));
  assert.equal(plan.lossProofs[0]?.kind, "never-started");
});

test("planReplaceMember: a voter that never started is counted, removed, and its machine joined", () => {
  assertLeadsHome(healthyKubeadm3().memberRemoved("cp3").freshMachine("cp3").unstartedMember("10.150.0.13"));
});

test("planReplaceMember: a join that came as far as a started learner is finished, not started again", () => {
  const plan = assertLeadsHome(healthyKubeadm3().memberRemoved("cp3").learner("cp3"));
  assert.deepEqual(kinds(plan), ["etcd.saveSnapshot cp2", "etcd.awaitVoter cp3", "kubernetes.awaitNodeReady", "cluster.verify"]);
});

test("planReplaceMember: after the member is gone, stale records are cleared and the join goes on", () => {
  const plan = assertLeadsHome(
    healthyKubeadm3().memberRemoved("cp2").freshMachine("cp2").masterLeases("10.150.0.11", "10.150.0.12", "10.150.0.13"),
  );
  const order = kinds(plan);
  assert.ok(!order.includes("etcd.removeMember"));
  assert.ok(
    order.includes("kubernetes.deleteNode") &&
      order.includes("kubernetes.deleteMasterLease") &&
      order.includes("kubeadm.joinControlPlane cp2"),
  );
});

test("planReplaceMember: a removed member that still has its data is cleared and joined as a new one", () => {
  const plan = assertLeadsHome(healthyKubeadm3().memberRemoved("cp2").etcdStopped("cp2").nodeNotReady("cp2"));
  assert.ok(kinds(plan).includes("host.moveStateAside cp2"));
});

test("planReplaceMember: two of five lost: both are removed before the first is added, one addition at a time", () => {
  const plan = assertLeadsHome(healthyKubeadm(5).freshMachine("cp4").freshMachine("cp5"), { voters: 5 });
  const order = kinds(plan);
  assert.ok(order.lastIndexOf("etcd.removeMember") < order.indexOf("kubeadm.joinControlPlane cp4"));
  assert.ok(order.indexOf("etcd.awaitVoter cp4") < order.indexOf("kubeadm.joinControlPlane cp5"));
});

test("planReplaceMember: a slow second machine counts as a voter and is asked last", () => {
  const slow = healthyKubeadm3()
    .freshMachine("cp2")
    .patchHost("cp3", (host) => ({
      ...host,
      etcd: {
        ...host.etcd,
        linearizableReadMs: { kind: "known", value: 900, observedAt: "2026-11-21T03:00:00.000Z", source: "PB3 cp3 etcd" },
      },
    }));
  const plan = assertLeadsHome(slow);
  const removal = plan.steps.find((step) => step.kind === "etcd.removeMember");
  assert.deepEqual(removal?.kind === "etcd.removeMember" ? removal.args.via : [], ["cp1", "cp3"]);
  assert.deepEqual(removal?.quorumAfter, { voters: 2, needed: 2, healthy: 2, faultTolerance: 0 });
});

test("planReplaceMember: while the second machine does not answer, nothing is removed", () => {
  const silent = healthyKubeadm3()
    .freshMachine("cp2")
    .patchHost("cp3", (host) => ({
      ...host,
      etcd: {
        ...host.etcd,
        linearizableReadMs: {
          kind: "unknown",
          reason: "timeout",
          detail: "no answer in time",
          observedAt: "2026-11-21T03:00:00.000Z",
          source: "PB3 cp3 etcd",
        },
      },
    }));
  const plan = planned(silent.build());
  assert.notEqual(plan.verdict, "act");
  assert.deepEqual(plan.steps, []);
});

test("planReplaceMember: the same name needs a machine that can be reached, whatever was said", () => {
  const plan = planned(healthyKubeadm3().hostUnreachable("cp2").build(), { goal: replaceGoal("cp2"), attestLost: ["cp2"] });
  assert.equal(plan.verdict, "blocked");
  assert.match(plan.reasons.join(" "), /cp2 cannot be reached, so it can take nobody's place/);
});

test("planReplaceMember: a working member is not replaced", () => {
  const plan = planned(healthyKubeadm3().build(), { goal: replaceGoal("cp2") });
  assert.equal(plan.verdict, "nothing-to-do");
  assert.match(plan.reasons.join(" "), /works/);
});

test("planReplaceMember: another control-plane machine without SSH holds everything irreversible back (I-G10)", () => {
  const plan = planned(healthyKubeadm(5).freshMachine("cp2").sshRefused("cp4").build());
  assert.notEqual(plan.verdict, "act");
});

test("planReplaceMember: a machine wiped so lately that its Node still reads Ready is replaced all the same", () => {
  const builder = healthyKubeadm3()
    .freshMachine("cp2")
    // As the lab shows it: a kubelet without configuration is restarted for ever, so its unit is "activating".
    .patchHost("cp2", (host) =>
      host.services.kind === "known"
        ? {
            ...host,
            services: {
              ...host.services,
              value: host.services.value.map((service) =>
                service.unit === "kubelet" ? { ...service, activeState: "activating" as const } : service,
              ),
            },
          }
        : host,
    )
    .patch((inventory) => {
      const { kubernetes } = inventory;
      if (kubernetes.kind !== "known") return inventory;
      const nodes = kubernetes.value.nodes.map((node) => ({ ...node, ready: "True" as const }));
      return { ...inventory, kubernetes: { ...kubernetes, value: { ...kubernetes.value, nodes } } };
    });
  const plan = assertLeadsHome(builder);
  assert.ok(kinds(plan).includes("kubernetes.deleteNode"));
});

test("planReplaceMember: before a machine is given up on a word, Kubernetes must have noticed its silence", () => {
  const builder = healthyKubeadm3()
    .hostUnreachable("cp2")
    .spareMachine("cp4", 4)
    .patch((inventory) => {
      const { kubernetes } = inventory;
      if (kubernetes.kind !== "known") return inventory;
      const nodes = kubernetes.value.nodes.map((node) => ({ ...node, ready: "True" as const }));
      return { ...inventory, kubernetes: { ...kubernetes, value: { ...kubernetes.value, nodes } } };
    });
  const plan = assertLeadsHome(builder, { goal: replaceGoal("cp2", "cp4"), attestLost: ["cp2"] });
  const order = kinds(plan);
  assert.ok(
    order.indexOf("kubernetes.awaitNodeNotReady") !== -1 &&
      order.indexOf("kubernetes.awaitNodeNotReady") < order.indexOf("etcd.removeMember"),
  );
});

test("planReplaceMember: a slow neighbour seen stopped for an instant is not taken for frozen", () => {
  const builder = healthyKubeadm3()
    .freshMachine("cp2")
    .patchHost("cp3", (host) =>
      host.processes.kind === "known"
        ? {
            ...host,
            processes: {
              ...host.processes,
              value: host.processes.value.map((process) => (process.name === "etcd" ? { ...process, state: "T" } : process)),
            },
          }
        : host,
    );
  assertLeadsHome(builder);
});

test("planReplaceMember: a spare whose data dir is empty is not known to be free where the cluster keeps its log elsewhere, and that is said", () => {
  const builder = patchManifests(healthyKubeadm3().hostUnreachable("cp2").spareMachine("cp4", 4), flagged({ walDir: "/ssd/wal" }));
  const plan = planned(builder.build(), { goal: replaceGoal("cp2", "cp4"), attestLost: ["cp2"] });
  assert.deepEqual(plan.steps, []);
  assert.match(plan.reasons.join(" "), /whether cp4 carries data of a former life: etcd on cp1 keeps its log in \/ssd\/wal/);
});

test("planReplaceMember: nothing is removed for a machine on which somebody runs kubeadm (I-G7)", () => {
  const joining = healthyKubeadm3()
    .freshMachine("cp2")
    .patchHost("cp2", (host) =>
      host.processes.kind === "unknown"
        ? host
        : {
            ...host,
            processes: {
              ...host.processes,
              value: [...host.processes.value, { pid: 77, name: "kubeadm", state: "S", startedSecondsAgo: 20 }],
            },
          },
    );
  const plan = planned(joining.build());
  assert.deepEqual([plan.verdict === "act", plan.steps], [false, []]);
  assert.match(plan.reasons.join(" "), /kubeadm runs on cp2/);
});
