import assert from "node:assert/strict";
import { test } from "node:test";
import { boltBytes, MemoryBoltSink } from "../../../test/support/bolt-bytes.ts";
import { MemoryByteSource } from "../byte-source.ts";
import { openBolt } from "./bolt-file.ts";
import { BoltWriter, writeBolt } from "./bolt-writer.ts";

const utf8 = new TextEncoder();
const text = new TextDecoder();

test("writeBolt: the meta pages come last, so that a file that was not finished is not taken for one", () => {
  const sink = new MemoryBoltSink();
  const writer = new BoltWriter(sink);
  writer.openBucket(utf8.encode("a"));
  for (let index = 0; index < 50_000; index += 1) writer.put(utf8.encode(String(index).padStart(6, "0")), new Uint8Array(50));
  assert.ok(sink.content().length > 1_000_000);
  assert.throws(
    () => openBolt(new MemoryByteSource(sink.content())),
    /FILE_NOT_RECOGNISED|not of the wanted kind|this is not a bbolt database/,
  );
});

test("writeBolt: it says how large the file is, and progress counts up to that", () => {
  const seen: [number, number][] = [];
  const sink = new MemoryBoltSink();
  const entries = Array.from({ length: 60 }, (_, index) => ({ key: Uint8Array.of(index + 1), value: new Uint8Array(100_000) }));
  const { sizeBytes, pageCount } = writeBolt(sink, [{ name: utf8.encode("a"), entries }], {
    onBytes: (done, total) => seen.push([done, total]),
    totalBytes: 6_000_000,
  });
  assert.equal(sink.content().length, sizeBytes);
  assert.equal(sizeBytes, pageCount * 4096);
  assert.ok(seen.length > 3);
  assert.deepEqual(seen.at(-1), [sizeBytes, 6_000_000]);
});

test("writeBolt: keys that do not ascend, empty keys and keys outside of buckets are bugs", () => {
  const put = (...keys: string[]) => {
    const writer = new BoltWriter(new MemoryBoltSink());
    writer.openBucket(utf8.encode("a"));
    for (const key of keys) writer.put(utf8.encode(key), new Uint8Array(3000));
  };
  put("a", "b", "c");
  assert.throws(() => put("a", "a"), /do not ascend/);
  assert.throws(() => put("b", "a"), /do not ascend/);
  assert.throws(() => put("a", "b", "c", "d", "cc"), /do not ascend/, "also over the edge of a page");
  assert.throws(() => put(""), /a bbolt key of 0 bytes/);
  assert.throws(() => put("x".repeat(32_769)), /a bbolt key of 32769 bytes/);
  const writer = new BoltWriter(new MemoryBoltSink());
  assert.throws(() => writer.put(utf8.encode("a"), utf8.encode("a")), /outside of every bucket/);
  writer.openBucket(utf8.encode("b"));
  writer.closeBucket();
  assert.throws(() => writer.openBucket(utf8.encode("a")), /do not ascend/);
});

test("writeBolt: nested buckets, inline and with pages of their own, are read back", () => {
  const sink = new MemoryBoltSink();
  const writer = new BoltWriter(sink);
  writer.openBucket(utf8.encode("outer"));
  writer.put(utf8.encode("a"), utf8.encode("1"));
  writer.openBucket(utf8.encode("inner"));
  for (let index = 0; index < 500; index += 1) writer.put(utf8.encode(`k${String(index).padStart(3, "0")}`), new Uint8Array(20));
  writer.openBucket(utf8.encode("small"));
  writer.put(utf8.encode("x"), utf8.encode("y"));
  writer.closeBucket(7n);
  writer.closeBucket();
  writer.put(utf8.encode("z"), utf8.encode("2"));
  writer.closeBucket();
  writer.finish();
  const outer = openBolt(new MemoryByteSource(sink.content())).root.bucket(utf8.encode("outer"));
  const inner = outer?.bucket(utf8.encode("inner"));
  const small = inner?.bucket(utf8.encode("small"));
  assert.equal(small?.name, "outer/inner/small");
  assert.deepEqual(
    [...outer!.entries()].map(({ key }) => text.decode(key)),
    ["a", "z"],
  );
  assert.equal([...inner!.entries()].length, 500);
  assert.equal(text.decode(small.get(utf8.encode("x"))), "y");
});

test("writeBolt: without a freelist the meta pages say so", () => {
  const freelistOf = (freelist: "kept" | "absent") =>
    openBolt(new MemoryByteSource(boltBytes({ a: { b: "c" } }, { freelist }))).meta.freelistPage;
  assert.equal(freelistOf("kept"), 2n);
  assert.equal(freelistOf("absent"), undefined);
});

test("writeBolt: no branch page has a single child, for any number of keys", () => {
  // Every count with up to three levels of pages, then steps that come to each place within a page.
  for (let count = 1; count < 700; count += count < 100 ? 1 : 7) {
    const keys = Object.fromEntries(Array.from({ length: count }, (_, index) => [String(index).padStart(200, "0"), "v"]));
    const bytes = boltBytes({ a: keys }, { pageSizeBytes: 1024 });
    const view = new DataView(bytes.buffer);
    for (let page = 2048; page < bytes.length; page += 1024)
      if (view.getUint16(page + 8, true) === 1) assert.ok(view.getUint16(page + 10, true) >= 2, `${String(count)} keys`);
  }
});
