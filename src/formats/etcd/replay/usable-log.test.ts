import assert from "node:assert/strict";
import { test } from "node:test";
import { makeWal, segmentsOf, textEntry } from "../../../../test/support/make-wal.ts";
import { logLossWords } from "../../../model/log-loss-words.ts";
import { openWal } from "../wal/open-wal.ts";
import type { WalWriter } from "../wal/wal-writer.ts";
import { usableLog, type UsableLog } from "./usable-log.ts";

const members = { voters: [0xa1n], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };
type Change = (files: Map<string, Uint8Array>, names: readonly string[]) => void;
const used = (
  fill: (writer: WalWriter) => void,
  held: number,
  change: Change = () => undefined,
  cutBytes = 1 << 20,
  term = 1,
): UsableLog => {
  const files = makeWal(fill, { cutBytes });
  change(files, [...files.keys()]);
  return usableLog(openWal(segmentsOf(files)), { consistentIndex: BigInt(held), term: BigInt(term) }, "m1");
};
/** One entry a write, each with the commit of the one before it. */
const written =
  (from: number, to: number, term = 1) =>
  (writer: WalWriter): void => {
    for (let index = from; index <= to; index += 1) {
      writer.entry(textEntry(index, term));
      writer.state({ term: BigInt(term), vote: 0n, commit: BigInt(index - 1) });
    }
  };
const indexes = ({ log }: UsableLog, held: number): number[] =>
  [...(log?.entriesAfter(BigInt(held)) ?? [])].map((one) => Number(one.index));
const flip =
  (text: string): Change =>
  (files) => {
    for (const bytes of files.values()) {
      const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(text);
      if (at !== -1) bytes[at] = (bytes[at] ?? 0) ^ 1;
    }
  };

test("a whole log is used to its end, and nothing is lost", () => {
  const found = used(written(1, 20), 10);
  assert.deepEqual([found.loss, found.mustStopAtCommit, found.throughIndex], [undefined, false, 20n]);
  assert.deepEqual(indexes(found, 18), [19, 20]);
});

test("in front of a break only what was committed there is used, and what is behind it is named", () => {
  const found = used(written(1, 20), 5, flip("entry 12"));
  assert.equal(found.mustStopAtCommit, true);
  assert.equal(found.log?.recordedCommit, 10n);
  assert.equal(found.loss?.kind, "broken");
  assert.deepEqual([found.loss.throughIndex, found.loss.missingThrough], [10n, 20n]);
  assert.ok(found.loss.unreadBytes > 100);
  assert.match(logLossWords(found.loss), /byte \d+: a record whose checksum .*; missing: entries 11 to 20, and those above.*\(\d+ bytes/);
});

test("entries that the lost part overruled never come back, also where the next segment goes on with the numbers", () => {
  const overruled = (writer: WalWriter): void => {
    for (let index = 1; index <= 14; index += 1) writer.entry(textEntry(index, 2));
    writer.state({ term: 2n, vote: 0n, commit: 12n });
    for (let index = 15; index <= 40; index += 1) writer.entry(textEntry(index, 2, "old leader"));
    for (let index = 15; index <= 17; index += 1) writer.entry(textEntry(index, 3, `new leader ${String(index)}`));
    writer.state({ term: 3n, vote: 0n, commit: 17n });
    for (let index = 18; index <= 60; index += 1) writer.entry(textEntry(index, 3, "new leader"));
    writer.state({ term: 3n, vote: 0n, commit: 60n });
  };
  const found = used(overruled, 10, flip("new leader 15"), 2000, 2);
  assert.equal(found.loss?.kind, "broken");
  assert.deepEqual([found.throughIndex, found.loss.missingThrough, found.mustStopAtCommit], [12n, 60n, true]);
});

test("a break below the database's last entry costs nothing: what follows it continues the database", () => {
  const found = used(written(1, 40), 6, flip("entry 5"), 400);
  assert.equal(found.loss, undefined);
  assert.deepEqual(indexes(found, 36), [37, 38, 39, 40]);
});

test("a segment that is missing is not replayed across", () => {
  const lost: Change = (files, names) => files.delete(names[3] ?? "");
  const found = used(written(1, 40), 5, lost, 400);
  assert.equal(found.loss?.kind, "broken");
  assert.match(found.loss.problems.join(), /segment 0000000000000003 is missing/);
  assert.equal(found.loss.missingThrough, 40n);
  assert.ok(found.throughIndex < 25n && found.throughIndex > 5n);
});

test("no log, one that ends before the database or before what was committed, one that begins too late, one of another history", () => {
  assert.equal(usableLog(undefined, { consistentIndex: 5n, term: 1n }, "m1").loss?.kind, "missing");
  const short = used(written(1, 10), 15);
  assert.deepEqual([short.loss?.kind, short.log], ["behind", undefined]);
  const cut = used((writer) => {
    written(1, 10)(writer);
    writer.state({ term: 1n, vote: 0n, commit: 12n });
  }, 5);
  assert.deepEqual([cut.loss?.kind, cut.loss?.missingThrough, cut.throughIndex], ["behind", 12n, 10n]);
  const late = used(written(20, 30), 5);
  assert.deepEqual([late.loss?.kind, late.loss?.missingThrough, late.log], ["does-not-fit", 30n, undefined]);
  const other = used(written(1, 10), 5, undefined, undefined, 7);
  assert.deepEqual([other.loss?.kind, other.log], ["does-not-fit", undefined]);
});

test("a leader's snapshot whose database is not there is a loss; with that database nothing is", () => {
  const received = (writer: WalWriter): void => {
    written(1, 10)(writer);
    writer.state({ term: 2n, vote: 0n, commit: 500_000n });
    writer.snapshot({ index: 500_000n, term: 2n, confState: members });
  };
  const found = used(received, 10);
  assert.deepEqual([found.loss?.kind, found.loss?.missingThrough, found.throughIndex], ["does-not-fit", 500_000n, 10n]);
  assert.equal(used(received, 500_000).loss, undefined);
});

test("a last segment that is full and closed was followed by one, and that is missing", () => {
  const found = used((writer) => {
    writer.entry(textEntry(1));
    writer.entry({ ...textEntry(2), data: new Uint8Array(64_000_000) });
  }, 1);
  assert.equal(found.loss?.kind, "behind");
  assert.deepEqual([found.throughIndex, found.mustStopAtCommit], [2n, false]);
  assert.match(found.loss.problems.join(), /full and closed/);
});
