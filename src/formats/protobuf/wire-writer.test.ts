import assert from "node:assert/strict";
import { test } from "node:test";
import { WireReader } from "./wire-reader.ts";
import { WireWriter } from "./wire-writer.ts";

test("WireWriter writes what WireReader reads, at the edges of every type", () => {
  for (const value of [0n, 1n, 127n, 128n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n]) {
    const reader = new WireReader(new WireWriter().uint64(1, value).finish());
    assert.equal(reader.nextField(), 1);
    assert.equal(reader.uint64(), value);
    assert.equal(reader.nextField(), 0);
  }
  const reader = new WireReader(
    new WireWriter()
      .int64(1, -2n)
      .uint32(1204, 2 ** 32 - 1)
      .bool(3, true)
      .finish(),
  );
  assert.deepEqual([reader.nextField(), reader.int64()], [1, -2n]);
  assert.deepEqual([reader.nextField(), reader.uint32()], [1204, 2 ** 32 - 1]);
  assert.deepEqual([reader.nextField(), reader.bool()], [3, true]);
});

test("WireWriter puts messages, strings and long bytes into each other", () => {
  const long = new Uint8Array(5000).fill(7);
  const bytes = new WireWriter().message(2, (inner) => inner.string(1, "ä").bytes(3, long)).finish();
  const reader = new WireReader(bytes);
  assert.equal(reader.nextField(), 2);
  const inner = reader.message();
  assert.deepEqual([inner.nextField(), inner.string()], [1, "ä"]);
  assert.deepEqual([inner.nextField(), inner.view()], [3, long]);
});
