/**
 * Damaged and forged backup sets. REQUORUM_FUZZ_SEED sets the bits and the
 * files; REQUORUM_FUZZ_ROUNDS the number of random sets (20 in a slice).
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { listSets } from "../../src/catalogue/list-sets.ts";
import { openSet, type SetKey } from "../../src/catalogue/set-reader.ts";
import { SetWriter } from "../../src/catalogue/set-writer.ts";
import { encodeSignedDocument, parseSignedDocument, type SigningKey } from "../../src/formats/backup-set/signed-document.ts";
import { packName } from "../../src/formats/backup-set/set-names.ts";
import type { StoredObjectRef } from "../../src/model/backup-set.ts";
import { asBackupSetId } from "../../src/model/ids.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import { isRecoveryError } from "../support/is-recovery-error.ts";
import { seededRandom } from "../support/seeded-random.ts";
import {
  firstSet,
  gathered,
  manifestFacts,
  newSigningKey,
  partHead,
  readFiles,
  readSet,
  recipient,
  secondSet,
  seededBytes,
  setWorld,
  sha256Hex,
  writeSet,
  type SetWorld,
} from "../support/set-world.ts";

const seed = Number(process.env["REQUORUM_FUZZ_SEED"] ?? "1");
const rounds = Number(process.env["REQUORUM_FUZZ_ROUNDS"] ?? "20");
const files = { "/ca.key": seededBytes(seed, 1675), "/snapshot": seededBytes(seed + 1, 70_000).fill(7, 3000, 68_000) };

interface Whole {
  readonly world: SetWorld;
  readonly key: SetKey;
  readonly manifest: string;
  readonly index: string;
  readonly packs: readonly string[];
}

async function wholeSet(): Promise<Whole> {
  const world = setWorld();
  const { index, packs } = await writeSet(world.writing, files);
  const [held] = [...world.keys.dataKeys.values()];
  assert.ok(held !== undefined);
  return {
    world,
    key: { kind: "held", key: held.key },
    manifest: `sets/${firstSet}.json`,
    index: `indexes/${index.sha256}`,
    packs: packs.map(({ sha256 }) => packName(sha256)),
  };
}

/** Reads everything; true when nobody noticed anything. */
async function passes({ world, key }: Whole): Promise<boolean> {
  try {
    await readSet(world.reading, firstSet, key);
    return true;
  } catch (error) {
    if (error instanceof RecoveryError) return false;
    throw error;
  }
}

test(`each byte of manifest, index and packs: one flipped bit is noticed, and is never a crash (seed ${seed})`, async () => {
  const whole = await wholeSet();
  const { store, reading } = whole.world;
  const random = seededRandom(seed);
  assert.equal(await passes(whole), true);
  let flips = 0;
  for (const name of [whole.manifest, whole.index, ...whole.packs]) {
    const object = store.objects.get(name);
    assert.ok(object !== undefined);
    const content = object.content;
    for (let offset = 0; offset < content.length; offset += 1) {
      const bit = 1 << Math.floor(random() * 8);
      content[offset] = (content[offset] ?? 0) ^ bit;
      assert.equal(await passes(whole), false, `${name}, byte ${offset}, bit ${bit}`);
      if (name === whole.manifest)
        assert.notEqual((await listSets(reading, reading.trust))[0]?.kind, "trusted", `byte ${offset}, bit ${bit}`);
      content[offset] = (content[offset] ?? 0) ^ bit;
      flips += 1;
    }
  }
  assert.ok(flips > 2500, String(flips));
  assert.equal(await passes(whole), true);
});

test("each object cut off at any length, empty, longer by one byte, or missing is noticed", async () => {
  const whole = await wholeSet();
  const { store, reading } = whole.world;
  for (const name of [whole.manifest, whole.index, ...whole.packs]) {
    const object = store.objects.get(name);
    assert.ok(object !== undefined);
    const { content } = object;
    for (let length = 0; length < content.length; length += 1 + Math.floor(content.length / 200)) {
      store.damage(name, () => content.slice(0, length));
      assert.equal(await passes(whole), false, `${name}, ${length} of ${content.length}`);
    }
    store.objects.delete(name);
    const code = name === whole.manifest ? "BACKUP_SET_NOT_FOUND" : "BACKUP_OBJECT_MISSING";
    await assert.rejects(readSet(reading, firstSet, whole.key), isRecoveryError(code));
    store.objects.set(name, object);
  }
  store.damage(whole.index, (content) => Uint8Array.of(...content, 0));
  assert.equal(await passes(whole), false);
});

/** Rewrites the manifest as somebody who has the trusted signing key, and not the data key. */
async function resign(
  { world, manifest }: Whole,
  change: (manifest: { index: StoredObjectRef; packs: StoredObjectRef[]; [field: string]: unknown }) => void,
  by: SigningKey = world.keys.signing,
): Promise<void> {
  const { payload } = parseSignedDocument(await world.store.get(manifest), firstSet);
  const changed = JSON.parse(payload) as { index: StoredObjectRef; packs: StoredObjectRef[] };
  change(changed);
  world.store.damage(manifest, () => encodeSignedDocument(changed, by, world.reading.ciphers));
}

