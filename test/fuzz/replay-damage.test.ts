/**
 * Damaged databases and logs, replayed and restored: a state or a typed error,
 * in bounded time, never another error. What was restored from damage can be
 * read again and checks as whole. REQUORUM_FUZZ_ROUNDS says how many (1500 when
 * it is not set), REQUORUM_FUZZ_SEED where to begin; a failure names its seed.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { openBolt } from "../../src/formats/bbolt/bolt-file.ts";
import { checkBolt } from "../../src/formats/bbolt/check-bolt.ts";
import { writeBolt } from "../../src/formats/bbolt/bolt-writer.ts";
import { MemoryByteSource } from "../../src/formats/byte-source.ts";
import { openMvcc } from "../../src/formats/etcd/mvcc/open-mvcc.ts";
import { encodeConfChange } from "../../src/formats/etcd/raft/encode-raft.ts";
import type { RaftEntry } from "../../src/formats/etcd/raft/raft-messages.ts";
import { replayLog } from "../../src/formats/etcd/replay/replay-log.ts";
import { lossError, usableLog } from "../../src/formats/etcd/replay/usable-log.ts";
import { planRestore } from "../../src/formats/etcd/restore/restore-plan.ts";
import { writeRestoredDatabase } from "../../src/formats/etcd/restore/write-restored-database.ts";
import { readMeta } from "../../src/formats/etcd/schema/read-meta.ts";
import { openWal } from "../../src/formats/etcd/wal/open-wal.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import { MemoryBoltSink } from "../support/bolt-bytes.ts";
import { makeWal, segmentsOf } from "../support/make-wal.ts";
import { deleteEntry, MemoryBolt, putEntry, revisionEntry } from "../support/memory-bolt.ts";
import * as made from "../support/raft-requests.ts";
import { seededRandom } from "../support/seeded-random.ts";

const rounds = Number(process.env["REQUORUM_FUZZ_ROUNDS"] ?? "1500");
const firstSeed = Number(process.env["REQUORUM_FUZZ_SEED"] ?? "1");
/** A round takes a few ms; a machine that builds other things at the same time was seen to be 50 times slower. */
const roundMsMax = 10_000;

const uint64 = (value: bigint): Uint8Array => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
};

function databaseBytes(): Uint8Array {
  const base = new MemoryBolt({
    alarm: [],
    auth: [],
    cluster: [{ key: Buffer.from("clusterVersion"), value: Buffer.from("3.7.0") }],
    key: [
      ...Array.from({ length: 60 }, (_, at) =>
        putEntry(BigInt(at + 2), `k${String(at % 20)}`, {
          create: BigInt((at % 20) + 2),
          version: BigInt(Math.floor(at / 20) + 1),
          value: "x".repeat(at * 7),
          lease: at % 5 === 0 ? 9n : 0n,
        }),
      ),
      deleteEntry(62n, "k3"),
    ],
    lease: [{ key: uint64(9n), value: Uint8Array.of(8, 9, 16, 60) }],
    members: [{ key: Buffer.from("5"), value: Buffer.from('{"id":5,"peerURLs":["http://a:1"],"name":"m1"}') }],
    members_removed: [],
    meta: [
      { key: Buffer.from("consistent_index"), value: uint64(10n) },
      revisionEntry("finishedCompactRev", 3n),
      { key: Buffer.from("term"), value: uint64(2n) },
    ],
  });
  const sink = new MemoryBoltSink();
  writeBolt(
    sink,
    [...base.root.bucketNames()].map((name) => ({ name, entries: base.root.bucket(name)?.entries() ?? [] })),
    { pageSizeBytes: 1024 },
  );
  return sink.content();
}

