import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecoveryError } from "../../test/support/is-recovery-error.ts";
import {
  firstSet,
  identity,
  newSigningKey,
  readSet,
  recipient,
  secondSet,
  seededBytes,
  setWorld,
  writeSet,
} from "../../test/support/set-world.ts";
import { chunkBytes } from "../formats/backup-set/chunk.ts";
import { encodeSignedDocument, parseSignedDocument } from "../formats/backup-set/signed-document.ts";
import { listSets } from "./list-sets.ts";
import { openSet } from "./set-reader.ts";

const content = seededBytes(11, 100 * chunkBytes + 99);
const files = { "/snapshot": content, "/ca.key": seededBytes(12, 1000) };

test("a range is read with only the chunks that it needs, and neighbours are fetched together", async () => {
  const { writing, reading, store } = setWorld();
  await writeSet(writing, files);
  const set = await openSet(reading, firstSet, identity);
  const [part] = set.parts;
  assert.ok(part !== undefined);
  store.calls.length = 0;
  for (const [offset, length] of [
    [0, 1],
    [chunkBytes - 1, 2],
    [3 * chunkBytes, 10 * chunkBytes],
    [content.length - 5, 5],
    [content.length, 0],
    [77, 0],
  ] as const)
    assert.deepEqual(Buffer.from(await set.readRange(part, offset, length)), Buffer.from(content.subarray(offset, offset + length)));
  assert.equal(store.calls.filter((call) => call.startsWith("get packs/")).length, 4);
  await set.readRange(part, 4 * chunkBytes, 100);
  assert.equal(store.calls.length, 4, "a chunk that was opened is kept");
  for (const [offset, length] of [
    [-1, 2],
    [0, content.length + 1],
    [content.length + 1, 0],
  ] as const)
    await assert.rejects(set.readRange(part, offset, length), RangeError);
});

test("the held key, an identity and a passphrase open the same set; others do not", async () => {
  const { writing, reading, keys, store } = setWorld();
  await writeSet(writing, files, { recipients: [recipient, "age1escrow"], passphrase: "correct horse" });
  const held = [...keys.dataKeys.values()][0];
  assert.ok(held !== undefined);
  for (const key of [
    { kind: "held", key: held.key },
    { kind: "identities", identities: ["AGE-SECRET-KEY-1escrow"] },
    { kind: "identities", identities: ["AGE-SECRET-KEY-1other", "AGE-SECRET-KEY-1anna"] },
    { kind: "passphrase", passphrase: "correct horse" },
  ] as const)
    assert.deepEqual(Buffer.from((await readSet(reading, firstSet, key))["/ca.key"] ?? []), Buffer.from(files["/ca.key"]));
  store.calls.length = 0;
  for (const key of [
    { kind: "held", key: new Uint8Array(32) },
    { kind: "identities", identities: ["AGE-SECRET-KEY-1other"] },
    { kind: "passphrase", passphrase: "correct hors" },
  ] as const)
    await assert.rejects(openSet(reading, firstSet, key), isRecoveryError("BACKUP_KEY_WRONG"));
  assert.deepEqual(
    store.calls.filter((call) => /index|pack/.test(call)),
    [],
    "nothing of the content is fetched for who has no key",
  );
});

test("a set without a passphrase says so to who has only one, and the other way round", async () => {
  const { writing, reading } = setWorld();
  await writeSet(writing, files);
  await writeSet(writing, files, { id: secondSet, recipients: [], passphrase: "correct horse" });
  await assert.rejects(
    openSet(reading, firstSet, { kind: "passphrase", passphrase: "x" }),
    isRecoveryError("BACKUP_KEY_WRONG", /not sealed for a passphrase/),
  );
  await assert.rejects(openSet(reading, secondSet, identity), isRecoveryError("BACKUP_KEY_WRONG", /for a passphrase only/));
});

