import assert from "node:assert/strict";
import { test } from "node:test";
import { joined, makeWal, segmentsOf, textEntry } from "../../../../test/support/make-wal.ts";
import { encodeWalFrame } from "./wal-writer.ts";
import { openWal } from "./open-wal.ts";
import type { WalLog } from "./wal-log.ts";

const five = (): Map<string, Uint8Array> =>
  makeWal((writer) => {
    for (const index of [1, 2, 3, 4, 5]) writer.entry(textEntry(index));
    writer.state({ term: 1n, vote: 0xa1n, commit: 4n });
  });
const only = (files: ReadonlyMap<string, Uint8Array>): [string, Uint8Array] => {
  const [first] = files;
  assert.ok(first !== undefined);
  return first;
};
const texts = (log: WalLog, from: number, to?: number): string[] =>
  [...log.entries(BigInt(from), to === undefined ? undefined : BigInt(to))].map((entry) => new TextDecoder().decode(entry.data));

test("openWal gives whose log it is, its entries, hard state and clean end", () => {
  const log = openWal(segmentsOf(five()));
  assert.deepEqual(log.metadata, { memberId: 0xa1n, clusterId: 0xc1n });
  assert.deepEqual(log.hardState, { term: 1n, vote: 0xa1n, commit: 4n });
  assert.deepEqual([log.firstIndex, log.lastIndex, log.lastTerm, log.continuousFrom], [1n, 5n, 1n, 1n]);
  assert.deepEqual(texts(log, 3), ["entry 3", "entry 4", "entry 5"]);
  assert.deepEqual(texts(log, 2, 3), ["entry 2", "entry 3"]);
  assert.deepEqual(texts(log, 6), []);
  assert.equal(log.end.kind, "clean");
  assert.deepEqual([log.breaks, log.oddities], [[], []]);
});

test("openWal ends cleanly where preallocated zeroes begin", () => {
  const [name, bytes] = only(five());
  const log = openWal(segmentsOf(new Map([[name, joined(bytes, new Uint8Array(4096))]])));
  assert.deepEqual(log.end, { kind: "clean", segment: name, offset: bytes.length });
  assert.equal(log.lastIndex, 5n);
});

test("openWal says when bytes follow the log's end: records behind a lost sector are not silently missed", () => {
  const [name, bytes] = only(five());
  const log = openWal(segmentsOf(new Map([[name, joined(bytes, new Uint8Array(4096), Uint8Array.of(7))]])));
  assert.deepEqual(
    log.oddities.map((one) => one.offset),
    [bytes.length + 4096],
  );
});

test("openWal: a log that is cut at any byte is torn or ends at a whole record, and never damaged", () => {
  const [name, bytes] = only(five());
  const whole = openWal(segmentsOf(new Map([[name, bytes]])));
  for (let length = 64; length < bytes.length; length += 1) {
    const log = openWal(segmentsOf(new Map([[name, bytes.slice(0, length)]])));
    assert.ok(log.end.kind === "torn" || log.end.kind === "clean", `${String(length)} bytes: ${log.end.kind}`);
    assert.ok((log.lastIndex ?? 0n) <= (whole.lastIndex ?? 0n));
    if (log.lastIndex !== undefined) assert.equal(texts(log, 1).length, Number(log.lastIndex));
  }
});

test("openWal: a record of which one sector was never written is torn, one with other bytes in it is damaged", () => {
  const files = makeWal((writer) => {
    writer.entry(textEntry(1));
    writer.entry(textEntry(2, 1, "x".repeat(2000)));
  });
  const [name, bytes] = only(files);
  const sector = Math.floor((bytes.length - 800) / 512) * 512;
  const torn = bytes.slice().fill(0, sector, sector + 512);
  assert.equal(openWal(segmentsOf(new Map([[name, torn]]))).end.kind, "torn");
  const wrong = bytes.slice().fill(0x55, sector, sector + 512);
  const log = openWal(segmentsOf(new Map([[name, wrong]])));
  assert.equal(log.end.kind, "damaged");
  assert.equal(log.breaks.length, 1);
  assert.equal(log.lastIndex, 1n);
});

test("openWal: entries that a new leader overruled are void, also across segments", () => {
  const files = makeWal(
    (writer) => {
      for (const index of [1, 2, 3, 4, 5, 6]) writer.entry(textEntry(index, 1, `old ${String(index)}`));
      for (const index of [4, 5]) writer.entry(textEntry(index, 2, `new ${String(index)}`));
      writer.entry(textEntry(5, 3, "newest 5"));
    },
    { cutBytes: 150 },
  );
  assert.ok(files.size > 2);
  const log = openWal(segmentsOf(files));
  assert.deepEqual(texts(log, 1), ["old 1", "old 2", "old 3", "new 4", "newest 5"]);
  for (const from of [2, 3, 4, 5]) assert.equal(texts(log, from).length, 6 - from);
  assert.deepEqual([log.lastIndex, log.lastTerm, log.entryCount], [5n, 3n, 9]);
  assert.deepEqual([log.termAt(3n), log.termAt(4n), log.termAt(5n), log.termAt(6n)], [1n, 2n, 3n, undefined]);
});

