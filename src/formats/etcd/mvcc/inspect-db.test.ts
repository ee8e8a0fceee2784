import assert from "node:assert/strict";
import test from "node:test";
import { isRecoveryError } from "../../../../test/support/is-recovery-error.ts";
import { deleteEntry, MemoryBolt, putEntry, revisionEntry } from "../../../../test/support/memory-bolt.ts";
import type { BoltEntry } from "../../bbolt/bolt-reader.ts";
import { crc32c } from "../../crc32c.ts";
import { inspectDb, inspectRecords, snapshotStatus } from "./inspect-db.ts";
import { openMvcc } from "./open-mvcc.ts";
import { viewAt } from "./view-at.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const records: readonly BoltEntry[] = [
  putEntry(2n, "/registry/pods/x/a", { create: 2n, value: "1" }),
  putEntry(3n, "/registry/apps.example/things/b", { create: 3n, value: "22222222" }),
  putEntry(4n, "/registry/pods/x/a", { create: 2n, value: "333" }),
  putEntry(5n, "/registry/pods/x/c", { create: 5n }),
  deleteEntry(6n, "/registry/pods/x/c"),
  putEntry(7n, "compact_rev_key", { create: 7n }),
];
const meta = [{ key: Buffer.from("storageVersion"), value: Buffer.from("3.6.0") }];

test("snapshotStatus: hash over all buckets, both meanings of total keys, the last revision", () => {
  const bolt = new MemoryBolt({ meta, key: records, members: [] });
  let hash = crc32c(Buffer.from("key"));
  for (const { key, value } of records) hash = crc32c(value, crc32c(key, hash));
  for (const part of ["members", "meta", "storageVersion", "3.6.0"]) hash = crc32c(Buffer.from(part), hash);
  assert.deepEqual(snapshotStatus(bolt), {
    hash,
    revision: 7n,
    totalLiveKeys: 3,
    totalEntries: 7,
    sizeBytes: 40_960,
    storageVersion: "3.6.0",
  });
});

test("inspectDb: counts and bytes by prefix, live ones and all revisions", () => {
  const { byPrefix, liveKeys, tombstones, records: count } = inspectDb(new MemoryBolt({ key: records, meta }));
  assert.deepEqual([liveKeys, tombstones, count], [3, 1, 6]);
  const size = (...which: readonly number[]): number => which.reduce((sum, at) => sum + (records[at]?.value.length ?? 0), 0);
  assert.deepEqual(
    byPrefix.map((one) => ({ ...one, prefix: text(one.prefix) })),
    [
      { prefix: "/registry/pods/", isRest: false, liveKeys: 1, liveBytes: size(2), records: 4, recordBytes: size(0, 2, 3, 4) },
      { prefix: "/registry/apps.example/things/", isRest: false, liveKeys: 1, liveBytes: size(1), records: 1, recordBytes: size(1) },
      { prefix: "", isRest: false, liveKeys: 1, liveBytes: size(5), records: 1, recordBytes: size(5) },
    ],
  );
});

test("inspectDb: the top keys by size, by revisions and by bytes of all revisions", () => {
  const found = inspectDb(new MemoryBolt({ key: records, meta }), { topKeys: 2 });
  assert.deepEqual(
    found.topBySize.map((one) => text(one.key)),
    ["/registry/apps.example/things/b", "/registry/pods/x/a"],
  );
  assert.deepEqual(
    found.topByRevisions.map((one) => [text(one.key), one.revisions, one.isLive]),
    [
      ["/registry/pods/x/a", 2, true],
      ["/registry/pods/x/c", 2, false],
    ],
  );
  assert.equal(text(found.topByTotalBytes[0]?.key ?? new Uint8Array(0)), "/registry/pods/x/a");
});

test("inspectDb: with a table too small for the keys it reads again and counts the same", () => {
  const many = Array.from({ length: 500 }, (_, at) =>
    putEntry(BigInt(at + 2), `/registry/pods/${at % 170}`, { create: BigInt((at % 170) + 2), version: BigInt(1 + Math.floor(at / 170)) }),
  );
  const bolt = new MemoryBolt({ key: many, meta });
  const whole = inspectDb(bolt, { topKeys: 500 });
  for (const maxKeys of [1, 9, 100]) {
    const parts = inspectDb(bolt, { topKeys: 500, maxKeys });
    assert.deepEqual(
      { ...parts, topBySize: [], topByRevisions: [], topByTotalBytes: [] },
      { ...whole, topBySize: [], topByRevisions: [], topByTotalBytes: [] },
    );
    assert.deepEqual(
      parts.topByRevisions.map((one) => one.revisions),
      whole.topByRevisions.map((one) => one.revisions),
    );
  }
});