test("a set that another key signed is not opened, and is listed as not trusted with that key's name", async () => {
  const { writing, reading, store, keys } = setWorld();
  await writeSet(writing, files);
  const name = `sets/${firstSet}.json`;
  const own = parseSignedDocument(await store.get(name), firstSet);
  const stranger = newSigningKey();
  store.damage(name, () => encodeSignedDocument(JSON.parse(own.payload), stranger, reading.ciphers));
  const signer = Buffer.from(stranger.publicKey).toString("base64url");
  await assert.rejects(openSet(reading, firstSet, identity), isRecoveryError("BACKUP_SET_UNTRUSTED", new RegExp(signer)));
  const [listed] = await listSets(reading, reading.trust);
  assert.equal(listed?.kind, "untrusted");
  const trusting = { ...reading, trust: { publicKeys: [keys.signing.publicKey, stranger.publicKey] } };
  assert.equal((await listSets(trusting, trusting.trust))[0]?.kind, "trusted");
  assert.deepEqual(Object.keys(await readSet(trusting)), Object.keys(files));
});

test("sets are listed the oldest first; a damaged one is listed as damaged, with why", async () => {
  const { writing, reading, store } = setWorld();
  await writeSet(writing, files, { id: secondSet });
  await writeSet(writing, files);
  store.damage(`sets/${secondSet}.json`, (bytes) => bytes.subarray(0, bytes.length - 10));
  await store.put("sets/notes.json", new Uint8Array(3));
  const listed = await listSets(reading, reading.trust);
  assert.deepEqual(
    listed.map(({ kind, id }) => [kind, id]),
    [
      ["trusted", firstSet],
      ["damaged", secondSet],
      ["damaged", undefined],
    ],
  );
  assert.match(listed[1]?.kind === "damaged" ? listed[1].because : "", /not JSON/);
});

test("there is no such set: BACKUP_SET_NOT_FOUND", async () => {
  const { reading } = setWorld();
  await assert.rejects(openSet(reading, firstSet, identity), isRecoveryError("BACKUP_SET_NOT_FOUND"));
  assert.deepEqual(await listSets(reading, reading.trust), []);
});

test("a manifest or document of a newer major version is not guessed at: BACKUP_SET_UNSUPPORTED", async () => {
  const { writing, reading, store, keys } = setWorld();
  await writeSet(writing, files);
  const name = `sets/${firstSet}.json`;
  const document = await store.get(name);
  const { payload } = parseSignedDocument(document, firstSet);
  const text = Buffer.from(document).toString();
  for (const newer of [
    Buffer.from(text.replace("requorum.backup/v1", "requorum.backup/v2")),
    encodeSignedDocument({ ...(JSON.parse(payload) as object), apiVersion: "requorum.backup/v2" }, keys.signing, reading.ciphers),
  ]) {
    store.damage(name, () => newer);
    await assert.rejects(openSet(reading, firstSet, identity), isRecoveryError("BACKUP_SET_UNSUPPORTED"));
    assert.equal((await listSets(reading, reading.trust))[0]?.kind, "damaged");
  }
});

test("a manifest under the name of another set is not believed", async () => {
  const { writing, reading, store } = setWorld();
  await writeSet(writing, files);
  await store.put(`sets/${secondSet}.json`, await store.get(`sets/${firstSet}.json`));
  await assert.rejects(openSet(reading, secondSet, identity), isRecoveryError("BACKUP_SET_DAMAGED", /it is the manifest of/));
});

test("an index that swelled is damaged, is never asked for in more bytes than it had, and keeps nobody from the next set", async () => {
  const { writing, reading, store } = setWorld();
  await writeSet(writing, files);
  const [index = ""] = store.names("indexes/");
  store.damage(index, (bytes) => Buffer.concat([bytes, new Uint8Array(1_000_000)]));
  const asked: (number | undefined)[] = [];
  const get = store.get.bind(store);
  store.get = (name, range, options) => {
    if (name === index) asked.push(range?.length);
    return get(name, range, options);
  };
  await assert.rejects(openSet(reading, firstSet, identity), isRecoveryError("BACKUP_SET_DAMAGED", /index/));
  await writeSet(writing, files, { id: secondSet });
  assert.ok(asked.every((length) => length !== undefined && length < 1_000_000));
});