test("openWal: a snapshot from a leader voids the entries before it, an own one does not", () => {
  const members = { voters: [0xa1n], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };
  const received = openWal(
    segmentsOf(
      makeWal((writer) => {
        for (const index of [1, 2, 3]) writer.entry(textEntry(index));
        writer.snapshot({ index: 100n, term: 2n, confState: members });
        writer.entry(textEntry(101, 2));
        writer.state({ term: 2n, vote: 0n, commit: 100n });
      }),
    ),
  );
  assert.deepEqual([received.firstIndex, received.lastIndex, received.continuousFrom], [101n, 101n, 101n]);
  const own = openWal(
    segmentsOf(
      makeWal((writer) => {
        for (const index of [1, 2, 3]) writer.entry(textEntry(index));
        writer.snapshot({ index: 2n, term: 1n, confState: members });
      }),
    ),
  );
  assert.deepEqual([own.firstIndex, own.lastIndex], [1n, 3n]);
  assert.deepEqual(own.snapshots.at(-1), { index: 2n, term: 1n, confState: members });
  const otherHistory = openWal(
    segmentsOf(
      makeWal((writer) => {
        for (const index of [1, 2, 3]) writer.entry(textEntry(index));
        writer.snapshot({ index: 2n, term: 7n, confState: members });
        writer.state({ term: 7n, vote: 0n, commit: 2n });
      }),
    ),
  );
  assert.equal(otherHistory.lastIndex, undefined);
});

test("openWal: a leader's snapshot that the hard state never committed voids nothing, as etcd does not start from it", () => {
  const members = { voters: [0xa1n], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };
  const log = openWal(
    segmentsOf(
      makeWal((writer) => {
        for (const index of [1, 2, 3]) writer.entry(textEntry(index));
        writer.state({ term: 1n, vote: 0n, commit: 3n });
        writer.snapshot({ index: 100n, term: 2n, confState: members });
      }),
    ),
  );
  assert.deepEqual(texts(log, 1), ["entry 1", "entry 2", "entry 3"]);
});

test("openWal: a log does not go back behind its own first entry: what lies before that is in its snapshot, as etcd refuses it", () => {
  const files = makeWal((writer) => {
    const confState = { voters: [0xa1n], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };
    writer.snapshot({ index: 10n, term: 1n, confState });
    for (const index of [17, 11, 12]) writer.entry(textEntry(index));
    writer.state({ term: 1n, vote: 0xa1n, commit: 10n });
  });
  const log = openWal(segmentsOf(files));
  assert.match(log.breaks[0]?.what ?? "", /entry 11 overrules an entry before entry 17, with which the log begins/);
});

test("openWal: an index that was jumped over is a break even where later entries overrule it, as etcd refuses it", () => {
  const log = openWal(
    segmentsOf(
      makeWal((writer) => {
        for (const index of [1, 2, 9, 3, 4]) writer.entry(textEntry(index));
      }),
    ),
  );
  assert.deepEqual(
    log.breaks.map((one) => one.what),
    ["entry 9 follows entry 2"],
  );
  assert.deepEqual(texts(log, 1), ["entry 1", "entry 2", "entry 3", "entry 4"]);
});

test("openWal: snapshot records that contradict each other or the log are told, and void nothing", () => {
  const confState = { voters: [0xa1n], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };
  const log = openWal(
    segmentsOf(
      makeWal((writer) => {
        for (const index of [1, 2, 3]) writer.entry(textEntry(index, 4));
        writer.state({ term: 4n, vote: 0n, commit: 3n });
        writer.snapshot({ index: 2n, term: 4n, confState });
        writer.snapshot({ index: 2n, term: 1n, confState });
      }),
    ),
  );
  assert.match(log.breaks[0]?.what ?? "", /a snapshot record at 2 has term 1, an earlier one has term 4/);
  assert.deepEqual([log.firstIndex, log.lastIndex], [1n, 3n]);
});

test("openWal: a segment that is missing in the middle is named, and what follows it is still read", () => {
  const files = makeWal(
    (writer) => {
      for (let index = 1; index <= 12; index += 1) writer.entry(textEntry(index));
    },
    { cutBytes: 150 },
  );
  const names = [...files.keys()];
  assert.ok(names.length >= 4);
  files.delete(names[1] ?? "");
  const log = openWal(segmentsOf(files));
  assert.match(log.breaks[0]?.what ?? "", /segment 0000000000000001 is missing/);
  assert.equal(log.lastIndex, 12n);
  const from = log.continuousFrom ?? 0n;
  assert.equal([...log.entries(from)].length, Number(12n - from + 1n));
  assert.throws(() => [...log.entries(1n)], { code: "FILE_DAMAGED", message: /the log has no entry/ });
});

test("openWal: a last segment that is empty is no clean end", () => {
  const files = five();
  files.set("0000000000000001-0000000000000006.wal", new Uint8Array(0));
  assert.equal(openWal(segmentsOf(files)).end.kind, "damaged");
});

