import assert from "node:assert/strict";
import { test } from "node:test";
import { mountPointsOf } from "./mount-points.ts";

test("mount points: a disk, a bind mount of the same device, and a name with a blank", () => {
  const text = [
    "22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw",
    "90 22 254:1 /srv/etcd /var/lib/etcd rw,relatime shared:1 - ext4 /dev/vda1 rw",
    String.raw`91 22 254:16 / /mnt/a\040b\134c rw,relatime - xfs /dev/vdb rw`,
    "",
  ].join("\n");
  assert.deepEqual([...mountPointsOf(text)], ["/", "/var/lib/etcd", String.raw`/mnt/a b\c`]);
});
