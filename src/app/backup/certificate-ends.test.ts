import assert from "node:assert/strict";
import { test } from "node:test";
import { certificatesIn } from "./certificate-ends.ts";

const [begin, end] = ["-----BEGIN CERTIFICATE-----\n", "-----END CERTIFICATE-----"];
const whole = `${begin}bWlu\n${end}`;

test("certificatesIn: one that was cut off takes no other with it, and a file of nothing but beginnings ends", () => {
  const found = (text: string) => certificatesIn(new TextEncoder().encode(text));
  assert.deepEqual(found(`${whole}\n${begin}Y3V0\n${whole}\n`), [whole, whole]);
  assert.deepEqual(found(begin.repeat(150_000)), []);
});
