import assert from "node:assert/strict";
import { test } from "node:test";
import { boltBytes } from "../../../test/support/bolt-bytes.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { MemoryByteSource, type ByteSource } from "../byte-source.ts";
import { maxBoltProblems, type BoltCheck } from "./bolt-check.ts";
import { metaOffsets, pageHeaderBytes } from "./bolt-layout.ts";
import { fnv64a } from "./bolt-meta.ts";
import { checkBolt } from "./check-bolt.ts";

const pageSize = 4096;
const keys = (count: number, valueBytes = 40) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${String(index).padStart(6, "0")}`, new Uint8Array(valueBytes)]));
const check = (bytes: Uint8Array): BoltCheck => checkBolt(new MemoryByteSource(bytes, "db"));

/** A file of a bucket with one branch page over its leaves, damaged by `damage`. */
function damagedFile(damage: (view: DataView, pages: { readonly branch: number; readonly leaves: readonly number[] }) => void): Uint8Array {
  const bytes = boltBytes({ big: keys(2000) });
  const view = new DataView(bytes.buffer);
  const leaves: number[] = [];
  let branch = 0;
  for (let id = 3; id * pageSize < bytes.length; id += 1) {
    const flags = view.getUint16(id * pageSize + 8, true);
    if (flags === 1) branch = id;
    if (flags === 2) leaves.push(id);
  }
  damage(view, { branch: branch * pageSize, leaves: leaves.map((id) => id * pageSize) });
  return bytes;
}
/** Writes a field of both meta pages and their checksums. */
function changeMetas(view: DataView, field: keyof typeof metaOffsets, value: bigint): void {
  for (const start of [pageHeaderBytes, pageSize + pageHeaderBytes]) {
    view.setBigUint64(start + metaOffsets[field], value, true);
    view.setBigUint64(start + metaOffsets.checksum, fnv64a(new Uint8Array(view.buffer, start, metaOffsets.checksum)), true);
  }
}
function findsOnly(bytes: Uint8Array, kind: string, pattern: RegExp): void {
  const { verdict, problems } = check(bytes);
  assert.equal(verdict, "damaged");
  assert.ok(
    problems.some((problem) => problem.kind === kind && pattern.test(problem.what)),
    JSON.stringify(problems),
  );
}

test("checkBolt: a whole file is good, and its pages, buckets and keys are counted", () => {
  const bytes = boltBytes({ big: keys(2000), empty: {}, large: { one: new Uint8Array(100_000), two: "x" }, small: { a: "b" } });
  const found = check(bytes);
  assert.deepEqual(found.problems, []);
  assert.equal(found.verdict, "good");
  assert.deepEqual([found.bucketCount, found.keyCount, found.freePageCount], [4, 2003, 0]);
  assert.equal(2 + 1 + found.branchPageCount + found.leafPageCount, bytes.length / pageSize);
});

test("checkBolt: without a freelist, pages that nothing names are free; with one they are lost", () => {
  const more = (bytes: Uint8Array): Uint8Array => {
    const larger = new Uint8Array(bytes.length + 3 * pageSize);
    larger.set(bytes);
    changeMetas(new DataView(larger.buffer), "highWater", BigInt(larger.length / pageSize));
    return larger;
  };
  const absent = check(more(boltBytes({ big: keys(10) }, { freelist: "absent" })));
  assert.deepEqual([absent.verdict, absent.freePageCount], ["good", 3]);
  const bytes = more(boltBytes({ big: keys(10) }));
  const first = bytes.length / pageSize - 3;
  findsOnly(bytes, "lost", new RegExp(`^pages ${String(first)} to ${String(first + 2)} are neither in use nor free$`));
  // Now they are on the list.
  const view = new DataView(bytes.buffer);
  view.setUint16(2 * pageSize + 10, 3, true);
  for (let index = 0; index < 3; index += 1) view.setUint32(2 * pageSize + 16 + 8 * index, first + index, true);
  assert.deepEqual([check(bytes).verdict, check(bytes).freePageCount], ["good", 3]);
  view.setUint32(2 * pageSize + 16, first + 1, true);
  findsOnly(bytes, "freelist", /is called free twice/);
  view.setUint32(2 * pageSize + 16, 999_999, true);
  findsOnly(bytes, "freelist", /page 999999 is called free, but pages are 2 to/);
  view.setUint32(2 * pageSize + 16, 3, true);
  findsOnly(bytes, "reference", /page 3 is in use, and on the list of free pages/);
  view.setUint16(2 * pageSize + 10, 1000, true);
  findsOnly(bytes, "freelist", /a list of 1000 free pages does not fit/);
  view.setUint16(2 * pageSize + 8, 2, true);
  findsOnly(bytes, "freelist", /page 2 is not the list of free pages/);
});

test("checkBolt: a list of free pages whose count stands in its first id is read", () => {
  const count = 70_000;
  const bytes = boltBytes({ big: keys(10) });
  const listPage = bytes.length / pageSize;
  const listPages = Math.ceil((24 + 8 * count) / pageSize);
  const whole = new Uint8Array(bytes.length + (listPages + count) * pageSize);
  whole.set(bytes);
  const view = new DataView(whole.buffer);
  const at = listPage * pageSize;
  view.setUint32(at, listPage, true);
  view.setUint16(at + 8, 0x10, true);
  view.setUint16(at + 10, 0xffff, true);
  view.setUint32(at + 12, listPages - 1, true);
  view.setUint32(at + 16, count + 1, true);
  view.setUint32(at + 24, 2, true); // where the old list was
  for (let index = 1; index <= count; index += 1) view.setUint32(at + 24 + 8 * index, listPage + listPages + index - 1, true);
  changeMetas(view, "highWater", BigInt(whole.length / pageSize));
  changeMetas(view, "freelist", BigInt(listPage));
  const found = check(whole);
  assert.deepEqual([found.problems, found.freePageCount], [[], count + 1]);
});

test("checkBolt: a page named twice, a swapped pair and a wrong self are found", () => {
  findsOnly(
    damagedFile((view, { branch }) => view.setUint32(branch + 16 + 8, view.getUint32(branch + 32 + 8, true), true)),
    "reference",
    /in use twice/,
  );
  const swapped = damagedFile((view, { branch }) => {
    const first = view.getUint32(branch + 16 + 8, true);
    view.setUint32(branch + 16 + 8, view.getUint32(branch + 32 + 8, true), true);
    view.setUint32(branch + 32 + 8, first, true);
  });
  findsOnly(swapped, "order", /the (first|last) key of page/);
  findsOnly(
    damagedFile((view, { leaves }) => view.setUint32(leaves[3] ?? 0, 77_777, true)),
    "page",
    /is a page that calls itself 77777/,
  );
});

test("checkBolt: a root that is a page of keys, not of buckets, is found", () => {
  findsOnly(
    damagedFile((view, { leaves }) => changeMetas(view, "root", BigInt((leaves[2] ?? 0) / pageSize))),
    "page",
    /is in the root, and has keys that are no buckets/,
  );
});

test("checkBolt: a cycle in the branch pages ends, and is found", () => {
  findsOnly(
    damagedFile((view, { branch }) => view.setUint32(branch + 16 + 8, branch / pageSize, true)),
    "page",
    /which cannot be its child/,
  );
});

test("checkBolt: sizes, places and counts inside a page that do not fit are found", () => {
  const leafDamage = (damage: (view: DataView, leaf: number) => void) => damagedFile((view, { leaves }) => damage(view, leaves[2] ?? 0));
  const pattern = /its place or sizes do not fit the elements around it/;
  findsOnly(
    leafDamage((view, leaf) => view.setUint32(leaf + 16 + 12, 39, true)),
    "page",
    pattern,
  );
  findsOnly(
    leafDamage((view, leaf) => view.setUint32(leaf + 16 + 8, 0, true)),
    "page",
    pattern,
  );
  findsOnly(
    leafDamage((view, leaf) => view.setUint32(leaf + 32 + 4, 0xffff_ffff, true)),
    "page",
    pattern,
  );
  findsOnly(
    leafDamage((view, leaf) => view.setUint16(leaf + 10, view.getUint16(leaf + 10, true) - 1, true)),
    "page",
    pattern,
  );
  findsOnly(
    leafDamage((view, leaf) => view.setUint16(leaf + 10, 0xffff, true)),
    "page",
    /which do not fit/,
  );
  findsOnly(
    leafDamage((view, leaf) => view.setUint16(leaf + 10, 0, true)),
    "order",
    /is empty, and its bucket is not/,
  );
  findsOnly(
    leafDamage((view, leaf) => view.setUint16(leaf + 8, 3, true)),
    "page",
    /neither branch nor leaf/,
  );
  findsOnly(
    leafDamage((view, leaf) => view.setUint32(leaf + 16, 8, true)),
    "page",
    /unknown flags/,
  );
  findsOnly(
    leafDamage((view, leaf) => view.setUint32(leaf + 12, 1, true)),
    "reference",
    /in use twice/,
  );
});

test("checkBolt: keys that do not ascend, in a page or against the branch page, are found", () => {
  const firstKey = (view: DataView, leaf: number) => leaf + 16 + view.getUint32(leaf + 16 + 4, true);
  findsOnly(
    damagedFile((view, { leaves }) => view.setUint8(firstKey(view, leaves[2] ?? 0) + 6, 0xff)),
    "page",
    /is not after the key before it/,
  );
  findsOnly(
    damagedFile((view, { leaves }) => view.setUint8(firstKey(view, leaves[2] ?? 0), 0x01)),
    "order",
    /the first key of page/,
  );
});

test("checkBolt: a file that is cut off says where, and what it should have", () => {
  const bytes = boltBytes({ big: keys(5000) });
  findsOnly(bytes.slice(0, bytes.length - 1), "cut-off", /it should have \d+ pages of 4096 bytes/);
  findsOnly(bytes.slice(0, 5 * pageSize), "page", /the file ends before page/);
});

test("checkBolt: both meta pages damaged is an answer; no bbolt file at all is an error", () => {
  const bytes = boltBytes({ big: keys(10) });
  bytes[pageHeaderBytes + 20] = 1;
  assert.equal(check(bytes).verdict, "good");
  assert.equal(check(bytes).otherMeta?.kind, "damaged");
  bytes[pageSize + pageHeaderBytes + 20] = 1;
  findsOnly(bytes, "meta", /both meta pages are damaged/);
  assert.throws(
    () => check(new Uint8Array(100_000)),
    (error) => error instanceof RecoveryError && error.code === "FILE_NOT_RECOGNISED",
  );
});

test("checkBolt: a flood of damage is counted, and a part of it kept", () => {
  const bytes = boltBytes({ big: keys(30_000) });
  const view = new DataView(bytes.buffer);
  for (let id = 3; (id + 1) * pageSize < bytes.length; id += 1)
    if (view.getUint16(id * pageSize + 8, true) === 2) view.setUint16(id * pageSize + 8, 9, true);
  const found = check(bytes);
  assert.ok(found.problemCount > maxBoltProblems);
  assert.equal(found.problems.length, maxBoltProblems);
});

test("checkBolt: progress is told often, never backwards, and ends at the size of the file", () => {
  const bytes = boltBytes({ big: keys(3000, 10_000) });
  const seen: number[] = [];
  checkBolt(new MemoryByteSource(bytes), { onBytes: (done, total) => void (assert.equal(total, bytes.length), seen.push(done)) });
  assert.ok(seen.length >= 5);
  assert.equal(seen.at(-1), bytes.length);
  for (const [index, done] of seen.entries()) assert.ok(done >= (seen[index - 1] ?? 0) && done - (seen[index - 1] ?? 0) < 16 * 1024 * 1024);
});

test("checkBolt: what the source throws is passed on", () => {
  const memory = new MemoryByteSource(boltBytes({ big: keys(3000) }));
  const source: ByteSource = {
    name: "gone",
    size: memory.size,
    readInto: (offset, into) => {
      if (offset > 20_000) throw new RecoveryError("LOCAL_FILE_FAILED", { subject: "file gone", detail: "it is gone" });
      memory.readInto(offset, into);
    },
  };
  assert.throws(
    () => checkBolt(source),
    (error) => error instanceof RecoveryError && error.code === "LOCAL_FILE_FAILED",
  );
});
