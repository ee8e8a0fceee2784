import assert from "node:assert/strict";
import { test } from "node:test";
import { healthyKubeadm3 } from "../../test/support/inventory-builder.ts";
import { lastSeenOf } from "./last-seen-of.ts";

test("lastSeenOf: of a healthy cluster, members, the highest counters and the machines", () => {
  const seen = lastSeenOf(healthyKubeadm3().withoutLastSeen().build(), [{ resource: "pods", count: 4 }]);
  assert.equal(seen?.members.length, 3);
  assert.deepEqual(
    seen.hosts.map((host) => host.address),
    ["10.150.0.11", "10.150.0.12", "10.150.0.13"],
  );
  assert.deepEqual(
    [seen.revision, seen.raftIndex, seen.raftTerm, seen.objectCounts],
    [48_211n, 61_873n, 7n, [{ resource: "pods", count: 4 }]],
  );
});

test("lastSeenOf: a cluster without quorum, or with two cluster ids, keeps the facts from before", () => {
  assert.equal(lastSeenOf(healthyKubeadm3().hostUnreachable("cp1").hostUnreachable("cp2").build()), undefined);
  assert.equal(lastSeenOf(healthyKubeadm3().foreignCluster("cp2").build()), undefined);
});

test("lastSeenOf: what this round lacks is carried over, and a newcomer under the old name does not take the old machine's place", () => {
  const before = lastSeenOf(healthyKubeadm3().build());
  const gone = lastSeenOf(healthyKubeadm3().hostUnreachable("cp2").build());
  assert.equal(gone?.hosts[1]?.machineId, before?.hosts[1]?.machineId);
  assert.deepEqual(gone?.objectCounts, before?.objectCounts);
  assert.equal(lastSeenOf(healthyKubeadm3().freshMachine("cp2").build())?.hosts[1]?.machineId, before?.hosts[1]?.machineId);
});

test("lastSeenOf: a newcomer is not remembered as the machine that was lost, also where nothing was remembered before", () => {
  const first = lastSeenOf(healthyKubeadm3().withoutLastSeen().freshMachine("cp2").build());
  assert.deepEqual(
    first?.hosts.map((host) => host.name),
    ["cp1", "cp3"],
  );
});

test("lastSeenOf: a spare machine is no part of what could be lost", () => {
  assert.equal(lastSeenOf(healthyKubeadm3().spareMachine("cp4", 4).build())?.hosts.length, 3);
});
