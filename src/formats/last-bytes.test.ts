import assert from "node:assert/strict";
import { test } from "node:test";
import { LastBytes } from "./last-bytes.ts";

test("the last bytes are held back, however the stream is cut", () => {
  const stream = Uint8Array.from({ length: 100 }, (_, at) => at);
  for (const pieceBytes of [1, 3, 7, 8, 50, 100])
    for (const count of [0, 1, 8, 100, 120]) {
      const earlier: number[] = [];
      const last = new LastBytes(count, (bytes) => earlier.push(...bytes));
      for (let at = 0; at < stream.length; at += pieceBytes) last.update(stream.slice(at, at + pieceBytes));
      const held = Math.min(count, stream.length);
      assert.deepEqual([...earlier], [...stream.subarray(0, stream.length - held)]);
      assert.deepEqual([...last.bytes], [...stream.subarray(stream.length - held)]);
    }
});
