import assert from "node:assert/strict";
import { test } from "node:test";
import { valueOf } from "../../src/model/observation.ts";
import { healthyKubeadm3 } from "./inventory-builder.ts";

test("builder: with one machine gone the others still agree, with two nobody does", () => {
  const one = healthyKubeadm3().hostUnreachable("cp1").build();
  assert.deepEqual(
    one.hosts.map((host) => host.etcd.linearizableReadMs.kind),
    ["unknown", "known", "known"],
  );
  assert.notEqual(valueOf(one.hosts[1]?.etcd.status ?? assert.fail())?.leaderId, undefined);
  const two = healthyKubeadm3().hostUnreachable("cp1").hostUnreachable("cp2").build();
  assert.deepEqual(
    [two.hosts[2]?.etcd.status.kind, two.hosts[2]?.etcd.linearizableReadMs.kind, two.kubernetes.kind],
    ["known", "unknown", "unknown"],
  );
});

test("builder: the earlier look and the last-seen facts are there unless a test takes them away", () => {
  const inventory = healthyKubeadm3().hostUnreachable("cp2").build();
  assert.equal(inventory.earlierLook?.hosts[1]?.sshReachable, false);
  assert.equal(inventory.lastSeen?.members.length, 3);
  const bare = healthyKubeadm3().firstLook().withoutLastSeen().build();
  assert.deepEqual([bare.earlierLook, bare.lastSeen], [undefined, undefined]);
});

test("builder: haproxyText is read by the real parser", () => {
  const inventory = healthyKubeadm3()
    .haproxyText("cp1", "backend api\n  option httpchk GET /readyz\n  option ssl-hello-chk\n  server cp1 10.150.0.11:6443 check\n")
    .build();
  assert.equal(valueOf(inventory.hosts[0]?.loadBalancer ?? assert.fail())?.haproxy?.checksReadyz, false);
});
