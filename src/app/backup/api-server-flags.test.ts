import assert from "node:assert/strict";
import { test } from "node:test";
import { apiServerFlags } from "./api-server-flags.ts";

test("apiServerFlags: only what decides on what is served is taken over, from command and args", () => {
  const manifest = `kind: Pod
spec:
  containers:
    - command: [kube-apiserver, --etcd-prefix=/kubernetes.io, --etcd-servers=https://10.0.0.1:2379, --authorization-webhook-config-file=/x]
      args: [--service-account-issuer=https://a, --service-account-issuer=https://b, --runtime-config=api/all=true]
`;
  assert.deepEqual(apiServerFlags(manifest), [
    "--etcd-prefix=/kubernetes.io",
    "--service-account-issuer=https://a",
    "--service-account-issuer=https://b",
    "--runtime-config=api/all=true",
  ]);
});

test("apiServerFlags: a flag and its value may be two words, with _ for -; another flag is no value", () => {
  const manifest = `spec:
  containers:
    - command:
        - kube-apiserver
        - --allow-privileged
        - --etcd-prefix
        - /k8s
        - --service_cluster_ip_range=10.0.0.0/16
      args: [--enable-aggregator-routing, --api-audiences, --feature-gates, A=true, --runtime-config]
`;
  assert.deepEqual(apiServerFlags(manifest), ["--etcd-prefix=/k8s", "--service-cluster-ip-range=10.0.0.0/16", "--feature-gates=A=true"]);
});

test("apiServerFlags: another pod's manifest, and none at all, give nothing", () => {
  for (const text of [
    "kind: Pod\nspec: { containers: [{ command: [etcd, --data-dir=/d] }] }",
    "{",
    "",
    "[]",
    "[".repeat(60_000),
    `a: [${"{b: 1},".repeat(20_000)}]`,
  ])
    assert.equal(apiServerFlags(text), undefined);
});
