/**
 * Each way in which a backup set can be wrong, and the level that says so: sets
 * as they lie on a disk, sealed with age, of a real database; what is changed
 * are the files.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { DirectoryStore } from "../../src/adapters/backup-store/directory-store.ts";
import { AgeKeyWrapping } from "../../src/adapters/system/age-key-wrapping.ts";
import { nodeSetCiphers } from "../../src/adapters/system/node-set-ciphers.ts";
import { SetWriter } from "../../src/catalogue/set-writer.ts";
import { readProofs } from "../../src/catalogue/read-proofs.ts";
import { encodeSignedDocument, parseSignedDocument, type SigningKey } from "../../src/formats/backup-set/signed-document.ts";
import type { VerifyContext } from "../../src/app/backup/verify-context.ts";
import type { BackupManifest } from "../../src/model/backup-set.ts";
import { asClusterId } from "../../src/model/ids.ts";
import { writeLastSeen } from "../../src/schemas/last-seen.ts";
import { snapshotBytes } from "../support/kube-database.ts";
import { firstSet, manifestFacts, newSigningKey, partHead, secondSet, seededBytes } from "../support/set-world.ts";
import { encryptionConfig, machineFiles, newPki, smallCluster, verifyWorld, type VerifyWorldOptions } from "../support/verify-world.ts";

const work = mkdtempSync(join(tmpdir(), "requorum-levels-"));
after(() => rmSync(work, { recursive: true }));
const wrapping = new AgeKeyWrapping();
const { identity, recipient } = await wrapping.newIdentity();
const key = { kind: "identities" as const, identities: [identity] };
const pki = newPki();
const manifestFile = `sets/${firstSet}.json`;
let worlds = 0;

/** A set on disk. */
async function setOnDisk(options: VerifyWorldOptions = {}) {
  const place = join(work, String((worlds += 1)));
  const world = await verifyWorld({ store: new DirectoryStore(place), wrapping, recipients: [recipient], ...options });
  after(() => rmSync(world.spoolDirectory, { recursive: true }));
  return { ...world, place };
}

/** Of a whole set, shared: what damages it works on a copy of its directory. */
const whole = await setOnDisk({ lastSeen: lastSeenAt(1n), cluster: { clusterId: asClusterId("abc") } });

function lastSeenAt(revision: bigint, clusterId = "abc"): string {
  const takenAt = new Date(Date.now() - 120_000).toISOString();
  const facts = {
    takenAt,
    clusterId: asClusterId(clusterId),
    members: [],
    revision,
    raftIndex: 1n,
    raftTerm: 1n,
    objectCounts: [],
    hosts: [],
  };
  return writeLastSeen(facts);
}

type Found = { readonly stop: string; readonly why: string };

async function verified(on: Awaited<ReturnType<typeof setOnDisk>>, place: string, other: Partial<VerifyContext> = {}): Promise<Found> {
  const backup = { ...on.context.backup, store: new DirectoryStore(place) };
  const { outcomes } = await on.verify({ level: "V3" }, { key, wantedRecipients: [recipient], ...other, backup });
  const stopped = outcomes.find(({ verdict }) => verdict !== "holds");
  return { stop: `${stopped?.level ?? ""} ${stopped?.verdict ?? ""}`, why: stopped?.because.join("; ") ?? "" };
}

async function damaged(damage: (place: string) => void, other?: Partial<VerifyContext>): Promise<Found> {
  const place = join(work, String((worlds += 1)));
  cpSync(whole.place, place, { recursive: true });
  damage(place);
  const found = await verified(whole, place, other);
  rmSync(place, { recursive: true });
  return found;
}

async function made(options: VerifyWorldOptions, other?: Partial<VerifyContext>): Promise<Found> {
  const set = await setOnDisk(options);
  return verified(set, set.place, other);
}

