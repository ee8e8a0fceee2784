import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { etcdManifest } from "../../test/support/etcd-manifest.ts";
import { readManifestText } from "../formats/machine/manifest-text.ts";
import { discoveryScript } from "./init-discovery.ts";

/** The script on a directory that looks like a machine: absolute paths are moved below it. */
function runScriptOn(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "requorum-machine-"));
  try {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
    const moved = discoveryScript.replaceAll("/etc/", `${root}/etc/`).replaceAll("/var/lib/kubelet", `${root}/var/lib/kubelet`);
    return execFileSync("sh", { input: moved, encoding: "utf8" }).replaceAll(root, "");
  } finally {
    rmSync(root, { recursive: true });
  }
}

const container = (program: string, flags: readonly string[]) =>
  `spec:\n  containers:\n  - command:\n    - ${program}\n${flags.map((flag) => `    - --${flag}\n`).join("")}    image: x/${program}\n`;

test("discoveryScript: reads a kubeadm machine's files with a real sh and tells no secret", () => {
  const told = runScriptOn({
    "/etc/kubernetes/admin.conf":
      "clusters:\n- cluster:\n    server: https://10.0.0.10:8443\nusers:\n- user:\n    client-key-data: planted-secret\n",
    "/etc/kubernetes/manifests/kube-apiserver.yaml": container("kube-apiserver", [
      "advertise-address=10.0.0.11",
      "client-ca-file=/etc/kubernetes/pki/ca.crt",
      "etcd-servers=https://127.0.0.1:2379",
    ]),
    "/etc/kubernetes/manifests/etcd.yaml": etcdManifest("/data/etcd"),
    "/etc/kubernetes/manifests/kube-vip.yaml":
      "spec:\n  containers:\n  - env:\n    - name: address\n      value: 10.0.0.10\n    image: ghcr.io/kube-vip/kube-vip:v1\n",
    "/var/lib/kubelet/config.yaml": "kind: KubeletConfiguration\n",
    "/etc/haproxy/haproxy.cfg": "frontend k8s\n  bind *:8443\n",
    "/etc/keepalived/keepalived.conf":
      "vrrp_instance x {\n  authentication {\n    auth_pass planted-secret\n  }\n  virtual_ipaddress {\n    10.0.0.10/24 dev eth0\n  }\n}\n",
  });
  const lines = told.split("\n");
  for (const wanted of [
    "server.admin.conf\thttps://10.0.0.10:8443",
    "manifests\t/etc/kubernetes/manifests",
    "apiserver.advertise\t10.0.0.11",
    "apiserver.etcd\thttps://127.0.0.1:2379",
    "apiserver.ca\t/etc/kubernetes/pki/ca.crt",
    "etcd\tstatic-pod",
    "etcd.name\tcp1",
    `etcd.manifest\t${Buffer.from(etcdManifest("/data/etcd")).toString("base64")}`,
    "etcd.client\thttps://10.0.0.11:2379",
    "etcd.cluster\tcp1=https://10.0.0.11:2380",
    "kubelet\tyes",
    "haproxy\tyes",
    "vip\t10.0.0.10",
    "kubevip\t10.0.0.10",
    "complete\tyes",
  ])
    assert.ok(lines.includes(wanted), `${wanted} is missing in\n${told}`);
  assert.ok(!told.includes("planted-secret"));
});

test("discoveryScript: etcd.yaml comes before another etcd's file, and a variable's value stays on the machine unless it is a path", () => {
  const env =
    "    env:\n    - name: TOKEN\n      value: planted-secret\n    - value: 'planted-secret'\n      name: OTHER\n    - name: ETCD_WAL_DIR\n      value: /wal\n";
  const own = etcdManifest("/data/etcd").replace("    image: x/etcd\n", `    image: x/etcd\n${env}`);
  assert.match(own, /planted/);
  const told = runScriptOn({
    "/etc/kubernetes/manifests/etcd-events.yaml": etcdManifest("/var/lib/etcd-events"),
    "/etc/kubernetes/manifests/etcd.yaml": own,
  });
  const [manifest] = told.split("\n").flatMap((line) => /^etcd\.manifest\t(.*)$/.exec(line)?.[1] ?? []);
  assert.equal(Buffer.from(manifest ?? "", "base64").toString(), own.replace(/'?planted-secret'?/g, "withheld"));
});

