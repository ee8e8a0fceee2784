/**
 * Damaged bbolt files: nothing but a typed error or an answer comes out, in
 * bounded time, and what is called good can be read. REQUORUM_FUZZ_ROUNDS says
 * how many files (1500 when it is not set; scripts run a million),
 * REQUORUM_FUZZ_SEED where to begin.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { BoltBucket, BoltReader } from "../../src/formats/bbolt/bolt-reader.ts";
import { openBolt } from "../../src/formats/bbolt/bolt-file.ts";
import { metaOffsets } from "../../src/formats/bbolt/bolt-layout.ts";
import { fnv64a } from "../../src/formats/bbolt/bolt-meta.ts";
import { BoltWriter } from "../../src/formats/bbolt/bolt-writer.ts";
import { checkBolt } from "../../src/formats/bbolt/check-bolt.ts";
import { compareKeys } from "../../src/formats/bbolt/compare-keys.ts";
import { MemoryByteSource } from "../../src/formats/byte-source.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import { damageBolt } from "../support/damage-bolt.ts";
import { boltBytes, MemoryBoltSink } from "../support/bolt-bytes.ts";
import { seededRandom } from "../support/seeded-random.ts";

const rounds = Number(process.env["REQUORUM_FUZZ_ROUNDS"] ?? 1500);
const firstSeed = Number(process.env["REQUORUM_FUZZ_SEED"] ?? 1);
/** A round takes some milliseconds; ten thousand times that, on a machine however busy, means that there is no end. */
const roundLimitMs = 20_000;

const utf8 = new TextEncoder();
const expectedCodes = new Set(["FILE_DAMAGED", "FILE_UNSUPPORTED", "FILE_NOT_RECOGNISED"]);

/** Three levels of branch pages, nested and inline buckets, overflow, and both kinds of freelist. */
function makeFile(freelist: "kept" | "absent"): Uint8Array {
  const sink = new MemoryBoltSink();
  const writer = new BoltWriter(sink, { pageSizeBytes: 1024, freelist });
  const fill = (count: number, keyBytes: number, valueBytes: (index: number) => number) => {
    for (let index = 0; index < count; index += 1)
      writer.put(utf8.encode(String(index).padStart(keyBytes, "0")), new Uint8Array(valueBytes(index)));
  };
  writer.openBucket(utf8.encode("deep"));
  fill(120, 150, () => 90);
  writer.closeBucket();
  writer.openBucket(utf8.encode("large"));
  fill(12, 17, (index) => index * 700);
  writer.closeBucket();
  writer.openBucket(utf8.encode("outer"));
  fill(20, 10, () => 30);
  writer.openBucket(utf8.encode("inner"));
  fill(30, 10, () => 60);
  writer.closeBucket();
  writer.closeBucket();
  writer.openBucket(utf8.encode("small"));
  fill(3, 4, () => 5);
  writer.closeBucket();
  writer.finish();
  return sink.content();
}

/** How many keys a reader gives; every key must be after the one before it. */
function countKeys(bolt: BoltReader): number {
  const visit = (bucket: BoltBucket, depth: number): number => {
    let count = 0;
    let last: Uint8Array | undefined;
    for (const { key } of bucket.entries()) {
      assert.ok(last === undefined || compareKeys(last, key) < 0, "keys ascend");
      last = key;
      count += 1;
    }
    if (depth < 8) for (const name of bucket.bucketNames()) count += visit(bucket.bucket(name)!, depth + 1);
    return count;
  };
  return visit(bolt.root, 0);
}

/** The value, or the code of the typed error. Everything else fails the test. */
function outcome<T>(work: () => T): { readonly value: T } | { readonly code: string } {
  try {
    return { value: work() };
  } catch (error) {
    if (error instanceof RecoveryError && expectedCodes.has(error.code)) return { code: error.code };
    throw error;
  }
}

