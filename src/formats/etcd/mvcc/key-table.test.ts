import assert from "node:assert/strict";
import test from "node:test";
import { seededRandom } from "../../../../test/support/seeded-random.ts";
import { KeyHasher } from "./key-hasher.ts";
import { KeyTable, keyState, keyWord } from "./key-table.ts";

/** A hasher whose words are given: what the table sees of a key. */
function hashOf(h0: number, h1: number, h2: number, h3: number): KeyHasher {
  return Object.assign(new KeyHasher(), { h0, h1, h2, h3 });
}

test("KeyTable: what is in it is found while it grows, and after a part was dropped, also where all want the same slots", () => {
  for (const spread of [4_294_967_296, 5_000, 1]) {
    const random = seededRandom(spread);
    const word = (limit: number): number => Math.floor(random() * limit);
    const table = new KeyTable(7, 1_800);
    const hashes: KeyHasher[] = [];
    for (let index = 0; index < 1_800; index += 1) {
      const hash = hashOf(index, word(spread) + (spread === 1 ? 4_294_967_294 : 0), word(4_294_967_296), 0);
      hashes.push(hash);
      assert.equal(table.seek(hash), false);
      table.words[table.at + keyWord.ordinal] = index;
      table.words[table.at + keyWord.state] = keyState.live;
    }
    table.keepPart(1, 1);
    const kept = hashes.filter((hash) => (hash.h2 & 1) === 1);
    assert.equal(table.count, kept.length);
    for (const hash of kept) {
      assert.equal(table.seek(hash), true);
      assert.equal(table.words[table.at + keyWord.ordinal], hash.h0);
    }
    let visited = 0;
    table.forEach(() => (visited += 1));
    assert.equal(visited, kept.length);
    table.clear();
    assert.deepEqual([table.count, table.seek(hashOf(1, 2, 3, 4))], [0, false]);
  }
});

test("KeyHasher: every byte and the length count, wherever the key stands", () => {
  const seen = new Set<string>();
  const hasher = new KeyHasher();
  const textOf = (bytes: Uint8Array, start: number, end: number): string => {
    hasher.hash(bytes, start, end);
    return [hasher.h0, hasher.h1, hasher.h2, hasher.h3].join(" ");
  };
  let count = 0;
  for (let length = 0; length < 70; length += 1) {
    const key = Uint8Array.from({ length }, (_, at) => at);
    const inside = Uint8Array.of(9, 9, 9, ...key, 9);
    assert.equal(textOf(key, 0, length), textOf(inside, 3, 3 + length));
    seen.add(textOf(key, 0, length));
    for (let at = 0; at < length; at += 1) seen.add(textOf(key.with(at, 0xff), 0, length));
    count += 1 + length;
  }
  assert.equal(seen.size, count);
});

test("KeyHasher: the first word of Linux's hsiphash, and other words with another seed", () => {
  // lib/tests/siphash_kunit.c: the key 00 to 07, and data 00, 01, … of 0 to 7 bytes.
  const vectors = [0x5814c896, 0xe7e864ca, 0xbc4b0e30, 0x01539939, 0x7e059ea6, 0x88e3d89b, 0xa0080b65, 0x9d38d9d6];
  const [k0, k1] = [0x03020100, 0x07060504];
  const linux = new KeyHasher([k0, k1, 0x6c796765 ^ k0, 0x74656462 ^ k1]);
  const data = Uint8Array.from({ length: 8 }, (_, at) => at);
  vectors.forEach((vector, length) => {
    linux.hash(data, 0, length);
    assert.equal((linux.h1 ^ linux.h3) >>> 0, vector);
  });
  for (let bit = 0; bit < 128; bit += 1) {
    const seed: [number, number, number, number] = [k0, k1, 0x6c796765 ^ k0, 0x74656462 ^ k1];
    seed[bit >> 5] = (seed[bit >> 5] ?? 0) ^ (1 << (bit & 31));
    const other = new KeyHasher(seed);
    other.hash(data, 0, 7);
    for (const word of ["h0", "h1", "h2", "h3"] as const) assert.notEqual(other[word], linux[word]);
  }
});

test("KeyTable: what it was grown out of, and all of it in the end, goes back at once", () => {
  const hasher = new KeyHasher();
  const table = new KeyTable(7, 100_000);
  const arrays = new Set([table.words]);
  for (let number = 0; number < 10_000; number += 1) {
    hasher.hash(new TextEncoder().encode(String(number)), 0, String(number).length);
    if (!table.seek(hasher)) table.words[table.at + keyWord.state] = keyState.live;
    arrays.add(table.words);
  }
  assert.equal(table.count, 10_000);
  assert.deepEqual(
    [...arrays].map((words) => words.byteLength > 0),
    [false, false, true],
  );
  table.release();
  assert.equal(table.words.byteLength, 0);
});
