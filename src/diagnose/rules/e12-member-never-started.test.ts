import assert from "node:assert/strict";
import test from "node:test";
import { healthyKubeadm3 } from "../../../test/support/inventory-builder.ts";
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
