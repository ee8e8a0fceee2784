import assert from "node:assert/strict";
import { test } from "node:test";
import { boltBytes } from "../../../test/support/bolt-bytes.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { MemoryByteSource, type ByteSource } from "../byte-source.ts";
import { openBolt } from "./bolt-file.ts";
import { metaOffsets, pageHeaderBytes } from "./bolt-layout.ts";
import { fnv64a } from "./bolt-meta.ts";
import type { BoltBucket } from "./bolt-reader.ts";

const utf8 = new TextEncoder();
const text = new TextDecoder();
const open = (bytes: Uint8Array) => openBolt(new MemoryByteSource(bytes, "db"));

/** Keys `k00000`… with values that tell them apart. */
function manyKeys(count: number, valueBytes = 40): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [keyOf(index), String(index).padEnd(valueBytes, ".")]));
}
const keyOf = (index: number) => `k${String(index).padStart(5, "0")}`;

function bucketOf(bytes: Uint8Array, name: string): BoltBucket {
  const bucket = open(bytes).root.bucket(utf8.encode(name));
  assert.ok(bucket !== undefined);
  return bucket;
}
const keysOf = (bucket: BoltBucket, from?: string) =>
  [...bucket.entries(from === undefined ? undefined : utf8.encode(from))].map(({ key }) => text.decode(key));

function throwsCode(code: string, work: () => unknown, pattern = /./): void {
  assert.throws(work, (error) => {
    assert.ok(error instanceof RecoveryError, String(error));
    assert.equal(error.code, code);
    assert.match(error.detail, pattern);
    return true;
  });
}
const isBranch = (bytes: Uint8Array, page: number) => new DataView(bytes.buffer).getUint16(page * 4096 + 8, true) === 1;
function firstBranch(bytes: Uint8Array): number {
  for (let page = 2; page * 4096 < bytes.length; page += 1) if (isBranch(bytes, page)) return page;
  throw new Error("no branch page");
}

for (const pageSizeBytes of [1024, 4096, 65536]) {
  test(`openBolt: pages of ${String(pageSizeBytes)} bytes: every key is found, and nothing else`, () => {
    const bytes = boltBytes({ big: manyKeys(3000), empty: {}, small: { a: "1", b: "2" } }, { pageSizeBytes });
    const bolt = open(bytes);
    assert.equal(bolt.meta.pageSizeBytes, pageSizeBytes);
    assert.deepEqual(
      [...bolt.root.bucketNames()].map((name) => text.decode(name)),
      ["big", "empty", "small"],
    );
    const big = bucketOf(bytes, "big");
    assert.deepEqual(keysOf(big), Object.keys(manyKeys(3000)));
    for (const index of [0, 1, 1499, 2999])
      assert.equal(
        text
          .decode(big.get(utf8.encode(keyOf(index))))
          .trimEnd()
          .split(".")[0],
        String(index),
      );
    for (const absent of ["", "a", "k", "k00000x", "k01500x", "z"]) assert.equal(big.get(utf8.encode(absent)), undefined);
    assert.deepEqual(keysOf(bucketOf(bytes, "empty")), []);
    assert.deepEqual(keysOf(bucketOf(bytes, "small")), ["a", "b"]);
    assert.equal(bolt.root.get(utf8.encode("big")), undefined, "a nested bucket is not a value");
    assert.equal(bolt.root.bucket(utf8.encode("none")), undefined);
    assert.equal(big.bucket(utf8.encode(keyOf(1))), undefined, "a value is not a bucket");
  });
}

test("openBolt: entries begin at the key asked for, or at the one after it", () => {
  const big = bucketOf(boltBytes({ big: manyKeys(1000) }), "big");
  assert.deepEqual(keysOf(big, keyOf(990)), Object.keys(manyKeys(1000)).slice(990));
  assert.equal(keysOf(big, "k00500x")[0], keyOf(501));
  assert.equal(keysOf(big, "").length, 1000);
  assert.deepEqual(keysOf(big, "l"), []);
});

