import assert from "node:assert/strict";
import test from "node:test";
import { healthyKubeadm3, type InventoryBuilder } from "../../test/support/inventory-builder.ts";
import { etcdDataOn } from "./etcd-data.ts";
import { withKnownMount } from "./known-mount.ts";
import { lastSeenOf } from "./last-seen-of.ts";

const gone = { exists: true, isEmpty: true, hasFiles: false, hasWal: false, hasBackend: false };

function startableOn(builder: InventoryBuilder, seenAt: string | undefined): readonly [boolean | undefined, string | undefined] {
  const seen = lastSeenOf(
    healthyKubeadm3()
      .dataDirFacts("cp2", seenAt === undefined ? {} : { mountPoint: seenAt })
      .build(),
  );
  assert.equal(seen?.hosts.find(({ name }) => name === "cp2")?.dataMountPoint, seenAt);
  const hosts = builder.build().hosts.map((facts) => withKnownMount(facts, seen));
  const { isStartable, doubt } = etcdDataOn(
    hosts.find(({ name }) => name === "cp2"),
    hosts,
  );
  return [isStartable, doubt];
}

test("withKnownMount: an empty data dir that had a filesystem of its own is not lost data while that is not mounted", () => {
  const stopped = healthyKubeadm3().kubeletStopped("cp2").etcdStopped("cp2");
  const bare = stopped.dataDirFacts("cp2", { ...gone, mountPoint: "/" });
  const [isStartable, doubt] = startableOn(bare, "/var/lib/etcd");
  assert.equal(isStartable, undefined);
  assert.match(doubt ?? "", /^\/var\/lib\/etcd \(a filesystem of its own at the last good look\) belongs mounted there and is not$/);
  // On the same filesystem as before, or where nobody knows of one, empty is empty.
  assert.deepEqual(startableOn(stopped.dataDirFacts("cp2", { ...gone, mountPoint: "/var/lib/etcd" }), "/var/lib/etcd"), [false, undefined]);
  assert.deepEqual(startableOn(bare, "/"), [false, undefined]);
  assert.deepEqual(startableOn(bare, undefined), [false, undefined]);
  // Whole data may have been moved.
  assert.deepEqual(startableOn(stopped.dataDirFacts("cp2", { mountPoint: "/" }), "/var/lib/etcd"), [true, undefined]);
  // A new machine has new disks.
  assert.deepEqual(startableOn(healthyKubeadm3().freshMachine("cp2"), "/var/lib/etcd"), [false, undefined]);
});
