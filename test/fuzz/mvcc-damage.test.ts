/**
 * Entries of etcd's buckets, damaged one to three at a time: every reader ends
 * in a value or in an error of the catalogue, and what it gives agrees with
 * plain maps over the same entries. REQUORUM_FUZZ_ROUNDS and
 * REQUORUM_FUZZ_SEED ask for more.
 */
import assert from "node:assert/strict";
import test from "node:test";
import type { BoltEntry } from "../../src/formats/bbolt/bolt-reader.ts";
import { openBolt } from "../../src/formats/bbolt/bolt-file.ts";
import { writeBolt } from "../../src/formats/bbolt/bolt-writer.ts";
import { checkBolt } from "../../src/formats/bbolt/check-bolt.ts";
import { MemoryByteSource } from "../../src/formats/byte-source.ts";
import { crc32c } from "../../src/formats/crc32c.ts";
import { looksLike } from "../../src/formats/etcd/looks-like.ts";
import { findKey } from "../../src/formats/etcd/mvcc/find-key.ts";
import { hashKv } from "../../src/formats/etcd/mvcc/hash-kv.ts";
import { inspectDb } from "../../src/formats/etcd/mvcc/inspect-db.ts";
import { openMvcc } from "../../src/formats/etcd/mvcc/open-mvcc.ts";
import { StoredRecord } from "../../src/formats/etcd/mvcc/stored-record.ts";
import { viewAt } from "../../src/formats/etcd/mvcc/view-at.ts";
import { readLeases } from "../../src/formats/etcd/schema/read-leases.ts";
import { readSchema } from "../../src/formats/etcd/schema/read-schema.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import { MemoryBoltSink } from "../support/bolt-bytes.ts";
import { damageBolt } from "../support/damage-bolt.ts";
import { deleteEntry, MemoryBolt, putEntry, revisionEntry, varint } from "../support/memory-bolt.ts";
import { seededRandom } from "../support/seeded-random.ts";

const rounds = Number(process.env["REQUORUM_FUZZ_ROUNDS"] ?? "5000");
const firstSeed = Number(process.env["REQUORUM_FUZZ_SEED"] ?? "1");
const typed = new Set(["FILE_DAMAGED", "FILE_UNSUPPORTED", "FILE_NOT_RECOGNISED", "REVISION_NOT_IN_FILE"]);

type Buckets = { readonly [name: string]: readonly BoltEntry[] };
const entry = (key: string | Uint8Array, value: string | Uint8Array): BoltEntry => ({ key: Buffer.from(key), value: Buffer.from(value) });
const eight = (value: number): Uint8Array => Uint8Array.of(0, 0, 0, 0, 0, 0, value >> 8, value & 0xff);

const whole: Buckets = {
  key: [
    putEntry(2n, "/registry/pods/a", { create: 2n, lease: 77n }),
    putEntry(3n, "/registry/pods/b", { create: 3n }),
    putEntry(4n, "/registry/pods/a", { create: 2n }),
    deleteEntry(5n, "/registry/pods/b"),
    putEntry(6n, "/registry/pods/b", { create: 6n }),
    putEntry(6n, "/registry/apps.example/things/c", { create: 6n, sub: 1n, value: "long ".repeat(20) }),
    deleteEntry(7n, "/registry/pods/a"),
    putEntry(8n, "compact_rev_key", { create: 8n }),
  ],
  meta: [
    entry("consistent_index", eight(900)),
    entry("term", eight(3)),
    entry("confState", '{"voters":[10276657743932975437],"auto_leave":false}'),
    entry("storageVersion", "3.6.0"),
    revisionEntry("finishedCompactRev", 3n),
    revisionEntry("scheduledCompactRev", 4n),
  ],
  lease: [entry(eight(77), Uint8Array.of(8, 77, 16, ...varint(3600n)))],
  alarm: [entry(Uint8Array.of(8, ...varint(10276657743932975437n), 16, 1), "")],
  cluster: [entry("clusterVersion", "3.6.0"), entry("downgrade", '{"target-version":"","enabled":false}')],
  members: [
    entry("8e9e05c52164694d", '{"id":10276657743932975437,"peerURLs":["https://h:2380"],"name":"m1","clientURLs":["https://h:2379"]}'),
  ],
  members_removed: [entry("ade526d28b1f92f7", "removed")],
  auth: [entry("authEnabled", Uint8Array.of(1)), entry("authRevision", eight(4))],
  authUsers: [entry("root", Uint8Array.of(10, 4, 114, 111, 111, 116, 18, 2, 36, 50, 26, 1, 114, 34, 2, 8, 0))],
  authRoles: [entry("r", Uint8Array.of(10, 1, 114, 18, 7, 8, 2, 18, 1, 97, 26, 0))],
};

