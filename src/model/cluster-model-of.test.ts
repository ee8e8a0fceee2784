import assert from "node:assert/strict";
import test from "node:test";
import { healthyKubeadm3, type InventoryBuilder } from "../../test/support/inventory-builder.ts";
import { flagged, patchManifests, unread, withOddFile } from "../../test/support/patch-manifests.ts";
import { fingerprintOf } from "../plan/fingerprint.ts";
import { modelHost, modelQuorum } from "./cluster-model.ts";
import { clusterModelOf } from "./cluster-model-of.ts";
import { asHostName } from "./ids.ts";

const cp2 = asHostName("cp2");

test("clusterModelOf: a healthy cluster is healthy, and nothing is unknown about it", () => {
  const model = clusterModelOf(healthyKubeadm3().build());
  assert.deepEqual(modelQuorum(model), { voters: 3, needed: 2, healthy: 3, faultTolerance: 1 });
  assert.deepEqual(
    model.members?.map((member) => member.host),
    ["cp1", "cp2", "cp3"],
  );
  assert.equal(model.believedMembers, undefined);
  assert.equal(model.clusterInfoServer, "10.150.0.10:8443");
  assert.deepEqual(modelHost(model, cp2)?.balancerBackends, ["10.150.0.11:6443", "10.150.0.12:6443", "10.150.0.13:6443"]);
});

test("clusterModelOf: an unreachable machine leaves unknowns, not failures", () => {
  const model = clusterModelOf(healthyKubeadm3().hostUnreachable("cp2").build());
  const host = modelHost(model, cp2);
  assert.ok(host?.isReachable === false);
  assert.deepEqual([host.etcdProcess, host.hasEtcdData, host.apiServer, host.machineId], [undefined, undefined, undefined, undefined]);
  assert.equal(model.members?.find((member) => member.name === "cp2")?.isHealthy, undefined);
});

test("clusterModelOf: an etcd that was seen stopped or frozen is not healthy", () => {
  for (const builder of [healthyKubeadm3().etcdStopped("cp2"), healthyKubeadm3().etcdFrozen("cp2")]) {
    assert.equal(clusterModelOf(builder.build()).members?.find((member) => member.name === "cp2")?.isHealthy, false);
  }
});

test("clusterModelOf: a status without a linearizable read is not health", () => {
  const builder = healthyKubeadm3().patchHost("cp2", (host) => ({
    ...host,
    etcd: { ...host.etcd, linearizableReadMs: { kind: "unknown", reason: "timeout", detail: "", observedAt: "", source: "PB3" } },
  }));
  assert.equal(clusterModelOf(builder.build()).members?.find((member) => member.name === "cp2")?.isHealthy, undefined);
});

test("clusterModelOf: without quorum there is a believed list, and no list", () => {
  const model = clusterModelOf(healthyKubeadm3().kubeletStopped("cp2").kubeletStopped("cp3").build());
  assert.equal(model.members, undefined);
  assert.deepEqual(
    model.believedMembers?.map((member) => member.isHealthy),
    [true, false, false],
  );
});

test("clusterModelOf: with nobody answering, the last good look gives the believed list", () => {
  const dark = healthyKubeadm3().hostUnreachable("cp1").hostUnreachable("cp2").hostUnreachable("cp3");
  assert.equal(clusterModelOf(dark.build()).believedMembers?.length, 3);
  assert.equal(clusterModelOf(dark.withoutLastSeen().build()).believedMembers, undefined);
});

test("clusterModelOf: several cluster ids leave neither id nor list", () => {
  const model = clusterModelOf(healthyKubeadm3().foreignCluster("cp2").build());
  assert.deepEqual([model.clusterId, model.members, model.believedMembers], [undefined, undefined, undefined]);
});

test("clusterModelOf: linearizable lists that differ are no list", () => {
  const builder = healthyKubeadm3().patchHost("cp2", (host) =>
    host.etcd.membersLinearizable.kind === "known"
      ? {
          ...host,
          etcd: {
            ...host.etcd,
            membersLinearizable: { ...host.etcd.membersLinearizable, value: host.etcd.membersLinearizable.value.slice(1) },
          },
        }
      : host,
  );
  assert.equal(clusterModelOf(builder.build()).members, undefined);
});

test("clusterModelOf: a member belongs to a host only by address and name together", () => {
  const renamed = healthyKubeadm3().patchEachHost((host) => {
    const list = host.etcd.membersLinearizable;
    if (list.kind !== "known") return host;
    return {
      ...host,
      etcd: {
        ...host.etcd,
        membersLinearizable: {
          ...list,
          value: list.value.map((member) => (member.name === "cp2" ? { ...member, name: "stranger" } : member)),
        },
      },
    };
  });
  assert.equal(clusterModelOf(renamed.build()).members?.find((member) => member.name === "stranger")?.host, undefined);
  const unstarted = clusterModelOf(healthyKubeadm3().memberRemoved("cp2").unstartedMember("10.150.0.12").build());
  const newcomer = unstarted.members?.find((member) => !member.isStarted);
  assert.equal(newcomer?.host, "cp2");
});

test("clusterModelOf: a Node that stopped reporting is known not to be Ready", () => {
  const model = clusterModelOf(healthyKubeadm3().hostUnreachable("cp2").build());
  assert.equal(model.nodes?.find((node) => node.name === "cp2")?.isReady, false);
});

test("clusterModelOf: where nobody knows the place of etcd's data, nothing at one path is neither no data nor data to start from", () => {
  const gone = { exists: false, isEmpty: true, hasWal: false, hasBackend: false };
  const wiped = () => healthyKubeadm3().etcdManifestMoved("cp2").dataDirFacts("cp2", gone);
  const seen = (builder: InventoryBuilder) => {
    const inventory = builder.build();
    const model = clusterModelOf(inventory);
    const host = modelHost(model, cp2);
    const print = fingerprintOf(inventory, model).hosts.find(({ name }) => name === cp2);
    return [host?.hasEtcdData, host?.hasStartableEtcdData, print?.hasEtcdData];
  };
  assert.deepEqual(seen(wiped()), [false, false, false]);
  const nothingKnown = [undefined, undefined, undefined];
  assert.deepEqual(seen(patchManifests(wiped(), unread, "cp2")), nothingKnown);
  assert.deepEqual(seen(patchManifests(wiped(), withOddFile, "cp2")), nothingKnown);
  assert.deepEqual(seen(patchManifests(wiped(), flagged({ dataDir: "/data/etcd" }))), nothingKnown);
  assert.deepEqual(seen(patchManifests(wiped(), flagged({ walDir: "/ssd/wal" }))), nothingKnown);
  const removed = wiped().dataDirFacts("cp1", gone);
  assert.deepEqual(seen(removed), [false, false, false], "cp3 has its data there");
  assert.deepEqual(seen(removed.dataDirFacts("cp3", gone)), nothingKnown, "all that serve have nothing at that path");
  // What is there is there, though etcd may not be started from it.
  assert.deepEqual(seen(patchManifests(healthyKubeadm3(), unread, "cp2")), [true, undefined, true]);
});