for (const freelist of ["kept", "absent"] as const) {
  test(`damaged bbolt files with the freelist ${freelist}: typed errors, answers that agree, and an end`, () => {
    const original = makeFile(freelist);
    assert.equal(checkBolt(new MemoryByteSource(original)).verdict, "good");
    let goods = 0;
    for (let seed = firstSeed; seed < firstSeed + rounds; seed += 1) {
      const { bytes, what } = damageBolt(original, 1024, seededRandom(seed));
      const source = new MemoryByteSource(bytes);
      const begin = performance.now();
      try {
        const check = outcome(() => checkBolt(source));
        const read = outcome(() => countKeys(openBolt(source)));
        outcome(() =>
          openBolt(source)
            .root.bucket(utf8.encode("deep"))
            ?.get(utf8.encode(String(seed % 120).padStart(150, "0"))),
        );
        if ("value" in check && check.value.verdict === "good") {
          goods += 1;
          assert.deepEqual(read, { value: check.value.keyCount }, "what is good can be read");
        }
      } catch (error) {
        throw new Error(`seed ${String(seed)} (${what}) with the freelist ${freelist}`, { cause: error });
      }
      assert.ok(performance.now() - begin < roundLimitMs, `seed ${String(seed)} (${what}) took too long`);
    }
    // Bits of values and of unused space cannot be told from what they should be; everything else must be.
    assert.ok(goods < rounds * 0.35, `${String(goods)} of ${String(rounds)} are good`);
  });
}

/** Pages that are each well made and name each other at random: trees, webs and cycles. */
function makeWeb(random: () => number): Uint8Array {
  const [pageSize, pageCount] = [1024, 40];
  const bytes = new Uint8Array(pageSize * pageCount);
  const view = new DataView(bytes.buffer);
  bytes.set(new Uint8Array(boltBytes({ web: { a: "b" } }, { pageSizeBytes: pageSize, freelist: "absent" })).subarray(0, 2 * pageSize));
  const below = (limit: number) => Math.floor(random() * limit);
  for (let id = 2; id < pageCount; id += 1) {
    const start = id * pageSize;
    const isLeaf = id > 2 && random() < 0.4;
    // Few children and long, similar keys: pages often fit where they do not belong.
    const keys = [...new Set(Array.from({ length: 1 + below(3) }, () => 1 + below(6)))].sort((one, other) => one - other);
    view.setUint32(start, id, true);
    view.setUint16(start + 8, isLeaf ? 2 : 1, true);
    view.setUint16(start + 10, keys.length, true);
    let data = 16 + 16 * keys.length;
    for (const [index, key] of keys.entries()) {
      const element = 16 + 16 * index;
      const position = [data - element, 1];
      for (const [field, value] of (isLeaf ? [0, ...position, 0] : [...position, 3 + below(pageCount - 3), 0]).entries())
        view.setUint32(start + element + 4 * field, value, true);
      bytes[start + data] = key;
      data += 1;
    }
  }
  for (const start of [16, pageSize + 16]) {
    view.setBigUint64(start + metaOffsets.root, 2n, true);
    view.setBigUint64(start + metaOffsets.highWater, BigInt(pageCount), true);
    view.setBigUint64(start + metaOffsets.checksum, fnv64a(bytes.subarray(start, start + metaOffsets.checksum)), true);
  }
  return bytes;
}

test("bbolt pages that name each other at random: few reads, whatever the shape", () => {
  const ends: Record<string, number> = {};
  for (let seed = firstSeed; seed < firstSeed + rounds; seed += 1) {
    const memory = new MemoryByteSource(makeWeb(seededRandom(seed)));
    let reads = 0;
    const source = {
      name: "web",
      size: memory.size,
      readInto: (offset: number, into: Uint8Array) => {
        reads += 1;
        memory.readInto(offset, into);
      },
    };
    const read = outcome(() => [...openBolt(source).root.entries()].length);
    const walkReads = reads;
    const check = checkBolt(source);
    assert.ok(
      walkReads < 200 && reads - walkReads < 200,
      `seed ${String(seed)}: ${String(walkReads)} and ${String(reads - walkReads)} reads`,
    );
    if ("code" in read) assert.equal(check.verdict, "damaged", `seed ${String(seed)}: what cannot be read is not good`);
    const end = `${"code" in read ? read.code : "read"}, ${[...new Set(check.problems.map(({ kind }) => kind))].sort().join("+")}`;
    ends[end] = (ends[end] ?? 0) + 1;
  }
  assert.ok(
    Object.keys(ends).some((end) => end.startsWith("read")),
    JSON.stringify(ends),
  );
});
