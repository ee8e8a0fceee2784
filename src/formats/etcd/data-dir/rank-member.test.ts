import assert from "node:assert/strict";
import { test } from "node:test";
import { makeWal, segmentsOf, textEntry } from "../../../../test/support/make-wal.ts";
import { openWal } from "../wal/open-wal.ts";
import type { WalLog } from "../wal/wal-log.ts";
import type { WalWriter } from "../wal/wal-writer.ts";
import { compareRanks, neededReceivedDatabase, rankMember, type MemberRank } from "./rank-member.ts";

const members = { voters: [0xa1n], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };
const logOf = (fill: (writer: WalWriter) => void): WalLog => openWal(segmentsOf(makeWal(fill)));
/** Entries `from` to `to` of term 1, and a hard state. */
const plain = (from: number, to: number, commit: number): WalLog =>
  logOf((writer) => {
    for (let index = from; index <= to; index += 1) writer.entry(textEntry(index));
    writer.state({ term: 1n, vote: 0xa1n, commit: BigInt(commit) });
  });
const rank = (wal: WalLog | undefined, consistentIndex: number | undefined, term = 1): MemberRank =>
  rankMember({
    name: "m1",
    wal,
    database: consistentIndex === undefined ? undefined : { consistentIndex: BigInt(consistentIndex), term: BigInt(term) },
    snapFiles: [],
  });
const kinds = (one: MemberRank): string[] => one.problems.map((problem) => problem.kind);

test("rankMember: the newest state is the log's end, and what is above the recorded commit is counted as uncertain", () => {
  const found = rank(plain(1, 20, 15), 10);
  assert.deepEqual(found.newest, { index: 20n, term: 1n });
  assert.deepEqual([found.unappliedCount, found.uncertainCount], [10n, 5n]);
  assert.deepEqual([found.memberId, found.clusterId], [0xa1n, 0xc1n]);
  assert.deepEqual(kinds(found), []);
});

test("rankMember: what the database has applied is certain, whatever commit index was recorded", () => {
  const found = rank(plain(1, 20, 15), 18);
  assert.deepEqual([found.unappliedCount, found.uncertainCount], [2n, 2n]);
});

test("rankMember: a log that ends before its database or its commit index has lost its newest segments (M8)", () => {
  const found = rank(plain(1, 20, 15), 1000);
  assert.deepEqual(kinds(found), ["log-ends-before-database"]);
  assert.deepEqual(found.newest, { index: 1000n, term: 1n });
  assert.deepEqual([found.unappliedCount, found.uncertainCount], [0n, 0n]);
  assert.deepEqual(kinds(rank(plain(1, 20, 30), 10)), ["log-ends-before-commit"]);
});

test("rankMember: a log that begins above its database cannot be replayed over it", () => {
  const found = rank(plain(50, 60, 55), 10);
  assert.deepEqual(kinds(found), ["log-begins-after-database"]);
  assert.deepEqual(found.newest, { index: 10n, term: 1n });
});

test("rankMember: database and log of two histories are not put together", () => {
  const found = rank(plain(1, 20, 15), 10, 4);
  assert.deepEqual(kinds(found), ["log-of-another-history"]);
  assert.deepEqual(found.newest, { index: 10n, term: 4n });
});

test("rankMember: no log, no database", () => {
  assert.deepEqual(kinds(rank(undefined, 10)), ["log-missing"]);
  const found = rank(plain(1, 20, 15), undefined);
  assert.deepEqual(kinds(found), ["database-missing"]);
  assert.equal(found.newest, undefined);
});

test("rankMember: a leader's snapshot that the database has not taken over is named, and the file that has it", () => {
  const wal = logOf((writer) => {
    writer.entry(textEntry(1));
    writer.snapshot({ index: 100n, term: 3n, confState: members });
    writer.entry(textEntry(101, 3));
    writer.state({ term: 3n, vote: 0n, commit: 100n });
  });
  assert.deepEqual(kinds(rank(wal, 1)), ["log-begins-after-database", "database-behind-snapshot", "snapshot-file-missing"]);
  assert.equal(neededReceivedDatabase(wal, 1n), 100n);
  assert.equal(neededReceivedDatabase(wal, 100n), undefined);
  const taken = rankMember({
    name: "m1",
    wal,
    database: { consistentIndex: 100n, term: undefined },
    snapFiles: [{ index: 100n, term: 3n }],
  });
  assert.deepEqual(kinds(taken), []);
  assert.deepEqual(
    [taken.database, taken.newest],
    [
      { index: 100n, term: 3n },
      { index: 101n, term: 3n },
    ],
  );
});

test("rankMember: a snapshot record above the commit index is none to start from", () => {
  const wal = logOf((writer) => {
    for (let index = 1; index <= 5; index += 1) writer.entry(textEntry(index));
    writer.state({ term: 1n, vote: 0n, commit: 3n });
    writer.snapshot({ index: 2n, term: 1n, confState: members });
    writer.snapshot({ index: 4n, term: 1n, confState: members });
  });
  assert.equal(rank(wal, 3).snapshot?.index, 2n);
});

test("compareRanks: the term decides before the index, and other clusters cannot be compared", () => {
  const long = rank(plain(1, 50, 40), 10);
  const late = rank(
    logOf((writer) => {
      writer.entry(textEntry(1));
      writer.entry(textEntry(2, 2));
      writer.state({ term: 2n, vote: 0n, commit: 1n });
    }),
    1,
  );
  assert.equal(compareRanks(late, long), "newer");
  assert.equal(compareRanks(long, late), "older");
  assert.equal(compareRanks(long, rank(plain(1, 50, 50), 20)), "same");
  assert.equal(compareRanks(long, { ...late, clusterId: 5n }), "unknown");
  assert.equal(compareRanks(long, rank(undefined, undefined)), "unknown");
});

test("rankMember: a restored database in the old data dir is of another history than the log, whatever the ids are", () => {
  const database = { consistentIndex: 1n, term: 1n, revision: 68n };
  const found = rankMember({ name: "m1", wal: plain(1, 20, 15), database, snapFiles: [] });
  assert.deepEqual([kinds(found), found.newest?.index], [["log-of-another-history"], 1n]);
});
