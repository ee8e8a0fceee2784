import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32c } from "./crc32c.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

test("crc32c gives the check value of the polynomial", () => {
  assert.equal(crc32c(bytesOf("123456789")), 0xe3069283);
});

test("crc32c of 32 zero bytes and of 32 bytes of ones are those of RFC 3720", () => {
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
});

test("crc32c of parts is the crc32c of the whole, wherever it is cut", () => {
  const bytes = Uint8Array.from({ length: 61 }, (_, index) => (index * 37) & 0xff);
  const whole = crc32c(bytes);
  for (let cut = 0; cut <= bytes.length; cut += 1) assert.equal(crc32c(bytes, crc32c(bytes, 0, 0, cut), cut), whole);
});

test("crc32c of a long range is the same at every alignment and length", () => {
  const bytes = Uint8Array.from({ length: 2100 }, (_, index) => (index * 101) & 0xff);
  for (let start = 0; start < 9; start += 1)
    for (let length = 500; length < 560; length += 1) {
      let expected = 0;
      for (let at = start; at < start + length; at += 100) expected = crc32c(bytes, expected, at, Math.min(at + 100, start + length));
      assert.equal(crc32c(bytes, 0, start, start + length), expected);
      assert.equal(crc32c(bytes.subarray(start, start + length)), expected);
    }
});
