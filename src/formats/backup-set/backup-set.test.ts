import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import { firstSet, newSigningKey, seededBytes, setWorld, writeSet } from "../../../test/support/set-world.ts";
import { nodeSetCiphers as ciphers } from "../../adapters/system/node-set-ciphers.ts";
import { fromBase64Url, fromHex, textOfUtf8, toBase64Url, toHex, utf8 } from "./byte-text.ts";
import { chunkBytes, chunkNameOf, openChunk, sealChunk, sealedChunkBytesMax } from "./chunk.ts";
import { parseManifest } from "./manifest.ts";
import { openBlock, sealBlock, sealedOverheadBytes } from "./sealed-block.ts";
import { encodeIndex, readSealedIndex, sealIndex } from "./set-index.ts";
import { deriveSetKeys } from "./set-keys.ts";
import { packName, promisedSha256, setIdOfManifestName } from "./set-names.ts";
import { encodeSignedDocument, fittingSigners, parseSignedDocument } from "./signed-document.ts";

const keys = deriveSetKeys(
  ciphers,
  Uint8Array.from({ length: 32 }, (_, index) => index),
);
const chunkKeys = { ciphers, keys };

test("byte-text: hex and base64url come back, and have one form only", () => {
  for (let length = 0; length < 70; length += 1) {
    const bytes = seededBytes(length, length);
    assert.deepEqual(fromHex(toHex(bytes)), bytes);
    assert.deepEqual(fromBase64Url(toBase64Url(bytes)), bytes);
    assert.equal(toBase64Url(bytes), Buffer.from(bytes).toString("base64url"));
  }
  for (const text of ["0", "0G", "AB", "0x00"]) assert.equal(fromHex(text), undefined);
  for (const text of ["A", "AB=", "A+B/", "AB", "é", "AAAAB"]) assert.equal(fromBase64Url(text), undefined, text);
  assert.equal(textOfUtf8(Uint8Array.of(0xc3)), undefined);
  assert.equal(textOfUtf8(utf8("é")), "é");
});

test("derived keys are those of RFC 5869, as docs/backup-format.md says", () => {
  // Computed with Python's hmac by the two steps of the RFC from the key 00 01 … 1f.
  assert.equal(keys.keyId, "6868d6f3afdeeb4a");
  assert.equal(toHex(chunkNameOf(utf8("abc"), chunkKeys)), "b7a4e8691477dc243e9f1795929eaab976b330d0a6c7ba2ef15db822fd4839ca");
});

test("a chunk opens to what it was, whether zstd made it smaller or not", () => {
  for (const content of [
    new Uint8Array(chunkBytes),
    crypto.getRandomValues(new Uint8Array(chunkBytes)),
    new Uint8Array(1),
    utf8("x".repeat(100)),
  ]) {
    const name = chunkNameOf(content, chunkKeys);
    const into = new Uint8Array(sealedChunkBytesMax);
    const length = sealChunk(content, name, chunkKeys, into);
    assert.ok(length <= content.length + sealedOverheadBytes);
    const opened = openChunk(into.subarray(0, length), name, chunkKeys);
    assert.ok(typeof opened !== "string");
    assert.deepEqual(Buffer.from(opened), Buffer.from(content));
  }
});

test("a chunk under another name, with a flipped bit, or cut off, does not open", () => {
  const content = seededBytes(1, 500);
  const name = chunkNameOf(content, chunkKeys);
  const into = new Uint8Array(sealedChunkBytesMax);
  const sealed = into.slice(0, sealChunk(content, name, chunkKeys, into));
  for (let offset = 0; offset < sealed.length; offset += 1) {
    const damaged = sealed.slice();
    damaged[offset] = (damaged[offset] ?? 0) ^ (1 << (offset % 8));
    assert.equal(typeof openChunk(damaged, name, chunkKeys), "string", `byte ${offset}`);
  }
  for (let length = 0; length < sealed.length; length += 1)
    assert.equal(typeof openChunk(sealed.subarray(0, length), name, chunkKeys), "string");
  assert.match(String(openChunk(sealed, chunkNameOf(utf8("another"), chunkKeys), chunkKeys)), /not sealed with this key for this place/);
});

