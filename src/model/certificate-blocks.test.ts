import assert from "node:assert/strict";
import { test } from "node:test";
import { certificateBlocks } from "./certificate-blocks.ts";

const [begin, end] = ["-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"];

test("certificateBlocks: each block, and one that was cut off as the beginning of the next", () => {
  const whole = `${begin}\nMIIB\n${end}`;
  assert.deepEqual(certificateBlocks(`a\n${whole}\nb\n${whole}\n${begin}\nMII`), [whole, whole]);
  assert.deepEqual(certificateBlocks(`${begin}\nMI\n${whole}\n`), [`${begin}\nMI\n${whole}`]);
  assert.deepEqual(certificateBlocks(`${end}\n${begin}`), []);
});

test("certificateBlocks: ends for 4 MiB of beginnings", { timeout: 60_000 }, () => {
  assert.deepEqual(certificateBlocks(begin.repeat(150_000)), []);
  assert.deepEqual(certificateBlocks(`${begin}${end}${begin.repeat(150_000)}`), [`${begin}${end}`]);
});
