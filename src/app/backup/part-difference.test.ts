import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { NodeCertificates } from "../../adapters/system/node-certificates.ts";
import { nodeKeyMatcher } from "../../adapters/system/node-key-matcher.ts";
import type { PartDifference } from "../../model/part-difference.ts";
import type { FileState, RestorableKind } from "../../model/restored-file.ts";
import { differenceOf } from "./part-difference.ts";

const context = { ports: { certificates: new NodeCertificates() }, keyMatcher: nodeKeyMatcher };
const state = (letter: string): FileState => ({ kind: "file", tag: letter.repeat(64), mode: 0o600, uid: 0, gid: 0 });

function difference(path: string, kind: RestorableKind, texts: { readonly now: string; readonly becomes: string }): PartDifference {
  return differenceOf(context, {
    path,
    kind,
    now: { path, state: state("a"), content: Buffer.from(texts.now) },
    becomes: { state: state("b"), content: Buffer.from(texts.becomes) },
  });
}

test("differenceOf: of a key only the fingerprint of its public half is told", () => {
  const pem = () => generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }).toString();
  const [now, becomes] = [pem(), pem()];
  const found = difference("/etc/kubernetes/pki/sa.key", "pki", { now, becomes });
  assert.equal(found.change, "differs");
  assert.match(found.publicKey.now ?? "", /^[0-9a-f]{64}$/);
  assert.notEqual(found.publicKey.now, found.publicKey.becomes);
  assert.equal(found.text, undefined);
  assert.equal(JSON.stringify(found).includes(now.split("\n")[1] ?? "?"), false);
});

const hidden: readonly (readonly [string, RestorableKind])[] = [
  ["/etc/kubernetes/admin.conf", "kubeconfig"],
  ["/etc/kubernetes/enc.yaml", "encryption-config"],
  ["/etc/default/kubelet", "kubelet"],
  ["/etc/cni/net.d/calico-kubeconfig", "container-runtime"],
  ["/etc/containers/auth.json", "container-runtime"],
];
for (const [path, kind] of hidden)
  test(`differenceOf: nothing that stands in ${path} is told`, () => {
    const found = difference(path, kind, { now: "plain words before", becomes: "plain words after" });
    assert.deepEqual([found.change, found.contentDiffers, found.text], ["differs", true, undefined]);
    assert.equal(JSON.stringify(found).includes("plain words"), false);
  });

test("differenceOf: configuration is shown without what may be a secret; where only that differs, nothing is shown", () => {
  const cfg = "/etc/haproxy/haproxy.cfg";
  const shown = difference(cfg, "load-balancer", { now: "bind *:6443\n", becomes: "bind *:8443\n  header-value aB3dE5gH7jK9mN1pQ3sT\n" });
  assert.deepEqual(shown.text, { now: "bind *:6443\n", becomes: "bind *:8443\n  header-value [not shown]\n" });
  const only = difference(cfg, "load-balancer", { now: "stats auth a:first-word\n", becomes: "stats auth a:second-word\n" });
  assert.deepEqual([only.contentDiffers, only.text], [true, undefined]);
  const kubelet = difference("/var/lib/kubelet/config.yaml", "kubelet", {
    now: "x\n",
    becomes: "tlsPrivateKeyFile: /etc/kubernetes/pki/kubelet.key\n",
  });
  assert.match(kubelet.text?.becomes ?? "", /tlsPrivateKeyFile: \/etc\/kubernetes\/pki\/kubelet\.key/);
});
