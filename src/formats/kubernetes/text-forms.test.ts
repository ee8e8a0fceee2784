import assert from "node:assert/strict";
import { test } from "node:test";
import { base64Of, durationText, textOfBytes, timeText } from "./text-forms.ts";

test("base64Of: equals Node's for every length to 200, and across its own buffer", () => {
  for (const length of [...Array.from({ length: 200 }, (_, index) => index), 4095, 10_000]) {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 167 + 13) & 255);
    assert.equal(base64Of(bytes), Buffer.from(bytes).toString("base64"));
  }
});

test("durationText: as Go's time.Duration prints it", () => {
  const expected: readonly (readonly [bigint, string])[] = [
    [0n, "0s"],
    [1n, "1ns"],
    [1_500n, "1.5µs"],
    [-2_000_000n, "-2ms"],
    [1_000_000_000n, "1s"],
    [90_500_000_000n, "1m30.5s"],
    [3_600_000_000_000n, "1h0m0s"],
    [-(2n ** 63n), "-2562047h47m16.854775808s"],
  ];
  for (const [nanoseconds, text] of expected) assert.equal(durationText(nanoseconds), text);
});

test("timeText: seconds, and microseconds where they are kept", () => {
  assert.equal(timeText(0n), "1970-01-01T00:00:00Z");
  assert.equal(timeText(-62_135_596_799n), "0001-01-01T00:00:01Z");
  assert.equal(timeText(1_700_000_000n, 42), "2023-11-14T22:13:20.000042Z");
});

test("textOfBytes: each byte that is no part of a letter becomes U+FFFD", () => {
  assert.equal(
    textOfBytes(Uint8Array.of(0x41, 0xff, 0xc3, 0xa9, 0xed, 0xa0, 0x80, 0xf0, 0x9f)),
    "A\ufffd\u00e9\ufffd\ufffd\ufffd\ufffd\ufffd",
  );
});
