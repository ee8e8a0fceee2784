import assert from "node:assert/strict";
import test from "node:test";
import { isRecoveryError } from "../../../../test/support/is-recovery-error.ts";
import { deleteEntry, MemoryBolt, putEntry, revisionEntry } from "../../../../test/support/memory-bolt.ts";
import { seededRandom } from "../../../../test/support/seeded-random.ts";
import type { BoltEntry } from "../../bbolt/bolt-reader.ts";
import type { MvccRecords } from "../mvcc-records.ts";
import { findKey } from "./find-key.ts";
import { openMvcc } from "./open-mvcc.ts";
import { viewAt } from "./view-at.ts";

const keyText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const open = (key: readonly BoltEntry[], meta: readonly BoltEntry[] = []): MvccRecords => openMvcc(new MemoryBolt({ key, meta }));
const view = (records: MvccRecords, revision: bigint, maxKeys?: number): readonly string[] =>
  [...viewAt(records, revision, { maxKeys }).records()].map((record) => `${keyText(record.key)}@${record.main}.${record.sub}`);

const story = [
  putEntry(2n, "a", { create: 2n }),
  putEntry(3n, "b", { create: 3n }),
  putEntry(4n, "a", { create: 2n }),
  deleteEntry(5n, "b"),
  putEntry(6n, "b", { create: 6n }),
  putEntry(6n, "c", { create: 6n, sub: 1n }),
  deleteEntry(7n, "a"),
];

test("viewAt: each revision shows the last record of every key that is not deleted, in the order of revisions", () => {
  const records = open(story);
  assert.deepEqual(
    [2n, 3n, 4n, 5n, 6n, 7n].map((revision) => view(records, revision)),
    [["a@2.0"], ["a@2.0", "b@3.0"], ["b@3.0", "a@4.0"], ["a@4.0"], ["a@4.0", "b@6.0", "c@6.1"], ["b@6.0", "c@6.1"]],
  );
  assert.deepEqual(view(records, 0n), ["b@6.0", "c@6.1"]);
  assert.deepEqual([viewAt(records, 0n).count, viewAt(records, 0n).revision], [2, 7n]);
});

test("viewAt: revisions below the compaction, also one that was only begun, and above the newest are refused", () => {
  const compacted = open(story, [revisionEntry("finishedCompactRev", 4n), revisionEntry("scheduledCompactRev", 4n)]);
  assert.deepEqual(view(compacted, 4n), ["b@3.0", "a@4.0"]);
  for (const revision of [1n, 3n, 8n, -1n])
    assert.throws(() => viewAt(compacted, revision), isRecoveryError("REVISION_NOT_IN_FILE", /holds 4 to 7/));
  const begun = open(story, [revisionEntry("finishedCompactRev", 2n), revisionEntry("scheduledCompactRev", 5n)]);
  assert.deepEqual([begun.compactRevision, begun.scheduledCompactRevision], [2n, 5n]);
  assert.throws(() => viewAt(begun, 4n), isRecoveryError("REVISION_NOT_IN_FILE", /holds 5 to 7/));
});

test("openMvcc: the newest revision is that of the last record, or of a compaction beyond it", () => {
  assert.equal(open([]).revision, 1n);
  assert.equal(open(story).revision, 7n);
  assert.equal(open(story, [revisionEntry("scheduledCompactRev", 9n)]).revision, 9n);
  assert.equal(open([putEntry(1_000_000_000_123n, "a", { create: 5n })]).revision, 1_000_000_000_123n);
});

test("openMvcc: a record is found by its revision, a deletion too, and another program's file is refused", () => {
  const records = open(story);
  assert.equal(keyText(records.find(6n, 1n)?.key ?? new Uint8Array(0)), "c");
  assert.equal(records.find(7n, 0n)?.isTombstone, true);
  assert.equal(records.find(8n, 0n), undefined);
  assert.deepEqual(
    [...records.records(6n)].map((record) => record.main),
    [6n, 6n, 7n],
  );
  assert.throws(() => openMvcc(new MemoryBolt({ other: [] })), isRecoveryError("FILE_NOT_RECOGNISED"));
});

test("viewAt: the record without a key of a revision bump is not part of it", () => {
  const records = open([...story, { key: putEntry(1000n, "", { create: 1n }).key, value: new Uint8Array(0) }]);
  assert.deepEqual(view(records, 0n), ["b@6.0", "c@6.1"]);
  assert.equal(viewAt(records, 0n).count, 2);
});

test("findKey: one key at a revision, undefined before it was made and after it was deleted", () => {
  const records = open(story);
  const at = (key: string, revision: bigint): bigint | undefined => findKey(records, Buffer.from(key), { revision })?.main;
  assert.deepEqual(
    [at("b", 2n), at("b", 4n), at("b", 5n), at("b", 0n), at("a", 0n), at("x", 0n)],
    [undefined, 3n, undefined, 6n, undefined, undefined],
  );
});

test("viewAt: with a table too small for the keys it reads again and shows the same", () => {
  const random = seededRandom(5);
  const created = new Map<string, bigint>();
  const entries: BoltEntry[] = [];
  for (let main = 2n; main < 2000n; main += 1n) {
    const key = `/registry/pods/${Math.floor(random() * 300)}`;
    const create = created.get(key);
    if (create !== undefined && random() < 0.3) {
      created.delete(key);
      entries.push(deleteEntry(main, key));
    } else {
      created.set(key, create ?? main);
      entries.push(putEntry(main, key, { create: create ?? main }));
    }
  }
  const records = open(entries);
  const expected = view(records, 0n);
  assert.equal(expected.length, created.size);
  for (const maxKeys of [1, 2, 7, 50, 299]) assert.deepEqual(view(records, 0n, maxKeys), expected, `at most ${maxKeys} keys`);
});

test("viewAt: records that contradict their key's creation are followed by comparing the keys themselves", () => {
  const records = open([
    putEntry(2n, "a", { create: 2n }),
    putEntry(3n, "a", { create: 3n }),
    deleteEntry(4n, "a"),
    deleteEntry(5n, "a"),
    putEntry(6n, "a", { create: 2n }),
  ]);
  assert.deepEqual(view(records, 0n), ["a@6.0"]);
});