function filesBelow(place: string, folder: string): readonly string[] {
  return readdirSync(join(place, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function change(file: string, edit: (content: Buffer) => Uint8Array): void {
  chmodSync(file, 0o600);
  writeFileSync(file, edit(readFileSync(file)));
}

const flipped =
  (at: number) =>
  (content: Buffer): Uint8Array => {
    content[at] = (content[at] ?? 0) ^ (1 << (at % 8));
    return content;
  };

/** As somebody who holds that signing key. */
function resign(place: string, edit: (manifest: BackupManifest) => object, by: SigningKey): void {
  change(join(place, manifestFile), (bytes) => {
    const manifest = JSON.parse(parseSignedDocument(bytes, firstSet).payload) as BackupManifest;
    return encodeSignedDocument({ ...manifest, ...edit(manifest) }, by, nodeSetCiphers);
  });
}

const stopOfWhole = "V4 not-tried";

test("levels: the whole set holds up to V3", async () => {
  const { stop, why } = await damaged(() => undefined);
  assert.deepEqual([stop, why], [stopOfWhole, "not asked for"]);
});

test("levels: a flipped bit in manifest, index or pack, wherever it is: V0 or V1", async () => {
  for (const folder of ["sets", "indexes", "packs"]) {
    const [file = ""] = filesBelow(whole.place, folder);
    const { length } = readFileSync(file);
    for (let at = folder === "sets" ? 200 : 0; at < length; at += Math.ceil(length / 12)) {
      const { stop, why } = await damaged((place) => change(join(place, file.slice(whole.place.length)), flipped(at)));
      assert.match(stop, folder === "sets" ? /^V[01] fails$/ : /^V1 fails$/, `${folder}, byte ${String(at)}: ${stop} ${why}`);
    }
  }
});

test("levels: a flipped bit of the snapshot from before it was stored, with a sha256 that fits: V2; of a certificate: V3", async () => {
  const snapshot = snapshotBytes({ writes: smallCluster });
  const database = snapshot.subarray(0, -32);
  // In the value of an object, and in the head of the database's first meta page.
  for (const at of [Buffer.from(database).indexOf("settings"), 20]) {
    const content = flipped(at)(Buffer.from(database));
    const stored = Buffer.concat([content, createHash("sha256").update(content).digest()]);
    const other = await made({ snapshot: stored, described: snapshot });
    assert.equal(other.stop, "V2 fails", other.why);
  }
  const files = machineFiles(pki, "cp1");
  const path = "/etc/kubernetes/pki/apiserver.crt";
  const lines = (files[path] ?? "").split("\n");
  const line = lines[4] ?? "";
  lines[4] = `${line.startsWith("A") ? "B" : "A"}${line.slice(1)}`;
  const { stop, why } = await made({ machines: { cp1: { ...files, [path]: lines.join("\n") } } });
  assert.equal(stop, "V3 fails", why);
});

test("levels: a missing pack or index, an upload that was cut anywhere: V0; two packs under each other's names: V1", async () => {
  for (const folder of ["packs", "indexes"]) {
    const [file = ""] = filesBelow(whole.place, folder);
    const at = (place: string): string => join(place, file.slice(whole.place.length));
    assert.equal((await damaged((place) => unlinkSync(at(place)))).stop, "V0 fails");
    const { length } = readFileSync(file);
    for (const bytes of [0, 1, Math.floor(length / 2), length - 1])
      assert.equal((await damaged((place) => truncateSync(at(place), bytes))).stop, "V0 fails");
  }
  for (const bytes of [0, 100, 2000])
    assert.equal((await damaged((place) => truncateSync(join(place, manifestFile), bytes))).stop, "V0 fails");
  // Of equal size, so that only the hashes tell: the pack of another set.
  const other = await setOnDisk({});
  const [own = ""] = filesBelow(whole.place, "packs");
  const [theirs = ""] = filesBelow(other.place, "packs");
  const size = readFileSync(own).length;
  const { stop } = await damaged((place) =>
    change(join(place, own.slice(whole.place.length)), (bytes) => {
      const content = Buffer.alloc(size, readFileSync(theirs));
      assert.equal(bytes.length, content.length);
      return content;
    }),
  );
  assert.equal(stop, "V1 fails");
});

test("levels: whoever has the signing key and not the data key: a chunk that is missing or in another place, the index of another set: V2", async () => {
  const signing = await whole.context.backup.keys.signingKey();
  const packOf = (place: string): string => filesBelow(place, "packs")[0] ?? "";
  const replaced =
    (edit: (pack: Buffer) => Uint8Array) =>
    (place: string): void => {
      const file = packOf(place);
      const content = edit(readFileSync(file));
      const sha256 = createHash("sha256").update(content).digest("hex");
      const folder = join(place, "packs", sha256.slice(0, 2));
      cpSync(join(file, ".."), folder, { recursive: true });
      renameSync(join(folder, file.slice(-64)), join(folder, sha256));
      change(join(folder, sha256), () => content);
      resign(place, () => ({ packs: [{ sha256, sizeBytes: content.length }] }), signing);
    };
  for (const edit of [
    (pack: Buffer) => pack.subarray(0, pack.length - 500),
    (pack: Buffer) => Buffer.concat([pack.subarray(pack.length / 2), pack.subarray(0, pack.length / 2)]),
  ]) {
    const { stop, why } = await damaged(replaced(edit));
    assert.equal(stop, "V2 fails", why);
  }
  const { stop } = await damaged((place) => resign(place, ({ packs }) => ({ packs: packs.slice(1) }), signing));
  assert.match(stop, /^V[02] fails$/);
  // Its index is sealed for its own set only.
  const place = join(work, String((worlds += 1)));
  cpSync(whole.place, place, { recursive: true });
  const second = await SetWriter.begin(
    { ...whole.set.writing, store: new DirectoryStore(place) },
    { id: secondSet, recipients: [recipient] },
  );
  await second.addPart(partHead("/other"), seededBytes(9, 500));
  const { index } = await second.finish(manifestFacts());
  resign(place, () => ({ index }), signing);
  const { stop: swapped, why } = await verified(whole, place);
  assert.equal(swapped, "V2 fails", why);
});

test("levels: an unsigned manifest fails V1; one that was signed anew by another key is not known to be anybody's", async () => {
  const anew = await damaged((place) => resign(place, () => ({ marks: [] }), newSigningKey()));
  assert.equal(anew.stop, "V1 not-tried", anew.why);
  assert.match(anew.why, /somebody else made this set, or signed it anew/);
  const unsigned = await damaged((place) =>
    change(join(place, manifestFile), (bytes) =>
      Buffer.from(`${JSON.stringify({ ...(JSON.parse(bytes.toString()) as object), signatures: [] })}\n`),
    ),
  );
  assert.equal(unsigned.stop, "V1 fails", unsigned.why);
});

test("levels: another identity opens nothing (V2), and a set that is not for who is configured is not known to open for them (V3)", async () => {
  const stranger = await wrapping.newIdentity();
  const wrong = await damaged(() => undefined, { key: { kind: "identities", identities: [stranger.identity] } });
  assert.equal(wrong.stop, "V2 unknown");
  assert.match(wrong.why, /BACKUP_KEY_WRONG/);
  const passphrase = await damaged(() => undefined, { key: { kind: "passphrase", passphrase: "correct horse" } });
  assert.equal(passphrase.stop, "V2 unknown");
  const left = await damaged(() => undefined, { wantedRecipients: [recipient, stranger.recipient] });
  assert.equal(left.stop, "V3 unknown");
});

test("levels: parts of two clusters, swapped parts, a wrong encryption key: V3", async () => {
  const [files, others] = [machineFiles(pki, "cp1"), machineFiles(newPki(), "cp1")];
  const at = "/etc/kubernetes/pki";
  const cases: readonly (readonly [{ readonly [path: string]: string }, RegExp])[] = [
    [
      { [`${at}/ca.crt`]: others[`${at}/ca.crt`] ?? "", [`${at}/ca.key`]: others[`${at}/ca.key`] ?? "" },
      /no authority of the set signed it/,
    ],
    [{ [`${at}/etcd/ca.crt`]: files[`${at}/ca.crt`] ?? "" }, /its authority .* is not in the set/],
    [{ [`${at}/apiserver.key`]: files[`${at}/etcd/server.key`] ?? "" }, /is not the key of/],
    [{ [`${at}/sa.pub`]: others[`${at}/sa.pub`] ?? "" }, /sa\.pub does not belong to/],
    [{ "/etc/kubernetes/enc/config.yaml": encryptionConfig(Buffer.alloc(32, 9)) }, /do not open with the keys of the set/],
  ];
  for (const [changed, why] of cases) {
    const found = await made({ machines: { cp1: { ...files, ...changed } } });
    assert.equal(found.stop, "V3 fails", found.why);
    assert.match(found.why, why);
  }
});

test("levels: an orphan's snapshot, one that is older than what was seen, a clock in the past: V3", async () => {
  const cluster = { clusterId: asClusterId("abc") };
  const orphan = await made({ cluster: { clusterId: asClusterId("def") }, lastSeen: lastSeenAt(1n) });
  assert.deepEqual([orphan.stop, /saw cluster abc/.test(orphan.why)], ["V3 fails", true]);
  const older = await made({ cluster, lastSeen: lastSeenAt(99n) });
  assert.deepEqual([older.stop, /saw revision 99/.test(older.why)], ["V3 fails", true]);
  const past = await made({ cluster, facts: (facts) => ({ ...facts, createdAt: "2024-01-01T00:00:00.000Z" }) });
  assert.deepEqual([past.stop, /clock of the machine that made it was in the past/.test(past.why)], ["V3 fails", true]);
});

test("levels: a proof with a flipped bit, or of another manifest, proves nothing", async () => {
  const place = join(work, String((worlds += 1)));
  cpSync(whole.place, place, { recursive: true });
  await verified(whole, place);
  const [file = ""] = filesBelow(place, "proofs").slice(-1);
  const manifestSha256 = createHash("sha256")
    .update(readFileSync(join(place, manifestFile)))
    .digest("hex");
  const read = async (): Promise<number> =>
    (await readProofs({ ...whole.set.reading, store: new DirectoryStore(place) }, { id: firstSet, manifestSha256 })).length;
  const before = await read();
  const content = readFileSync(file);
  for (let at = 0; at < content.length; at += 41) {
    change(file, () => flipped(at)(Buffer.from(content)));
    assert.equal(await read(), before - 1, `byte ${String(at)}`);
  }
});
