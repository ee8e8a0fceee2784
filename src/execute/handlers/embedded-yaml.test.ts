import assert from "node:assert/strict";
import test from "node:test";
import { readField, withField } from "./embedded-yaml.ts";

const text =
  'apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: AAAA\n    # by hand\n    server: https://10.0.0.1:6443\n  name: ""\n';
const server = { path: ["clusters", 0, "cluster", "server"], what: "cluster-info" } as const;

test("withField: exactly the value is replaced, comments and order stay", () => {
  const edited = withField(text, server, "https://10.0.0.10:8443");
  assert.equal(edited, text.replace("https://10.0.0.1:6443", '"https://10.0.0.10:8443"'));
  assert.equal(readField(edited, server), "https://10.0.0.10:8443");
  assert.equal(readField(withField(edited, server, "x"), server), "x");
});

test("withField: a missing top-level field is added, a missing deeper one is refused", () => {
  const endpoint = { path: ["controlPlaneEndpoint"], what: "kubeadm-config" } as const;
  assert.equal(readField(withField("kind: ClusterConfiguration\n", endpoint, "10.0.0.10:8443"), endpoint), "10.0.0.10:8443");
  assert.throws(() => withField("kind: Config\n", server, "x"), { code: "REMOTE_ANSWER_MALFORMED" });
});

test("readField: broken YAML is an error that does not quote it", () => {
  assert.throws(
    () => readField("a: [secret", server),
    (error: unknown) => error instanceof Error && !error.message.includes("secret"),
  );
});