test("openWal: a segment of another member breaks the log", () => {
  const mine = makeWal((writer) => {
    writer.entry(textEntry(1));
  });
  const [, theirs] = only(makeWal((writer) => writer.entry(textEntry(2)), { memberId: 0xb2n }));
  mine.set("0000000000000001-0000000000000002.wal", theirs);
  const log = openWal(segmentsOf(mine));
  assert.equal(log.breaks.length, 1);
  assert.equal(log.lastIndex, 1n);
});

test("openWal: a length beyond the file, a huge length and a record of no known type are facts, not errors", () => {
  const [name, bytes] = only(five());
  const huge = new Uint8Array(16);
  new DataView(huge.buffer).setBigUint64(0, 0x00ff_ffff_ffff_ffffn, true);
  assert.equal(openWal(segmentsOf(new Map([[name, joined(bytes, huge)]]))).end.kind, "torn");
  const unknown = encodeWalFrame(77, { checksum: 1, data: new Uint8Array(3) });
  assert.equal(openWal(segmentsOf(new Map([[name, joined(bytes, unknown)]]))).end.kind, "damaged");
  assert.equal(openWal([]).end.kind, "empty");
});

test("openWal reports progress up to all bytes", () => {
  const files = five();
  let [done, total] = [0, 0];
  openWal(segmentsOf(files), { onBytes: (doneBytes, totalBytes) => ([done, total] = [doneBytes, totalBytes]) });
  assert.equal(done, total);
  assert.equal(total, only(files)[1].length);
});

test("WalLog.entries says that the log changed when its segments are no longer what was read", () => {
  const [name, bytes] = only(five());
  const log = openWal(segmentsOf(new Map([[name, bytes]])));
  bytes.fill(0, bytes.length - 100);
  assert.throws(() => [...log.entries(1n)], { code: "FILE_CHANGED" });
});

/** Preallocated, as etcd's own segments are. */
const preallocated = (bytes: Uint8Array): Uint8Array => joined(bytes, new Uint8Array(1 << 21));
const many = (): [string, Uint8Array] =>
  only(
    makeWal((writer) => {
      for (let index = 1; index <= 30; index += 1) writer.entry(textEntry(index, 1, "v".repeat(900)));
      writer.state({ term: 1n, vote: 0n, commit: 30n });
    }),
  );
const offsetOf = (bytes: Uint8Array, index: number): number => {
  const frames = [0];
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let at = 0; at < bytes.length; frames.push(at))
    at += 8 + view.getUint32(at, true) + (view.getUint8(at + 7) >= 0x80 ? view.getUint8(at + 7) & 7 : 0);
  return frames[index + 2] ?? 0; // behind the checksum, the metadata, the snapshot record at 0
};

test("openWal: one bit of a length that makes a record reach into preallocated zeroes is damage when records follow, and none of them is lost in silence", () => {
  const [name, bytes] = many();
  const at = offsetOf(bytes, 12);
  for (const [changed, what] of [
    [[at + 2], /all of it is there in another length/],
    [[at + 2, at + 200], /a record follows/],
    [[at + 4, at + 200], /where \d+ are left in the file; and at byte \d+ a record follows/],
  ] as const) {
    const wrong = preallocated(bytes);
    for (const place of changed) wrong[place] = (wrong[place] ?? 0) ^ 0x10;
    const log = openWal(segmentsOf(new Map([[name, wrong]])));
    assert.equal(log.end.kind, "damaged");
    assert.match(log.breaks[0]?.what ?? "", what);
    assert.equal(log.lastIndex, 11n);
  }
});

test("openWal: the last record is damaged, and not torn, when all of it is there and only its length was changed", () => {
  const [name, bytes] = only(makeWal((writer) => writer.entry(textEntry(1))));
  const wrong = preallocated(bytes);
  const length = offsetOf(bytes, 1) + 2;
  wrong[length] = (wrong[length] ?? 0) ^ 0x10;
  assert.match(openWal(segmentsOf(new Map([[name, wrong]]))).breaks[0]?.what ?? "", /all of it is there in another length/);
});

test("openWal: zeroes in the middle of the log are no end: records behind them are told", () => {
  const [name, bytes] = many();
  const from = offsetOf(bytes, 12);
  const log = openWal(segmentsOf(new Map([[name, preallocated(bytes).fill(0, from, from + 1500)]])));
  assert.equal(log.end.kind, "damaged");
  assert.match(log.breaks[0]?.what ?? "", /zeroes where a record belongs: at byte \d+ another one follows/);
  assert.equal(log.breaks[0]?.offset, from);
});

test("openWal: a last record of which the end was never written is torn, in a preallocated segment too", () => {
  const [name, bytes] = many();
  const sector = Math.ceil((offsetOf(bytes, 30) + 20) / 512) * 512;
  for (const end of [offsetOf(bytes, 30) + 40, sector]) {
    const log = openWal(segmentsOf(new Map([[name, preallocated(bytes.slice(0, end))]])));
    assert.equal(log.end.kind, "torn", String(end));
    assert.deepEqual(log.breaks, []);
  }
});
