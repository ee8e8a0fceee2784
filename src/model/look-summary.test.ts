import assert from "node:assert/strict";
import { test } from "node:test";
import { healthyKubeadm3 } from "../../test/support/inventory-builder.ts";
import { summariseLook } from "./look-summary.ts";

test("summariseLook: who was reached, who answered, and what of the data dirs is not known", () => {
  const look = summariseLook(healthyKubeadm3().hostUnreachable("cp2").etcdDataLost("cp3").build());
  assert.deepEqual(
    look.hosts.map((host) => [host.sshReachable, host.etcdAnswers, host.dataDirPresent]),
    [
      [true, true, true],
      [false, false, undefined],
      [true, false, false],
    ],
  );
  assert.equal(look.memberIds.length, 3);
  assert.equal(look.clusterIds.length, 1);
});

test("summariseLook: members that name different leaders name none", () => {
  const look = summariseLook(healthyKubeadm3().foreignCluster("cp2").build());
  assert.equal(look.clusterIds.length, 2);
  assert.equal(look.leaderId, undefined);
});
