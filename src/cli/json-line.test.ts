import assert from "node:assert/strict";
import { test } from "node:test";
import { jsonLine } from "./json-line.ts";

test("jsonLine escapes what would move a terminal's cursor or turn its direction, and says the same", () => {
  const value = { host: "cp2\u009b2K\u202e\u007f" };
  assert.match(jsonLine(value), /^\{"host":"cp2\\u009b2K\\u202e\\u007f"\}\n$/);
  assert.deepEqual(JSON.parse(jsonLine(value, 2)), value);
});