/** One change of bytes, as a bad disk or a bad writer makes it. */
function changed(bytes: Uint8Array, random: () => number): Uint8Array {
  const below = (limit: number): number => Math.floor(random() * limit);
  const at = below(bytes.length);
  const parts = [bytes.subarray(0, at), bytes.subarray(at)] as const;
  switch (below(6)) {
    case 0:
      return bytes.length === 0 ? bytes : bytes.with(at, (bytes[at] ?? 0) ^ (1 << below(8)));
    case 1:
      return bytes.length === 0 ? bytes : bytes.with(at, [0, 1, 0x7f, 0x80, 0xff][below(5)] ?? 0);
    case 2:
      return parts[0];
    case 3:
      return Buffer.concat([parts[0], Uint8Array.from({ length: 1 + below(12) }, () => below(256)), parts[1]]);
    case 4:
      return Buffer.concat([parts[0], varint(BigInt(below(2 ** 32)) << BigInt(below(33))), parts[1].subarray(1)]);
    default:
      return Buffer.concat([bytes, bytes]);
  }
}

function damagedCopy(random: () => number): Buckets {
  const copy = Object.fromEntries(Object.entries(whole).map(([name, entries]) => [name, [...entries]]));
  const names = Object.keys(copy);
  for (let left = 1 + Math.floor(random() * 3); left > 0; left -= 1) {
    // Half of them in the keys, where most of a file's bytes are.
    const name = random() < 0.5 ? "key" : (names[Math.floor(random() * names.length)] ?? "key");
    const entries = copy[name] ?? [];
    const at = Math.floor(random() * entries.length);
    const { key, value } = entries[at] ?? entry("", "");
    entries[at] = random() < 0.3 ? { key: changed(key, random), value } : { key, value: changed(value, random) };
    if (random() < 0.02) copy[name] = [];
    if (random() < 0.01) Reflect.deleteProperty(copy, name);
  }
  return copy;
}

/** The value, or undefined after an error of the catalogue; anything else fails the test. */
function orTyped<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof RecoveryError && typed.has(error.code)) return undefined;
    throw error;
  }
}

/** As plainly as can be: the last record of each key up to a revision, deletions left out. */
function liveOf(records: readonly StoredRecord[], upTo: bigint): ReadonlyMap<string, StoredRecord> {
  const live = new Map<string, StoredRecord>();
  for (const record of records) {
    if (record.main > upTo) break;
    const key = Buffer.from(record.key).toString("latin1");
    if (record.isTombstone) live.delete(key);
    else live.set(key, record);
  }
  return live;
}

function assertReaders(buckets: Buckets): "all read" | "refused" {
  const bolt = new MemoryBolt(buckets);
  orTyped(() => readSchema(bolt));
  orTyped(() => [...readLeases(bolt)]);
  const found = orTyped(() => inspectDb(bolt));
  const records = orTyped(() => openMvcc(bolt));
  if (records === undefined) return "refused";
  for (const revision of [0n, 5n, 7n]) {
    orTyped(() => hashKv(records, revision, { version: "3.6" }));
    orTyped(() => findKey(records, Buffer.from("/registry/pods/a"), { revision }));
    orTyped(() => [...viewAt(records, revision).records()]);
  }
  if (found === undefined) return "refused";
  const plain = [...(bolt.root.bucket(Buffer.from("key"))?.entries() ?? [])].map(({ key, value }) => new StoredRecord("", key, value));
  const live = liveOf(plain, records.revision);
  assert.equal(found.status.totalLiveKeys, live.size);
  assert.equal(found.records, plain.length);
  let hash = 0;
  for (const name of bolt.root.bucketNames()) {
    hash = crc32c(name, hash);
    for (const { key, value } of bolt.root.bucket(name)?.entries() ?? []) hash = crc32c(value, crc32c(key, hash));
  }
  assert.equal(found.status.hash, hash);
  const newest = viewAt(records, 0n, { maxKeys: 2 });
  assert.deepEqual(
    [...newest.records()].map((record) => `${record.main}.${record.sub}`),
    [...live.values()]
      .filter((record) => record.keyEnd > record.keyStart)
      .sort(byRevision)
      .map((record) => record.revisionText()),
  );
  assert.equal(newest.count, found.liveKeys);
  return "all read";
}

function byRevision(one: StoredRecord, other: StoredRecord): number {
  return one.mainNumber - other.mainNumber || Number(one.sub - other.sub);
}

