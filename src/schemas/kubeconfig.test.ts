import assert from "node:assert/strict";
import { test } from "node:test";
import { endpointOfUrl, readKubeconfig } from "./kubeconfig.ts";

test("readKubeconfig: the current context's cluster counts, or the only one", () => {
  const clusters =
    "clusters: [{ name: a, cluster: { server: https://10.0.0.1:6443 } }, { name: b, cluster: { server: https://b.example } }]\n";
  assert.deepEqual(readKubeconfig(`current-context: x\ncontexts: [{ name: x, context: { cluster: b } }]\n${clusters}`, "k"), {
    clusterName: "b",
    endpoint: "b.example:443",
  });
  assert.deepEqual(readKubeconfig(clusters, "k"), { clusterName: "a", endpoint: "10.0.0.1:6443" });
});

test("readKubeconfig: what is no kubeconfig is told with line and column, and no credential is quoted", () => {
  assert.throws(() => readKubeconfig("a: [\n", "k"), { code: "CONFIG_INVALID", detail: /^k:\d+:\d+: / });
  assert.throws(
    () => readKubeconfig("clusters: []\nusers: [{ name: u, user: { token: planted } }]\n", "k"),
    (error: Error & { detail: string }) => /^k:1:11: not a kubeconfig/.test(error.detail) && !error.detail.includes("planted"),
  );
  assert.throws(() => readKubeconfig("clusters: [{ name: a, cluster: { server: 'nonsense' } }]\n", "k"), {
    detail: /^k:1:\d+: server is "nonsense"/,
  });
  assert.throws(
    () =>
      readKubeconfig(
        "current-context: x\ncontexts: [{ name: x, context: { cluster: z } }]\nclusters: [{ name: a, cluster: { server: https://a } }]\n",
        "k",
      ),
    { detail: /names cluster z, which is not in the file/ },
  );
});

test("endpointOfUrl: addresses of both kinds, names, default ports", () => {
  assert.deepEqual(
    [
      "https://10.0.0.1:6443",
      "https://[fd00::1]:6443/",
      "https://a.b/path",
      "http://x",
      "ftp://x",
      "10.0.0.1:6443",
      "https://10.0.0.1:0",
    ].map(endpointOfUrl),
    ["10.0.0.1:6443", "[fd00::1]:6443", "a.b:443", "x:80", undefined, undefined, undefined],
  );
});
