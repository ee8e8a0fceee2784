import assert from "node:assert/strict";
import { test } from "node:test";
import { podOfFile, type PodSource } from "./pod-of-file.ts";

const dir = "/etc/kubernetes/manifests";
const file = (text: string): PodSource => ({ kind: "file", content: new TextEncoder().encode(text) });
const pod = (image: string, command: string): PodSource =>
  file(
    `apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\nspec:\n  containers:\n  - name: c\n    image: ${image}\n    command: [${command}]\n`,
  );
const etcd = pod("registry.k8s.io/etcd:3.6.4-0", "etcd, --data-dir=/var/lib/etcd");
const api = pod("registry.k8s.io/kube-apiserver:v1.34.2", "kube-apiserver, --etcd-servers=https://127.0.0.1:2379");
const absent: PodSource = { kind: "absent", content: undefined };
const link: PodSource = { kind: "symlink", content: new TextEncoder().encode("a.yaml") };

for (const [what, name, sources, expected] of [
  ["an API server", "/kube-apiserver.yaml", [api, absent], "not-etcd"],
  ["etcd under another name", "/data.yaml.bak", [etcd, absent], "etcd"],
  ["etcd's image behind a shell", "/data.yaml", [pod("bitnami/etcd:3.6", "sh, -c, run"), absent], "etcd"],
  ["what lies there starts etcd, whatever replaces it", "/a.yaml", [api, etcd], "etcd"],
  ["a name of etcd's whatever is in it", "/etcd.yml", [api, absent], "etcd"],
  ["no YAML", "/a.yaml", [file("{"), absent], "not-known"],
  ["no text", "/a.yaml", [{ kind: "file", content: Uint8Array.of(0xff, 0xfe) }], "not-known"],
  ["a link", "/a.yaml", [link, absent], "not-known"],
  ["below a directory, which the kubelet does not read", "/old/etcd.yaml", [etcd], undefined],
  ["a directory of a like name", "-old/etcd.yaml", [etcd], undefined],
] as const)
  test(`podOfFile: ${what} is ${expected ?? "nothing that is started"}`, () => {
    assert.equal(podOfFile(`${dir}${name}`, dir, sources), expected);
  });

test("podOfFile: what lies in another directory of static pods, and in kubeadm's, is judged; a like name elsewhere is not", () => {
  const of = (path: string) => podOfFile(path, "/etc/kubelet.d", [etcd]);
  assert.deepEqual([of("/etc/kubelet.d/a.yaml"), of(`${dir}/a.yaml`), of("/srv/manifests/a.yaml")], ["etcd", "etcd", undefined]);
});
