import assert from "node:assert/strict";
import { test } from "node:test";
import type { BackupPart } from "../../model/backup-set.ts";
import { asHostName } from "../../model/ids.ts";
import { clusterPlaces } from "./cluster-places.ts";
import type { TextPart } from "./set-content.ts";

const host = asHostName("cp1");
const link = (path: string, target: string) => ({ kind: "pki", host, path, type: "symlink", target }) as BackupPart;
const file = (path: string, kind: BackupPart["kind"] = "pki") => ({ kind, host, path, type: "file", target: undefined }) as BackupPart;
const pod = (text: string): TextPart => ({ part: file("/etc/kubernetes/manifests/x.yaml", "static-pod"), text });

function pkiOf(texts: readonly TextPart[], parts: readonly BackupPart[], paths: readonly string[]): readonly string[] {
  const places = clusterPlaces(texts, [...parts, ...texts.map(({ part }) => part)]);
  return paths.filter((path) => places.isPki({ host, path }));
}

test("places: files lie under their real paths, and are the cluster's whatever link leads to them", () => {
  const real = ["/data/kubernetes/pki/ca.crt", "/data/kubernetes/pki/etcd/ca.crt", "/data/kubernetes/pki/old/ca.crt"];
  assert.deepEqual(pkiOf([], [link("/etc/kubernetes", "/data/kubernetes"), file("/x")], real), real.slice(0, 2));
  assert.deepEqual(pkiOf([], [link("/etc/kubernetes", "../data/kubernetes"), file("/x")], real), real.slice(0, 2));
  const one = [link("/etc/kubernetes/pki/ca.crt", "../../../srv/authority/root.crt")];
  assert.deepEqual(pkiOf([], one, ["/srv/authority/root.crt", "/srv/authority/other.crt"]), ["/srv/authority/root.crt"]);
  const places = clusterPlaces([], [link("/etc/kubernetes", "/data/kubernetes")]);
  assert.deepEqual(
    ["/data/kubernetes/admin.conf", "/etc/kubernetes/admin.conf", "/etc/kubernetes/admin-staging.conf", "/root/admin.conf"].filter((path) =>
      places.isKubeconfig({ host, path }),
    ),
    ["/data/kubernetes/admin.conf", "/etc/kubernetes/admin.conf"],
  );
  // A link to itself ends.
  assert.deepEqual(pkiOf([], [link("/etc/kubernetes", "/etc/kubernetes")], ["/x/ca.crt"]), []);
});

test("places: flags in every form of a manifest, and etcd as a service; not what is somebody else's", () => {
  for (const text of [
    "command: [kube-apiserver, --client-ca-file=/opt/pki/ca.crt]",
    "    - --client-ca-file=/opt/pki/ca.crt\n",
    '    - "--client-ca-file"\n    - "/opt/pki/ca.crt"\n',
    'args: ["(kube-apiserver --client-ca-file=/opt/pki/ca.crt); true"]',
    'args: ["exec kube-apiserver --client-ca-file /opt/pki/ca.crt --v=2"]',
  ])
    assert.deepEqual(pkiOf([pod(text)], [], ["/opt/pki/ca.crt", "/opt/pki/etcd/ca.crt", "/opt/ca.crt"]), [
      "/opt/pki/ca.crt",
      "/opt/pki/etcd/ca.crt",
    ]);
  const env: TextPart = { part: file("/etc/etcd.env", "container-runtime"), text: "ETCD_TRUSTED_CA_FILE=/srv/etcd/tls/ca.pem\n" };
  assert.deepEqual(pkiOf([env], [], ["/srv/etcd/tls/ca.pem", "/srv/other/ca.pem"]), ["/srv/etcd/tls/ca.pem"]);
  assert.deepEqual(pkiOf([pod("- --oidc-ca-file=/opt/oidc/ca.crt\n")], [], ["/opt/oidc/ca.crt"]), []);
  const kubeconfigs = clusterPlaces([pod("- --kubeconfig=/opt/s.conf\n- --authorization-webhook-config-file=/opt/w.conf\n")], [file("/x")]);
  assert.deepEqual(
    ["/opt/s.conf", "/opt/w.conf"].map((path) => kubeconfigs.isKubeconfig({ host, path })),
    [true, false],
  );
});

test("places: what a flag names lies on the machine where the pod's volumes say", () => {
  const text = `spec:
  containers:
    - command: [kube-apiserver, --client-ca-file=/etc/kubernetes/pki/ca.crt, --tls-cert-file=/tls/server.crt, --kubeconfig=/etc/kubernetes/pki/s.conf]
      volumeMounts: [{ name: k8s-certs, mountPath: /etc/kubernetes/pki }]
  volumes: [{ name: k8s-certs, hostPath: { path: /srv/pki/ } }]
`;
  const paths = ["/srv/pki/ca.crt", "/srv/pki/apiserver.crt", "/srv/pki/etcd/ca.crt", "/tls/server.crt", "/srv/other/ca.crt"];
  assert.deepEqual(pkiOf([pod(text)], [], paths), paths.slice(0, 4));
  assert.ok(clusterPlaces([pod(text)], [file("/x")]).isKubeconfig({ host, path: "/srv/pki/s.conf" }));
});

test("places: ends for a manifest of 1 MiB of dashes, flags or blanks, and reads the flag behind it", { timeout: 60_000 }, () => {
  for (const sign of ["-", "--a", "--a ", " "])
    assert.deepEqual(
      pkiOf([pod(`--a${sign.repeat(1024 * 1024)}\n --tls-cert-file=/srv/a.crt\n- --x\n`)], [], ["/srv/a.crt", "/opt/b.crt"]),
      ["/srv/a.crt"],
      sign,
    );
});