test("discoveryScript: in no style of YAML a variable's value leaves the machine, and where it cannot be told the manifest stays there", () => {
  const told = [
    '- name: T\n      "value": planted',
    "- name: T\n      'value' : planted",
    '- "value": "planted" # planted',
    "- name: T\n      value: |\n        planted\n\n         planted\n      valueFrom: {}",
    "- name: T\n      value: >-\n       planted",
    "- name: T\n      value:\n        planted",
    "- name: T\n      value: a\n        planted",
    "- name: T\n      value: /planted",
    '- name: ETCD_X\n      value: "/planted"',
    "- name: ETCD_DATA_DIR\n      valueFrom: {}\n    - value: /planted\n      name: T",
    "- name: T\n      value: planted\n    # planted",
    "- name: T\n      value:\n      # c\n        planted",
    "- name: ETCD_WAL_DIR\n      value: /data/etcd/wal\n    name: etcd",
    "- name: T\n      value: # c\n    # d\n        'planted'",
    "- name: ETCD_DATA_DIR\n      value: /data/etcd\n    -\n      value: /planted\n      name: T",
    '- name: T\n      value: "a, *.local"\n    # this is *important*\n    - name: U\n      value: a && b',
    "- name: T\n      value: /wal\n        planted",
    "- name: T\n      value: /a planted",
  ];
  const kept = [
    "- {name: T, value: planted}",
    '- name: T\n      value:\n        "a\n      planted"',
    "- name: ETCD_DATA_DIR\n      value: /planted\n      name: T",
    "- value: /planted\n      name: ETCD_DATA_DIR",
    '- name: T\n      value:\n        # c\n        "a\nplanted"',
    '- name: T\n      value: ! "a\nplanted"',
    '- name: T\n      "value": !!str "a\nplanted"',
    "- name: T\n      ! value: planted",
    '- name: T\n      value : &x "a\nplanted"',
    "- name: ETCD_DATA_DIR\n       T\n      value: /planted",
    "- name: T\u2028      value: planted",
    '- {"name": "T",\n       "value":\n"planted"}',
    "- name: T\n      value: 'a\nplanted'",
    '- name: T\n      value: "/a\nplanted"',
    "- name: T\n      ? value\n      : planted",
    '- name: T\n      "val\\u0075e": planted',
    "- name: T\n      !!str value: planted",
    "- name: T\n      value: a\n\tplanted",
    "- name: T\n      value: &a planted",
    "- name: T\n      x: &a planted\n      value: *a",
    "- &x {name: T, value: planted}",
    "- !!map {name: T, value: planted}",
    "- name: T\r      value: planted",
    "-\tvalue: planted\n      name: T",
  ];
  const manifestOf = (item: string): string =>
    etcdManifest("/data/etcd").replace("    image: x/etcd\n", `    image: x/etcd\n    env:\n    ${item}\n`);
  const files = [...told, ...kept].map((item, at): [string, string] => [
    `/etc/kubernetes/manifests/${String(at + 10)}.yaml`,
    manifestOf(item),
  ]);
  const all = runScriptOn(Object.fromEntries(files)).split("\n");
  assert.equal(all.filter((line) => line === "etcd\tstatic-pod").length, files.length);
  const manifests = all.flatMap((line) => {
    const base64 = /^etcd\.manifest\t(.*)$/.exec(line)?.[1];
    return base64 === undefined ? [] : [Buffer.from(base64, "base64").toString()];
  });
  assert.ok(!all.join("\n").includes("planted") && !manifests.join("\n").includes("planted"), manifests.join("\n"));
  assert.equal(manifests.length, told.length);
  for (const text of manifests) {
    const { problem, etcdFlags } = readManifestText(text, "etcd.yaml");
    assert.deepEqual([problem, etcdFlags?.dataPlace], [undefined, { kind: "path", path: "/data/etcd" }], text);
  }
});

test("discoveryScript: a kubespray machine and an empty one", () => {
  const kubespray = runScriptOn({
    "/etc/etcd.env":
      "ETCD_DATA_DIR=/var/lib/etcd\nETCD_NAME=etcd1\nETCD_ADVERTISE_CLIENT_URLS=https://10.3.0.1:2379\nETCD_INITIAL_CLUSTER=etcd1=https://10.3.0.1:2380\n",
    "/etc/kubernetes/ssl/ca.crt": "x",
  });
  assert.match(kubespray, /^etcd\tservice$/m);
  assert.match(kubespray, /^etcd\.name\tetcd1$/m);
  assert.match(kubespray, /^kubespray\tyes$/m);
  const empty = runScriptOn({ "/etc/hostname": "x" });
  assert.match(empty, /^complete\tyes$/m);
  assert.doesNotMatch(empty, /^(etcd|apiserver|kubelet)/m);
});