test("openBolt: values larger than pages, in every alignment to the read-ahead, come back whole", () => {
  const values = Object.fromEntries(
    Array.from({ length: 120 }, (_, index) => [
      keyOf(index),
      new Uint8Array(((index * 7919) % 90_000) + (index === 60 ? 3_000_000 : 0)).fill(index),
    ]),
  );
  const bucket = bucketOf(boltBytes({ big: values }), "big");
  const found = [...bucket.entries()];
  assert.equal(found.length, 120);
  for (const { key, value } of found) assert.deepEqual(value, values[text.decode(key)]);
});

test("openBolt: a walk that uses its memory again gives the same entries, each good until the next", () => {
  for (const [valueBytes, count] of [
    [10, 1500],
    [900, 1500],
    [5000, 1000],
    [40_000, 150],
    [700_000, 20],
  ] as const) {
    const bucket = bucketOf(boltBytes({ big: manyKeys(count, valueBytes) }), "big");
    const kept = [...bucket.entries()];
    let index = 0;
    for (const { key, value } of bucket.entries(undefined, { reusesMemory: true })) {
      assert.deepEqual([key, value], [kept[index]?.key, kept[index]?.value]);
      index += 1;
    }
    assert.equal(index, kept.length);
  }
});

test("openBolt: the newer meta page is used; when it is damaged, the other one, and it is said why", () => {
  const bytes = boltBytes({ big: manyKeys(10) });
  assert.deepEqual([open(bytes).meta.pageIndex, open(bytes).meta.transactionId, open(bytes).otherMeta], [0, 2n, { kind: "older" }]);
  bytes[pageHeaderBytes + metaOffsets.root] = 99;
  const fallen = open(bytes);
  assert.deepEqual([fallen.meta.pageIndex, fallen.meta.transactionId], [1, 1n]);
  assert.deepEqual(fallen.otherMeta, { kind: "damaged", because: "meta page 0: its checksum is wrong", transactionId: 2n });
  bytes[4096 + pageHeaderBytes + metaOffsets.root] = 99;
  throwsCode("FILE_DAMAGED", () => open(bytes), /meta page 0: its checksum is wrong; meta page 1: its checksum is wrong/);
});

for (const pageSizeBytes of [1024, 8192, 65536]) {
  test(`openBolt: without the first meta page the second is found behind ${String(pageSizeBytes)} bytes`, () => {
    const bytes = boltBytes({ big: manyKeys(100) }, { pageSizeBytes });
    bytes.fill(0, 0, 512);
    assert.equal(open(bytes).meta.pageSizeBytes, pageSizeBytes);
    assert.equal(keysOf(bucketOf(bytes, "big")).length, 100);
  });
}

test("openBolt: another format version is named as such", () => {
  const bytes = boltBytes({});
  for (const start of [pageHeaderBytes, 4096 + pageHeaderBytes]) {
    const view = new DataView(bytes.buffer, start, 64);
    view.setUint32(metaOffsets.version, 3, true);
    view.setBigUint64(metaOffsets.checksum, fnv64a(bytes.subarray(start, start + metaOffsets.checksum)), true);
  }
  throwsCode("FILE_UNSUPPORTED", () => open(bytes), /of format version 3, not 2/);
});

test("openBolt: a file of a big-endian machine is named as such", () => {
  const bytes = boltBytes({});
  for (const start of [pageHeaderBytes, 4096 + pageHeaderBytes]) bytes.subarray(start, start + 4).reverse();
  throwsCode("FILE_UNSUPPORTED", () => open(bytes), /of a big-endian machine/);
});

test("openBolt: what is no bbolt file is not recognised: empty, short, text, zeros", () => {
  for (const bytes of [new Uint8Array(0), utf8.encode("hello"), utf8.encode("x".repeat(70_000)), new Uint8Array(1_000_000)])
    throwsCode("FILE_NOT_RECOGNISED", () => open(bytes));
});

test("openBolt: a file that is cut off opens, and reading says where it ends", () => {
  const bytes = boltBytes({ big: manyKeys(5000) });
  const cut = bytes.slice(0, bytes.length - 3 * 4096 - 100);
  throwsCode("FILE_DAMAGED", () => keysOf(bucketOf(cut, "big")), /the file ends before page \d+: it is cut off/);
});

