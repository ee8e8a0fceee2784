import assert from "node:assert/strict";
import { test } from "node:test";
import { revisionNumber, wholeNumber } from "./whole-number.ts";

test("a revision: left out it is the newest, and a 0, which no etcd has, is a mistake and not the newest", () => {
  assert.equal(revisionNumber(undefined, "revision"), 0n);
  assert.equal(revisionNumber("17", "revision"), 17n);
  for (const text of ["0", "00", "-1", "1.5", ""]) assert.throws(() => revisionNumber(text, "revision"), { code: "USAGE" }, text);
  assert.equal(wholeNumber("0", "bump-revision"), 0n);
});
