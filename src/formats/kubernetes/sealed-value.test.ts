import assert from "node:assert/strict";
import { test } from "node:test";
import { fixtureLines } from "../../../test/support/kube-fixtures.ts";
import { sealedVector } from "../../../test/support/kube-vectors.ts";
import { nodeSealCiphers as ciphers } from "../../adapters/system/node-seal-ciphers.ts";
import { readSeal, unsealValue, type SealKey } from "./sealed-value.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const vectors = fixtureLines("sealed-values.jsonl.br").map(sealedVector);
const keyOf = (vector: (typeof vectors)[number]): SealKey => ({ provider: vector.provider, name: vector.keyName, secret: vector.secret });

test("unsealValue: opens what the API server's own transformers sealed, with aescbc, aesgcm and secretbox", () => {
  assert.equal(vectors.length, 60);
  for (const vector of vectors) {
    const result = unsealValue(vector.value, { key: bytes(vector.etcdKey), keys: [keyOf(vector)], ciphers });
    assert.ok(result.kind === "open", JSON.stringify(result));
    assert.deepEqual(result.value, vector.plain);
  }
});

test("unsealValue: a wrong key of the right name opens nothing, and the next key of that name is tried", () => {
  for (const vector of vectors) {
    const wrong = { ...keyOf(vector), secret: vector.secret.map((byte) => byte ^ 1) };
    const refused = unsealValue(vector.value, { key: bytes(vector.etcdKey), keys: [wrong], ciphers });
    assert.ok(refused.kind === "sealed");
    assert.match(refused.why, /does not open it/);
    assert.equal(unsealValue(vector.value, { key: bytes(vector.etcdKey), keys: [wrong, keyOf(vector)], ciphers }).kind, "open");
  }
});

test("unsealValue: aesgcm opens only under the key that the value was written to", () => {
  const vector = vectors.find((one) => one.provider === "aesgcm");
  assert.ok(vector !== undefined);
  assert.equal(unsealValue(vector.value, { key: bytes("/registry/secrets/default/other"), keys: [keyOf(vector)], ciphers }).kind, "sealed");
});

test("unsealValue: every cut and every flipped bit of the sealed bytes of aesgcm and secretbox is noticed", () => {
  for (const vector of vectors.slice(0, 12).filter((one) => one.provider !== "aescbc")) {
    const open = (value: Uint8Array) => unsealValue(value, { key: bytes(vector.etcdKey), keys: [keyOf(vector)], ciphers }).kind;
    for (let at = readSeal(vector.value)?.bodyOffset ?? 0; at < vector.value.length; at += 1) {
      assert.equal(open(vector.value.subarray(0, at)), "sealed");
      assert.equal(open(vector.value.map((byte, index) => (index === at ? byte ^ 4 : byte))), "sealed");
    }
  }
});

test("unsealValue: without the key, it says which is missing", () => {
  const result = unsealValue(bytes("k8s:enc:aescbc:v1:key1:0123"), { key: bytes("/k"), keys: [], ciphers });
  assert.ok(result.kind === "sealed");
  assert.equal(result.why, "there is no aescbc key named key1 in the given EncryptionConfiguration");
});

test("readSeal: kms names its plugin, and in v2 the key inside it; an unknown provider stays sealed", () => {
  const body = Uint8Array.of(0x0a, 2, 1, 2, 0x12, 3, 0x6b, 0x2d, 0x31);
  const v2 = readSeal(Uint8Array.of(...bytes("k8s:enc:kms:v2:vault:"), ...body));
  assert.deepEqual([v2?.provider, v2?.keyName, v2?.kmsKeyId], ["kms", "vault", "k-1"]);
  assert.equal(readSeal(bytes("k8s:enc:kms:v1:vault:xx"))?.kmsKeyId, undefined);
  assert.equal(readSeal(bytes("k8s:enc:kms:v2:vault:\xff"))?.kmsKeyId, undefined);
  assert.equal(readSeal(bytes("k8s:enc:quantum:v9:key:xx"))?.provider, "other");
  assert.equal(readSeal(bytes("k8s:enc:aescbc"))?.provider, "other");
  assert.equal(readSeal(bytes("k8s\0")), undefined);
});