test("whoever has the key cannot make a reader fill its memory", () => {
  const into = new Uint8Array(200_000);
  const block = { ciphers, seal: keys.chunkSeal, authenticated: utf8("n") };
  const bomb = into.slice(0, sealBlock(new Uint8Array(100_000), block, into));
  assert.match(String(openBlock(bomb, block, chunkBytes)), /more than 65536 bytes/);
  const raw = into.slice(0, sealBlock(crypto.getRandomValues(new Uint8Array(65_536)), block, into));
  assert.match(String(openBlock(raw, block, 100)), /more than 100/);
  const sealedAs = (mark: number) => {
    const sealed = new Uint8Array(12 + 4 + 16);
    keys.chunkSeal.seal(sealed.subarray(0, 12), [Uint8Array.of(mark, 1, 2, 3)], utf8("n"), sealed.subarray(12));
    return openBlock(sealed, block, 100);
  };
  assert.match(String(sealedAs(2)), /in a way 2 that is not known/);
  assert.match(String(sealedAs(1)), /zstd content is damaged/);
  assert.deepEqual(sealedAs(0), Buffer.of(1, 2, 3));
});

test("a signed document is read back, and tells whose signature fits", () => {
  const key = newSigningKey();
  const document = parseSignedDocument(encodeSignedDocument({ a: 1n, b: undefined, c: "é" }, key, ciphers), "x");
  assert.equal(document.payload, '{"a":"1","c":"é"}');
  assert.deepEqual(fittingSigners(document, ciphers), [Buffer.from(key.publicKey).toString("base64url")]);
  const other = newSigningKey();
  const forged = { ...document, signatures: document.signatures.map(({ signature }) => ({ signature, publicKey: other.publicKey })) };
  assert.deepEqual(fittingSigners(forged, ciphers), []);
  assert.deepEqual(fittingSigners({ ...document, payload: `${document.payload} ` }, ciphers), []);
});

test("a document that says the same in another way is not the one that was signed", () => {
  const text = new TextDecoder().decode(encodeSignedDocument({ a: 1 }, newSigningKey(), ciphers));
  for (const other of [
    text.trimEnd(),
    `${text}\n`,
    ` ${text}`,
    text.replace('"kind":', '"kind": '),
    text.replace("}]}", '}],"more":1}'),
    text.replace('"payload"', '"payload":"x","payload"'),
    text.replace('"payload"', '"\\u0070ayload"'),
  ])
    assert.throws(() => parseSignedDocument(utf8(other), "x"), isRecoveryError("BACKUP_SET_DAMAGED", /something in it was changed/), other);
});

test("parseManifest: the field that is wrong is named", async () => {
  const { writing, store } = setWorld();
  await writeSet(writing, { "/a": utf8("abc") });
  const { payload } = parseSignedDocument(await store.get(`sets/${firstSet}.json`), firstSet);
  assert.doesNotThrow(() => parseManifest(payload, firstSet));
  const changed = (change: (manifest: Record<string, Record<string, unknown> & unknown[]>) => void): string => {
    const manifest = JSON.parse(payload) as Record<string, Record<string, unknown> & unknown[]>;
    change(manifest);
    return JSON.stringify(manifest);
  };
  for (const [text, words] of [
    ["", /manifest: it is not JSON/],
    ["[]", /expected an object/],
    [changed((m) => delete m["snapshot"]), /snapshot: missing/],
    [changed((m) => (m["snapshot"] = [] as never)), /snapshot: expected an object/],
    [changed((m) => Object.assign(m["snapshot"] ?? {}, { sizeBytes: 5 })), /snapshot.sizeBytes: expected text/],
    [changed((m) => Object.assign(m["snapshot"] ?? {}, { revision: "-1" })), /snapshot.revision: expected a whole number/],
    [changed((m) => Object.assign(m["snapshot"] ?? {}, { hashKv: 4_294_967_296 })), /snapshot.hashKv/],
    [changed((m) => Object.assign(m["index"] ?? {}, { sizeBytes: 1e12 })), /index.sizeBytes/],
    [changed((m) => Object.assign(m["packs"]?.[0] ?? {}, { sha256: "../../../etc/passwd" })), /packs\[0\].sha256: expected 64 hex digits/],
    [changed((m) => Object.assign(m["cluster"] ?? {}, { clusterId: "xyz" })), /cluster.clusterId/],
    // It names a directory of whoever verifies the set.
    [changed((m) => Object.assign(m["cluster"] ?? {}, { name: "../../etc" })), /cluster.name: expected a name of lower-case letters/],
    [changed((m) => Object.assign(m, { id: "20260301-030000-aaaaab" })), /it is the manifest of/],
  ] as const)
    assert.throws(() => parseManifest(text, firstSet), isRecoveryError("BACKUP_SET_DAMAGED", words), String(words));
});