test("the whole set of entries is read without a problem", () => {
  assert.equal(assertReaders(whole), "all read");
  assert.equal(inspectDb(new MemoryBolt(whole)).problemCount, 0);
  const schema = readSchema(new MemoryBolt(whole));
  assert.deepEqual([schema.consistentIndex, schema.term, schema.schemaVersion, schema.leaseCount], [900n, 3n, "3.6", 1]);
  assert.deepEqual([schema.confState?.voters, schema.members[0]?.id], [[0x8e9e05c52164694dn], "8e9e05c52164694d"]);
});

test(`${String(rounds)} damaged sets of entries from seed ${String(firstSeed)}: a value that plain maps give too, or an error of the catalogue`, () => {
  const seen = { "all read": 0, refused: 0 };
  for (let seed = firstSeed; seed < firstSeed + rounds; seed += 1) {
    const buckets = damagedCopy(seededRandom(seed));
    try {
      seen[assertReaders(buckets)] += 1;
    } catch (error) {
      throw new Error(`REQUORUM_FUZZ_SEED=${String(seed)} REQUORUM_FUZZ_ROUNDS=1`, { cause: error });
    }
  }
  if (rounds > 100) assert.ok(seen["all read"] > rounds / 20 && seen.refused > rounds / 20, JSON.stringify(seen));
});

/** A file of some pages, with revisions that follow from each other. */
function wholeFile(): { readonly bytes: Uint8Array; readonly revisions: readonly string[] } {
  const random = seededRandom(11);
  const created = new Map<string, bigint>();
  const versions = new Map<string, bigint>();
  const key: BoltEntry[] = [];
  for (let main = 5n; main < 400n; main += 1n) {
    const name = `/registry/pods/ns/${String(Math.floor(random() * 60))}`;
    const create = created.get(name);
    if (create !== undefined && random() < 0.2) {
      created.delete(name);
      key.push(deleteEntry(main, name));
      continue;
    }
    created.set(name, create ?? main);
    versions.set(name, create === undefined ? 1n : (versions.get(name) ?? 0n) + 1n);
    key.push(
      putEntry(main, name, { create: create ?? main, version: versions.get(name) ?? 1n, value: "v".repeat(Math.floor(random() * 90)) }),
    );
  }
  const buckets = Object.entries({ ...whole, key }).sort(([one], [other]) => (one < other ? -1 : 1));
  const sink = new MemoryBoltSink();
  const byKey = (one: BoltEntry, other: BoltEntry): number => Buffer.compare(one.key, other.key);
  writeBolt(
    sink,
    buckets.map(([name, entries]) => ({ name: Buffer.from(name), entries: [...entries].sort(byKey) })),
    { pageSizeBytes: 1024 },
  );
  return { bytes: sink.content(), revisions: key.map((one) => Buffer.from(one.key).toString("hex")) };
}

test(`${String(rounds)} damaged files from seed ${String(firstSeed)}: every reader ends in a value or a typed error, and what all call good holds every record`, () => {
  const { bytes: original, revisions } = wholeFile();
  let good = 0;
  for (let seed = firstSeed; seed < firstSeed + rounds; seed += 1) {
    const { bytes, what } = damageBolt(original, 1024, seededRandom(seed));
    const source = new MemoryByteSource(bytes);
    try {
      looksLike(source);
      const bolt = orTyped(() => openBolt(source));
      if (bolt === undefined) continue;
      const schema = orTyped(() => readSchema(bolt));
      const found = orTyped(() => inspectDb(bolt));
      const records = orTyped(() => openMvcc(bolt));
      if (records !== undefined) {
        orTyped(() => [...viewAt(records, 0n).records()]);
        orTyped(() => hashKv(records, 0n, { version: "3.6" }));
      }
      if (schema === undefined || found?.problemCount !== 0 || checkBolt(source).verdict !== "good") continue;
      good += 1;
      const held = [...(bolt.root.bucket(Buffer.from("key"))?.entries() ?? [])].map(({ key }) => Buffer.from(key).toString("hex"));
      assert.deepEqual(held, revisions);
    } catch (error) {
      throw new Error(`REQUORUM_FUZZ_SEED=${String(seed)} REQUORUM_FUZZ_ROUNDS=1 (${what})`, { cause: error });
    }
  }
  if (rounds > 100) assert.ok(good > rounds / 100 && good < rounds, String(good));
});

test("looksLike answers for damaged starts of files", () => {
  for (let seed = firstSeed; seed < firstSeed + Math.min(rounds, 20_000); seed += 1) {
    const random = seededRandom(seed);
    const bytes = Uint8Array.from({ length: Math.floor(random() * 300) }, () => (random() < 0.5 ? 0x61 : Math.floor(random() * 256)));
    assert.ok(looksLike(new MemoryByteSource(bytes)).words.length > 0);
  }
});
