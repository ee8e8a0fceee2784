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

test("withKnownMount: data that is not seen on the filesystem where it was at the last good look is neither lost nor started", () => {
  const stopped = healthyKubeadm3().kubeletStopped("cp2").etcdStopped("cp2");
  const bare = stopped.dataDirFacts("cp2", { ...gone, mountPoint: "/" });
  const [isStartable, doubt] = startableOn(bare, "/var/lib/etcd");
  assert.equal(isStartable, undefined);
  assert.equal(doubt, "/var/lib/etcd is on the filesystem mounted at /, and was on the one at /var/lib/etcd at the last good look");
  // One that was mounted over the data hides it, too; an old copy of the data is none.
  assert.equal(startableOn(stopped.dataDirFacts("cp2", { ...gone, mountPoint: "/var/lib/etcd" }), "/")[0], undefined);
  const copy = { mountPoint: "/", newestFileAt: "2026-10-01T00:00:00.000Z" };
  assert.equal(startableOn(stopped.dataDirFacts("cp2", copy), "/var/lib/etcd")[0], undefined);
  // On the same filesystem as before, or where nobody knows of one, empty is empty.
  assert.deepEqual(startableOn(stopped.dataDirFacts("cp2", { ...gone, mountPoint: "/var/lib/etcd" }), "/var/lib/etcd"), [false, undefined]);
  assert.deepEqual(startableOn(bare, undefined), [false, undefined]);
  // What is not told is not the same.
  assert.match(startableOn(stopped.dataDirFacts("cp2", gone), "/var/lib/etcd")[1] ?? "", /is on a filesystem that is not known, and was/);
  // Data that was written up to then, or since, was moved.
  const moved = { mountPoint: "/", newestFileAt: "2026-11-21T02:59:59.000Z" };
  assert.deepEqual(startableOn(stopped.dataDirFacts("cp2", moved), "/var/lib/etcd"), [true, undefined]);
  // That its machine id was not read does not make it another machine.
  const unread = bare.patchHost("cp2", (host) => ({
    ...host,
    machine: { kind: "unknown", reason: "malformed", detail: "cut", observedAt: "2026-11-21T03:00:00.000Z", source: "machine cp2 ssh" },
  }));
  assert.equal(startableOn(unread, "/var/lib/etcd")[0], undefined);
  // A new machine has new disks.
  assert.deepEqual(startableOn(healthyKubeadm3().freshMachine("cp2"), "/var/lib/etcd"), [false, undefined]);
});
