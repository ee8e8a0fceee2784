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

test("withField: ends for a text of 60 000 empty lines, and takes away those of its end", { timeout: 60_000 }, () => {
  const endpoint = { path: ["controlPlaneEndpoint"], what: "kubeadm-config" } as const;
  const kind = `kind: a${"\n".repeat(60_000)}b: c`;
  assert.equal(withField(`${kind}\n\n`, endpoint, "x") === `${kind}\ncontrolPlaneEndpoint: "x"\n`, true);
});

test("readField: broken YAML is an error that does not quote it", () => {
  assert.throws(
    () => readField("a: [secret", server),
    (error: unknown) => error instanceof Error && !error.message.includes("secret"),
  );
});

test("withField: forms whose range cannot simply be replaced are refused or come out right, never broken", () => {
  const endpoint = { path: ["controlPlaneEndpoint"], what: "kubeadm-config" } as const;
  for (const refused of [
    "x: &ep old:6443\ncontrolPlaneEndpoint: *ep\n",
    "controlPlaneEndpoint: &ep old:6443\nextra: *ep\n",
    "controlPlaneEndpoint: |\n  old:6443\nb: 2\n",
    "controlPlaneEndpoint: >-\n  old:6443\n# c\nb: 2\n",
    "controlPlaneEndpoint:\nb: 2\n",
    "controlPlaneEndpoint: [a, b]\n",
    "a: 1\n...\n",
    "a: 1\n---\nb: 2\n",
    "a: 1\n\u0000",
  ]) {
    assert.throws(() => withField(refused, endpoint, "new:6443"), { code: "REMOTE_ANSWER_MALFORMED" }, refused);
  }
  for (const plain of [
    "controlPlaneEndpoint: 'old:6443'\n",
    "a: 1\r\nb: 2\r\n",
    "controlPlaneEndpoint: old:6443 # why\nb: 2\n",
    'controlPlaneEndpoint: ""\n',
  ]) {
    assert.equal(readField(withField(plain, endpoint, "new:6443"), endpoint), "new:6443", plain);
  }
});