const requests: readonly Uint8Array[] = [
  made.putRequest("k1", { value: "new" }),
  made.putRequest("k2", { ignoreValue: true }),
  made.leaseGrantRequest(8n),
  made.putRequest("fresh", { lease: 8n }),
  made.txnRequest({
    compare: [made.compareVersion("k1", 1, 0n), made.compareValue("k1", 0, "new")],
    success: [made.put("t1"), made.txn({ success: [made.deleteKey("k4"), made.rangeAt("k1", 20n)] }), made.deleteKey("k5", "k7")],
    failure: [made.put("t2")],
  }),
  made.deleteRequest("k1", "k3"),
  made.compactionRequest(30n),
  made.checkpointRequest(9n, 12n),
  made.leaseRevokeRequest(9n),
  made.alarmRequest(1, 1),
  made.putRequest("refused"),
  made.alarmRequest(2, 1),
  made.clusterVersionRequest("3.7.0"),
  made.memberAttributesRequest(5n, "m1", "http://a:2"),
];
const database = databaseBytes();

function entryOf(at: number, data: Uint8Array): RaftEntry {
  return { kind: "normal", term: 2n, index: BigInt(9 + at), data };
}

function flip(bytes: Uint8Array, random: () => number): Uint8Array {
  const copy = bytes.slice();
  for (let left = 1 + Math.floor(random() * 3); left > 0 && copy.length > 0; left -= 1) {
    const at = Math.floor(random() * copy.length);
    copy[at] = random() < 0.5 ? (copy[at] ?? 0) ^ (1 << Math.floor(random() * 8)) : Math.floor(random() * 256);
  }
  return random() < 0.1 ? copy.slice(0, Math.floor(random() * copy.length)) : copy;
}

function round(seed: number): "state" | "error" {
  const random = seededRandom(seed);
  const what = random();
  const db = what < 0.4 ? flip(database, random) : database;
  const entries = requests.map((data, at) => entryOf(at, what >= 0.4 && what < 0.9 && random() < 0.15 ? flip(data, random) : data));
  const change = encodeConfChange({
    kind: "add-learner-node",
    id: 0n,
    memberId: 6n,
    context: Buffer.from('{"id":6,"peerURLs":["http://b:1"],"isLearner":true}'),
  });
  entries.push({ kind: "conf-change", term: 2n, index: BigInt(9 + entries.length), data: random() < 0.1 ? flip(change, random) : change });
  const files = makeWal((wal) => {
    for (const one of entries) wal.entry(one);
    wal.state({ term: 2n, vote: 0n, commit: 20n });
  });
  if (what >= 0.9) for (const [name, bytes] of files) files.set(name, flip(bytes, random));
  try {
    const bolt = openBolt(new MemoryByteSource(db, "db"));
    const wal = openWal(segmentsOf(files));
    const { log, loss, mustStopAtCommit } = usableLog(wal, readMeta(bolt), "wal");
    if (log === undefined) throw loss === undefined ? new Error("no log and no loss") : lossError(loss, "wal");
    const state = replayLog(bolt, log, { through: mustStopAtCommit ? "recorded-commit" : "last-entry" });
    let keyBytes = 0;
    for (const record of openMvcc(state.bolt).records()) keyBytes += record.key.length;
    assert.ok(keyBytes >= 0);
    const plan = planRestore(
      state.bolt,
      { clusterToken: "t", members: [{ name: "m1", peerUrls: ["http://a:1"] }], revisionBump: 10n },
      (data) => createHash("sha1").update(data).digest(),
    );
    const sink = new MemoryBoltSink();
    writeRestoredDatabase(state.bolt, plan, sink);
    const restored = new MemoryByteSource(sink.content(), "restored");
    assert.deepEqual(checkBolt(restored).problems, []);
    assert.equal(openMvcc(openBolt(restored)).revision, plan.revision);
    return "state";
  } catch (error) {
    if (error instanceof RecoveryError) return "error";
    throw error;
  }
}

test("replay and restore: damaged databases and logs end in a state or a typed error", () => {
  const counts = { state: 0, error: 0 };
  for (let seed = firstSeed; seed < firstSeed + rounds; seed += 1) {
    const started = performance.now();
    try {
      counts[round(seed)] += 1;
    } catch (error) {
      throw new Error(`seed ${String(seed)}`, { cause: error });
    }
    assert.ok(performance.now() - started < roundMsMax, `seed ${String(seed)} took too long`);
  }
  // Both happen, so that neither side of the test is empty.
  assert.ok(counts.state > 0 && counts.error > 0, JSON.stringify(counts));
});
