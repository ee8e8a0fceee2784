import assert from "node:assert/strict";
import test from "node:test";
import { healthyKubeadm3, type InventoryBuilder } from "../../../test/support/inventory-builder.ts";
import { planned } from "../../../test/support/planned.ts";
import { situationOf } from "../situation/situation.ts";
import { memberNeverStarted } from "./e12-member-never-started.ts";

test("memberNeverStarted: an etcd process on its machine may be that member on its way in: no proof that it is lost", () => {
  const quiet = healthyKubeadm3().spareMachine("cp4", 4).unstartedMember("10.150.0.14");
  const starting = quiet.patchHost("cp4", (host) =>
    host.processes.kind === "unknown"
      ? host
      : {
          ...host,
          processes: { ...host.processes, value: [...host.processes.value, { name: "etcd", pid: 700, state: "S", startedSecondsAgo: 2 }] },
        },
  );
  const proofOf = (builder: typeof quiet): string | undefined => memberNeverStarted.diagnose(situationOf(builder.build()))[0]?.lossProof;
  assert.deepEqual([proofOf(quiet), proofOf(starting)], ["never-started", undefined]);
  assert.ok(planned(starting.build()).steps.every((step) => step.kind !== "etcd.removeMember"));
});

const filesOfAJoin = {
  adminConf: true,
  superAdminConf: false,
  kubeletConf: true,
  etcdManifest: true,
  apiServerManifest: true,
  clusterCa: true,
};

/** The machine of a join: its files, of this age, and kubeadm where it still runs. */
function joining(
  builder: InventoryBuilder,
  { ageSeconds, kubeadm }: { ageSeconds: number | undefined; kubeadm: boolean },
): InventoryBuilder {
  return builder.patchHost("cp4", (host) => ({
    ...host,
    ...(ageSeconds === undefined ? {} : { kubernetesFilesAgeSeconds: ageSeconds }),
    kubernetesFiles: host.kubernetesFiles.kind === "unknown" ? host.kubernetesFiles : { ...host.kubernetesFiles, value: filesOfAJoin },
    processes:
      host.processes.kind === "unknown" || !kubeadm
        ? host.processes
        : {
            ...host.processes,
            value: [...host.processes.value, { name: "kubeadm" as const, pid: 700, state: "S", startedSecondsAgo: 40 }],
          },
  }));
}

for (const isLearner of [false, true]) {
  const what = isLearner ? "learner" : "voter";
  const added = healthyKubeadm3().spareMachine("cp4", 4).unstartedMember("10.150.0.14", { isLearner });
  const inDoubt: readonly (readonly [string, InventoryBuilder])[] = [
    ["whose machine cannot be reached", added.hostUnreachable("cp4")],
    ["whose machine is not configured", healthyKubeadm3().unstartedMember("10.150.0.77", { isLearner })],
    ["whose join pulls etcd's image", joining(added, { ageSeconds: 200, kubeadm: true })],
    ["whose machine has a join's young files", joining(added, { ageSeconds: 200, kubeadm: false })],
    ["whose machine has files of unknown age", joining(added, { ageSeconds: undefined, kubeadm: false })],
    ["that kubeadm is about to start on an empty machine", joining(added, { ageSeconds: 0, kubeadm: true })],
  ];
  for (const [when, builder] of inDoubt) {
    test(`memberNeverStarted: a ${what} ${when} is not taken away, and nothing is moved aside`, () => {
      const plan = planned(builder.build());
      assert.deepEqual([plan.lossProofs, plan.steps], [[], []], plan.verdict);
      assert.ok(plan.verdict === "wait" || plan.verdict === "blocked", plan.verdict);
      assert.notDeepEqual(plan.reasons, []);
    });
  }

  test(`memberNeverStarted: a ${what} whose join died long ago on a machine that was looked at is taken away`, () => {
    const plan = planned(joining(added, { ageSeconds: 7_200, kubeadm: false }).build());
    assert.deepEqual([plan.verdict, plan.lossProofs[0]?.kind], ["act", "never-started"], plan.reasons.join(" "));
  });
}
