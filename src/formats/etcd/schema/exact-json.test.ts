import assert from "node:assert/strict";
import { test } from "node:test";
import { parseExactJson } from "./exact-json.ts";

test("parseExactJson: ends for a text of quotes that are escaped and never closed", { timeout: 60_000 }, () => {
  assert.throws(() => parseExactJson(`"${'\\"'.repeat(500_000)}`), SyntaxError);
  assert.throws(() => parseExactJson(`{"a": "b`), SyntaxError);
  assert.deepEqual(parseExactJson('{"a": "\\"12345678901234567890", "b": 12345678901234567890}'), {
    a: '"12345678901234567890',
    b: "12345678901234567890",
  });
});