test("whoever has the signing key but not the data key cannot swap chunks, change an index, or give one of another set; an unsigned manifest is damaged", async () => {
  const whole = await wholeSet();
  const { store, writing, reading } = whole.world;
  const set = await openSet(reading, firstSet, whole.key);
  const other = await writeSet(writing, { "/other": seededBytes(99, 500) }, { id: secondSet });
  const [name = ""] = whole.packs;
  const pack = await store.get(name);
  // The sealed blocks change places: every range that the index names holds another chunk, or parts of two.
  const turned = new Uint8Array([...pack.subarray(pack.length / 2), ...pack.subarray(0, pack.length / 2)]);
  await store.put(packName(sha256Hex(turned)), turned);
  await resign(whole, (manifest) => (manifest.packs = [{ sha256: sha256Hex(turned), sizeBytes: turned.length }]));
  await assert.rejects(
    readSet(reading, firstSet, whole.key),
    isRecoveryError("BACKUP_SET_DAMAGED", /not sealed with this key for this place/),
  );
  await resign(whole, (manifest) => {
    manifest.packs = [...set.manifest.packs];
    manifest.index = other.index;
  });
  await assert.rejects(openSet(reading, firstSet, whole.key), isRecoveryError("BACKUP_SET_DAMAGED", /index: it was not sealed/));
  await resign(whole, (manifest) => (manifest.index = set.manifest.index), newSigningKey());
  await assert.rejects(openSet(reading, firstSet, whole.key), isRecoveryError("BACKUP_SET_UNTRUSTED"));
  store.damage(whole.manifest, (bytes) =>
    new TextEncoder().encode(new TextDecoder().decode(bytes).replace(/"signatures":\[.*\]/, '"signatures":[]')),
  );
  await assert.rejects(openSet(reading, firstSet, whole.key), isRecoveryError("BACKUP_SET_DAMAGED", /never was signed/));
  await resign(whole, () => undefined);
  assert.equal(await passes(whole), true);
});

test("two equal-sized chunks of one pack that change places are noticed", async () => {
  const world = setWorld();
  const noise = () => crypto.getRandomValues(new Uint8Array(65_536));
  await writeSet(world.writing, { "/a": new Uint8Array([...noise(), ...noise()]) });
  const [name = ""] = world.store.names("packs/");
  const half = (world.store.objects.get(name)?.content.length ?? 0) / 2;
  world.store.damage(name, (pack) => new Uint8Array([...pack.subarray(half), ...pack.subarray(0, half)]));
  await assert.rejects(readSet(world.reading), isRecoveryError("BACKUP_SET_DAMAGED"));
});

test(`${rounds} runs of random sets, one after the other in one store: all of them read back (seed ${seed})`, async () => {
  for (let round = 0; round < rounds; round += 1) await oneRun(seededRandom(seed * 1000 + round), round);
});

async function oneRun(random: () => number, round: number): Promise<void> {
  const world = setWorld();
  const upTo = (max: number) => Math.floor(random() * (max + 1));
  let content: { [path: string]: Uint8Array } = {};
  for (let file = 0; file < 1 + upTo(4); file += 1)
    content[`/${file}`] = seededBytes(upTo(1e9), upTo(5) === 0 ? 65_536 * upTo(4) : upTo(300_000));
  const written: { readonly id: typeof firstSet; readonly content: typeof content }[] = [];
  for (let number = 0; number < 1 + upTo(3); number += 1) {
    content = { ...content };
    for (const path of Object.keys(content)) if (upTo(1) === 0) content[path] = changedSomewhere(content[path] ?? new Uint8Array(), upTo);
    const id = asBackupSetId(`20260301-03000${number}-aaaaaa`);
    const writer = await SetWriter.begin(world.writing, { id, recipients: [recipient] });
    for (const [path, bytes] of Object.entries(content)) await writer.addPart(partHead(path), inPieces(bytes, upTo));
    await writer.finish(manifestFacts());
    written.push({ id, content });
  }
  for (const { id, content: expected } of written) {
    const set = await openSet(world.reading, id, { kind: "identities", identities: ["AGE-SECRET-KEY-1anna"] });
    const read = await readFiles(set);
    for (const [path, bytes] of Object.entries(expected))
      assert.equal(sha256Hex(read[path] ?? new Uint8Array(1)), sha256Hex(bytes), `round ${round}: ${path}`);
    for (const part of set.parts) {
      const offset = upTo(part.sizeBytes);
      const length = upTo(part.sizeBytes - offset);
      const range = await set.readRange(part, offset, length);
      assert.equal(Buffer.compare(range, (expected[part.path] ?? new Uint8Array()).subarray(offset, offset + length)), 0, `round ${round}`);
    }
    const [part] = set.parts;
    if (part !== undefined) assert.equal((await gathered(set.readPart(part))).length, part.sizeBytes);
  }
}

function changedSomewhere(bytes: Uint8Array, upTo: (max: number) => number): Uint8Array {
  const changed = new Uint8Array(upTo(3) === 0 ? bytes.length + upTo(70_000) : bytes.length);
  changed.set(bytes);
  for (let change = 0; change < upTo(5); change += 1) if (changed.length > 0) changed[upTo(changed.length - 1)] = upTo(255);
  return changed;
}

async function* inPieces(bytes: Uint8Array, upTo: (max: number) => number): AsyncIterable<Uint8Array> {
  for (let offset = 0; offset < bytes.length;) {
    const length = upTo(2) === 0 ? upTo(200_000) : upTo(5000);
    yield bytes.subarray(offset, offset + length);
    offset += length;
    await Promise.resolve();
  }
}