test("openBolt: a branch page that is its own descendant ends in FILE_DAMAGED", () => {
  const bytes = boltBytes({ big: manyKeys(5_000) }, { pageSizeBytes: 1024 });
  const view = new DataView(bytes.buffer);
  const root = Number(open(bytes).meta.rootPage);
  for (let page = 2; page * 1024 < bytes.length; page += 1) {
    if (view.getUint16(page * 1024 + 8, true) !== 1) continue;
    for (const target of [page, root - 1]) {
      const copy = bytes.slice();
      new DataView(copy.buffer).setUint32(page * 1024 + 16 + 8, target, true);
      if (target !== page && isLeafChild(view, page, target)) continue;
      throwsCode("FILE_DAMAGED", () => keysOf(bucketOf(copy, "big")));
    }
  }
});
/** The damage would be none: the child stands there already. */
function isLeafChild(view: DataView, page: number, target: number): boolean {
  return view.getUint32(page * 1024 + 16 + 8, true) === target;
}

test("openBolt: two children that changed places are found, by walks and by look-ups", () => {
  const bytes = boltBytes({ big: manyKeys(2000) });
  const view = new DataView(bytes.buffer);
  const branch = firstBranch(bytes) * 4096;
  const [first, second] = [view.getUint32(branch + 16 + 8, true), view.getUint32(branch + 32 + 8, true)];
  view.setUint32(branch + 16 + 8, second, true);
  view.setUint32(branch + 32 + 8, first, true);
  throwsCode("FILE_DAMAGED", () => keysOf(bucketOf(bytes, "big")), /the (first|last) key of page/);
  throwsCode("FILE_DAMAGED", () => bucketOf(bytes, "big").get(utf8.encode(keyOf(0))), /the (first|last) key of page/);
});

test("openBolt: an overflow of gigabytes that the file could hold is refused before it is read", () => {
  const bytes = boltBytes({ big: manyKeys(200) });
  const view = new DataView(bytes.buffer);
  const leaf = Number(open(bytes).meta.rootPage) - 2;
  view.setUint32(leaf * 4096 + 12, 1_000_000, true);
  for (const start of [0, 4096]) {
    view.setBigUint64(start + pageHeaderBytes + metaOffsets.highWater, 2_000_000n, true);
    view.setBigUint64(
      start + pageHeaderBytes + metaOffsets.checksum,
      fnv64a(bytes.subarray(start + pageHeaderBytes, start + pageHeaderBytes + metaOffsets.checksum)),
      true,
    );
  }
  let largest = 0;
  const source: ByteSource = {
    name: "sparse",
    size: 2_000_000 * 4096,
    readInto: (offset, into) => {
      largest = Math.max(largest, into.length);
      into.set(bytes.subarray(Math.min(offset, bytes.length), Math.min(offset + into.length, bytes.length)));
    },
  };
  const big = openBolt(source).root.bucket(utf8.encode("big"));
  assert.ok(big !== undefined);
  throwsCode("FILE_DAMAGED", () => [...big.entries()], /1000000 more pages, and its elements do not/);
  assert.ok(largest <= 1024 * 1024, `read ${String(largest)} bytes at once`);
});

test("openBolt: a walk over a file in order reads many pages at a time", () => {
  const bytes = boltBytes({ big: manyKeys(40_000) });
  const memory = new MemoryByteSource(bytes);
  let [calls, total] = [0, 0];
  const source: ByteSource = {
    name: "counted",
    size: memory.size,
    readInto: (offset, into) => {
      calls += 1;
      total += into.length;
      memory.readInto(offset, into);
    },
  };
  const big = openBolt(source).root.bucket(utf8.encode("big"));
  assert.ok(big !== undefined);
  assert.equal([...big.entries()].length, 40_000);
  const pages = bytes.length / 4096;
  assert.ok(calls < pages / 15, `${String(calls)} reads for ${String(pages)} pages`);
  assert.ok(total < bytes.length * 1.2, `${String(total)} bytes read of ${String(bytes.length)}`);
});