test("inspectDb: the record without a key of a bump counts in the status and not among the live keys", () => {
  const mark = { key: putEntry(1000n, "", { create: 1n }).key, value: new Uint8Array(0) };
  const found = inspectDb(new MemoryBolt({ key: [...records, mark], meta: [revisionEntry("scheduledCompactRev", 1000n)] }));
  assert.deepEqual([found.hasRevisionMarker, found.liveKeys, found.status.totalLiveKeys], [true, 3, 4]);
  assert.deepEqual([found.problemCount, found.currentRevision, found.scheduledCompactRevision], [0, 1000n, 1000n]);
});

test("inspectDb: records that etcd never writes are named, and are no error", () => {
  const odd = [
    { ...putEntry(2n, "a", { create: 2n }), key: putEntry(9n, "a", { create: 2n }).key },
    putEntry(10n, "b", { create: 11n }),
    putEntry(11n, "c", { create: 3n, version: 0n }),
    putEntry(12n, "d", { create: 3n, version: 1n }),
    putEntry(13n, "", { create: 13n }),
    { key: deleteEntry(14n, "e").key, value: putEntry(14n, "e", { create: 14n }).value },
    deleteEntry(15n, ""),
  ];
  const { problems, problemCount } = inspectDb(new MemoryBolt({ key: odd, meta: [revisionEntry("finishedCompactRev", 8n)] }));
  assert.equal(problemCount, 7);
  assert.deepEqual(
    problems.map((one) => one.revision),
    ["9.0", "10.0", "11.0", "12.0", "13.0", "14.0", "15.0"],
  );
  assert.match(problems[0]?.what ?? "", /written by revision 2/);
});

test("inspectDb: a missing record above the compaction is named, below it is not missed", () => {
  const compacted = (main: bigint): readonly BoltEntry[] => [
    revisionEntry("finishedCompactRev", main),
    revisionEntry("scheduledCompactRev", main),
  ];
  const kept = [
    putEntry(3n, "a", { create: 3n }),
    putEntry(8n, "b", { create: 8n }),
    putEntry(8n, "c", { create: 8n, sub: 1n }),
    putEntry(9n, "d", { create: 9n }),
  ];
  const problemsOf = (key: readonly BoltEntry[], main: bigint): readonly string[] =>
    inspectDb(new MemoryBolt({ key, meta: compacted(main) })).problems.map((one) => `${one.revision}: ${one.what}`);
  assert.deepEqual(problemsOf(kept, 7n), []);
  assert.deepEqual(problemsOf(kept.slice(2), 7n), ["8.1: records between revision 7.0 and this one are missing"]);
  assert.deepEqual(problemsOf(kept, 5n), ["8.0: records between revision 5.0 and this one are missing"]);
  assert.deepEqual(problemsOf([...kept.slice(0, 3), putEntry(10n, "d", { create: 10n })], 7n), [
    "10.0: records between revision 8.2 and this one are missing",
  ]);
});

test("inspectDb: a record that cannot be read is FILE_DAMAGED, another program's file FILE_NOT_RECOGNISED", () => {
  const broken = { key: putEntry(8n, "a", { create: 8n }).key, value: Uint8Array.of(0x0a, 9) };
  assert.throws(() => inspectDb(new MemoryBolt({ key: [...records, broken], meta })), isRecoveryError("FILE_DAMAGED", /revision 8\.0/));
  assert.throws(() => inspectDb(new MemoryBolt({ things: [] })), isRecoveryError("FILE_NOT_RECOGNISED"));
});

test("inspectRecords: counts a source that is no file in the same way", () => {
  const bolt = new MemoryBolt({ key: records, meta });
  assert.deepEqual(inspectRecords(openMvcc(bolt)).byPrefix, inspectDb(bolt).byPrefix);
});

test("inspectDb: progress never goes back and ends at the whole", () => {
  const told: number[] = [];
  inspectDb(new MemoryBolt({ key: records, meta }), { onBytes: (done, total) => told.push(done / total) });
  assert.deepEqual(
    told,
    [...told].sort((one, other) => one - other),
  );
  assert.equal(told.at(-1), 1);
});

test("inspectDb, viewAt: two keys of one transaction that MurmurHash3 takes for one are two", () => {
  const made = Buffer.from("2f72656769737472792f636f6e666967732f7368d46d94a3ae2cc442954f1cc2", "hex");
  const secret = "/registry/secrets/shop/app-login";
  const bolt = new MemoryBolt({ meta, key: [putEntry(2n, secret, { create: 2n }), putEntry(2n, made, { create: 2n, sub: 1n })] });
  assert.equal(inspectDb(bolt).liveKeys, 2);
  assert.deepEqual(
    [...viewAt(openMvcc(bolt), 0n).records()].map(({ key }) => Buffer.from(key).toString("latin1")),
    [secret, made.toString("latin1")],
  );
});