test("a mark or a kind of part of a later version does not make a set damaged: it is not supported", async () => {
  const { writing, store } = setWorld();
  await writeSet(writing, { "/a": utf8("abc") });
  const { payload } = parseSignedDocument(await store.get(`sets/${firstSet}.json`), firstSet);
  for (const [from, to, words] of [
    ['"marks":[]', '"marks":[{"code":"SOLAR_STORM","because":""}]', /a mark "SOLAR_STORM"/],
    ['"kind":"pki"', '"kind":"hsm"', /parts of a kind "hsm"/],
  ] as const)
    assert.throws(() => parseManifest(payload.replace(from, to), firstSet), isRecoveryError("BACKUP_SET_UNSUPPORTED", words));
});

test("an index that points outside the packs of its manifest is refused", async () => {
  const { writing } = setWorld();
  const manifest = await writeSet(writing, { "/a": utf8("abc") });
  const size = manifest.packs[0]?.sizeBytes ?? 0;
  const name = "0".repeat(64);
  const part = {
    ...{ kind: "pki", host: undefined, path: "/a", type: "file", target: undefined, mode: 0, uid: 0, gid: 0, modifiedAt: 0 },
    ...{ sizeBytes: 3, sha256: name, chunks: [0] },
  } as const;
  const read = (index: object) => readSealedIndex(sealIndex(encodeIndex(index as never), firstSet, chunkKeys), manifest, chunkKeys);
  assert.deepEqual(read({ parts: [part], chunks: [{ name, pack: 0, offset: 0, length: size }] }).parts, [part]);
  for (const place of [
    { name, pack: 1, offset: 0, length: 30 },
    { name, pack: 0, offset: 1, length: size },
    { name, pack: 0, offset: -1, length: 30 },
    { name, pack: 0, offset: 0, length: 29 },
    { name, pack: 0, offset: 0.5, length: 30 },
    { name: "x", pack: 0, offset: 0, length: 30 },
  ])
    assert.throws(() => read({ parts: [], chunks: [place] }), isRecoveryError("BACKUP_SET_DAMAGED", /chunks\[0\]/), JSON.stringify(place));
  const chunks = [{ name, pack: 0, offset: 0, length: size }];
  for (const bad of [{ chunks: [1] }, { chunks: [] }, { sizeBytes: 65_537 }, { chunks: [0, 0] }, { mode: 0o10000 }])
    assert.throws(
      () => read({ parts: [{ ...part, ...bad }], chunks }),
      isRecoveryError("BACKUP_SET_DAMAGED", /parts\[0\]/),
      JSON.stringify(bad),
    );
});

test("names of objects say what they are of, and nothing else passes for one", () => {
  const sha256 = "ab".repeat(32);
  assert.equal(packName(sha256), `packs/ab/${sha256}`);
  assert.equal(promisedSha256(packName(sha256)), sha256);
  assert.equal(promisedSha256(`indexes/${sha256}`), sha256);
  for (const name of [`sets/${sha256}`, `packs/${sha256}`, `aside/packs/ab/${sha256}`]) assert.equal(promisedSha256(name), undefined);
  assert.equal(setIdOfManifestName(`sets/${firstSet}.json`), firstSet);
  for (const name of ["sets/x.json", `sets/${firstSet}`, `sets/a/${firstSet}.json`]) assert.equal(setIdOfManifestName(name), undefined);
});
