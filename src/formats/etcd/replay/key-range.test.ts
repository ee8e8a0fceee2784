import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../../../../test/support/seeded-random.ts";
import { isInRange, KeyRanges, keySelection } from "./key-range.ts";
import { bytesOfKeyText, keyTextOf } from "./key-text.ts";

const text = (value: string): ReturnType<typeof keyTextOf> => keyTextOf(Buffer.from(value, "latin1"));

test("key selection: no range end is one key, a zero byte is everything from it on", () => {
  assert.deepEqual(keySelection(Buffer.from("a"), new Uint8Array(0)), { kind: "one", key: "a" });
  assert.deepEqual(keySelection(Buffer.from("a"), Buffer.from("b")), { kind: "range", from: "a", before: "b" });
  assert.deepEqual(keySelection(Buffer.from("a"), Uint8Array.of(0)), { kind: "range", from: "a", before: undefined });
});

test("key text: keeps all bytes and their order, also of long keys", () => {
  const long = Uint8Array.from({ length: 10_000 }, (_, at) => at % 256);
  assert.deepEqual(bytesOfKeyText(keyTextOf(long)), long);
  assert.ok(text("a\xff") < text("b"));
  assert.ok(text("\x7f") < text("\x80"));
});

test("key ranges: joined ranges hold exactly the keys of their parts", () => {
  const random = seededRandom(9);
  const letter = (): string => String.fromCharCode(97 + Math.floor(random() * 26));
  for (let round = 0; round < 300; round += 1) {
    const ranges = new KeyRanges();
    const parts = Array.from({ length: Math.floor(random() * 5) }, () => {
      const [from, before] = [text(letter()), random() < 0.1 ? undefined : text(letter())];
      ranges.add(from, before);
      return { from, before };
    });
    for (let code = 96; code < 125; code += 1) {
      const key = text(String.fromCharCode(code));
      const isExpected = parts.some(({ from, before }) => isInRange(key, from, before));
      assert.equal(ranges.has(key), isExpected, `${key} in ${JSON.stringify(parts)}`);
    }
  }
});
