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
import { BoltWriter } from "../../src/formats/bbolt/bolt-writer.ts";
import { checkBolt } from "../../src/formats/bbolt/check-bolt.ts";
import { compareKeys } from "../../src/formats/bbolt/compare-keys.ts";
import { MemoryByteSource } from "../../src/formats/byte-source.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import { damageBolt } from "../support/damage-bolt.ts";
import { MemoryBoltSink } from "../support/bolt-bytes.ts";
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
