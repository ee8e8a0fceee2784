import assert from "node:assert/strict";
import { test } from "node:test";
import { isLeftoverName } from "./leftover-name.ts";

test("isLeftoverName: what rotation and people leave behind is told from what programs read", () => {
  const kubelet = "/var/lib/kubelet/pki";
  const pki = "/etc/kubernetes/pki";
  const leftovers = [
    `${kubelet}/kubelet-client-2025-11-22-03-04-05.pem`,
    `${kubelet}/kubelet-server-2025-11-22-03-04-05.pem`,
    `${pki}/apiserver.crt.bak`,
    `${pki}/apiserver.key.old`,
    `${pki}/apiserver.crt.bak-20250101`,
    `${pki}/apiserver.crt.bak2`,
    `${pki}/apiserver.crt.20250101`,
    `${pki}/apiserver.crt~`,
    `${pki}/old/apiserver.crt`,
    "/etc/kubernetes/pki.bak/etcd/ca.crt",
    "/etc/kubernetes/pki-backup-2025-01-01/ca.crt",
  ];
  const read = [
    `${kubelet}/kubelet-client-current.pem`,
    `${kubelet}/kubelet.crt`,
    `${pki}/apiserver.crt`,
    `${pki}/etcd/healthcheck-client.crt`,
    `${pki}/front-proxy-ca.crt`,
    "/etc/ssl/etcd/ssl/node-old1host.pem",
    "/etc/haproxy/certs/goldapi.pem",
    `${pki}/etcd/backup-client.crt`,
    `${pki}/apiserver-old.crt`,
    "/etc/ssl/etcd/ssl/member-backup1.pem",
    "/etc/ssl/etcd/ssl/node-old.pem",
    "/etc/etcd-backup/client.crt",
    "/etc/backup/client.crt",
  ];
  assert.deepEqual(
    leftovers.filter((path) => !isLeftoverName(path)),
    [],
  );
  assert.deepEqual(read.filter(isLeftoverName), []);
});
