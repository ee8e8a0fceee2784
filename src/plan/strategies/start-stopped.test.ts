import assert from "node:assert/strict";
import test from "node:test";
import { healthyKubeadm, healthyKubeadm3, type InventoryBuilder } from "../../../test/support/inventory-builder.ts";
import { planned, plannedAgain, simulatedEnd } from "../../../test/support/planned.ts";
import { modelQuorum } from "../../model/cluster-model.ts";
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
