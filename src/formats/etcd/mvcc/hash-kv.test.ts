import assert from "node:assert/strict";
import test from "node:test";
import { isRecoveryError } from "../../../../test/support/is-recovery-error.ts";
import { deleteEntry, MemoryBolt, putEntry, revisionEntry } from "../../../../test/support/memory-bolt.ts";
import type { BoltEntry } from "../../bbolt/bolt-reader.ts";
import { crc32c } from "../../crc32c.ts";
import type { MvccRecords } from "../mvcc-records.ts";
import { hashKv } from "./hash-kv.ts";
import { inspectRecords } from "./inspect-db.ts";
import { openMvcc } from "./open-mvcc.ts";
import { RecordBits } from "./record-bits.ts";

const open = (key: readonly BoltEntry[], meta: readonly BoltEntry[] = []): MvccRecords => openMvcc(new MemoryBolt({ key, meta }));
const crcOf = (entries: readonly BoltEntry[]): number =>
  entries.reduce((crc, { key, value }) => crc32c(value, crc32c(key, crc)), crc32c(Buffer.from("key")));

const a2 = putEntry(2n, "a", { create: 2n });
const b3 = putEntry(3n, "b", { create: 3n });
const a4 = putEntry(4n, "a", { create: 2n });
const delB5 = deleteEntry(5n, "b");
const c6 = putEntry(6n, "c", { create: 6n });
const compactedAt = (main: bigint): readonly BoltEntry[] => [
  revisionEntry("finishedCompactRev", main),
  revisionEntry("scheduledCompactRev", main),
];

test("hashKv: without a compaction every record up to the revision counts", () => {
  const records = open([a2, b3, a4, delB5, c6]);
  assert.deepEqual(hashKv(records, 4n, { version: "3.6" }), {
    hash: crcOf([a2, b3, a4]),
    revision: 4n,
    compactRevision: -1n,
    isComparable: true,
  });
  assert.equal(hashKv(records, 0n, { version: "3.4.23" }).hash, crcOf([a2, b3, a4, delB5, c6]));
});

test("hashKv: of the compacted part only what is live at the revision counts", () => {
  const records = open([b3, a4, delB5, c6], compactedAt(4n));
  assert.equal(hashKv(records, 5n, { version: "3.5" }).hash, crcOf([a4, delB5]));
  assert.equal(hashKv(records, 4n, { version: "3.5" }).isComparable, false);
});

test("hashKv: what counting the keys found live spares the search for it, at the newest revision only", () => {
  const counted = (records: MvccRecords): RecordBits => {
    const live = new RecordBits();
    inspectRecords(records, { live });
    return live;
  };
  const marker = putEntry(1n, "", { create: 1n });
  for (const entries of [
    [b3, a4, delB5, c6],
    [marker, a2, b3, a4],
    [b3, delB5],
    [a2, putEntry(9n, "a", { create: 2n })],
  ])
    for (const compact of [2n, 4n, 5n]) {
      const records = open(entries, compactedAt(compact));
      if (records.revision < compact) continue;
      const live = counted(records);
      for (const at of [0n, compact])
        assert.deepEqual(hashKv(records, at, { version: "3.6", live }), hashKv(records, at, { version: "3.6" }));
    }
});

test("hashKv: a deletion at the compact revision is left out from 3.4.34, 3.5.16 and 3.6 on, and counts before", () => {
  const records = open([delB5, putEntry(6n, "b", { create: 6n }), deleteEntry(7n, "b")], compactedAt(5n));
  const later = [putEntry(6n, "b", { create: 6n }), deleteEntry(7n, "b")];
  for (const version of ["3.4.34", "3.5.16", "3.5", "3.6.0", "3.7.3"])
    assert.equal(hashKv(records, 7n, { version }).hash, crcOf(later), version);
  for (const version of ["3.4.23", "3.5.15"]) assert.equal(hashKv(records, 7n, { version }).hash, crcOf([delB5, ...later]), version);
});

test("hashKv: a compaction that was only begun counts as done", () => {
  const begun = open([a2, b3, a4, delB5, c6], [revisionEntry("finishedCompactRev", 2n), revisionEntry("scheduledCompactRev", 4n)]);
  const done = open([b3, a4, delB5, c6], compactedAt(4n));
  for (const revision of [5n, 6n])
    assert.deepEqual(hashKv(begun, revision, { version: "3.6" }), hashKv(done, revision, { version: "3.6" }));
});

test("hashKv: with nothing live at the revision, what a compaction leaves still counts", () => {
  const later = [delB5];
  const done = open([b3, ...later], compactedAt(4n));
  const begun = open([a2, deleteEntry(3n, "a", 1n), b3, ...later], [revisionEntry("scheduledCompactRev", 4n)]);
  assert.equal(hashKv(done, 5n, { version: "3.6" }).hash, crcOf([b3, delB5]));
  assert.equal(hashKv(begun, 5n, { version: "3.6" }).hash, crcOf([b3, delB5]));
});

test("hashKv: revisions that the file does not hold are refused, by 3.4 also the compact one", () => {
  const records = open([b3, a4, delB5, c6], compactedAt(4n));
  for (const [revision, version] of [
    [3n, "3.6"],
    [7n, "3.6"],
    [4n, "3.4.23"],
  ] as const)
    assert.throws(() => hashKv(records, revision, { version }), isRecoveryError("REVISION_NOT_IN_FILE"));
  assert.throws(() => hashKv(records, 5n, { version: "newest" }), TypeError);
});
