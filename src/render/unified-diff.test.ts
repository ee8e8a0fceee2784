import assert from "node:assert/strict";
import { test } from "node:test";
import { unifiedDiff } from "./unified-diff.ts";

const words = (from: string, to: string): readonly string[] | undefined =>
  unifiedDiff(from, to)?.map(({ kind, text }) => `${kind} ${text}`);

test("unifiedDiff: what changes stands between three lines of what stays, and the rest is left out", () => {
  const before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
  assert.deepEqual(words(before, before.replace("5\n", "five\nand a half\n")), [
    "gap ",
    "same 2",
    "same 3",
    "same 4",
    "removed 5",
    "added five",
    "added and a half",
    "same 6",
    "same 7",
    "same 8",
    "gap ",
  ]);
});

test("unifiedDiff: equal texts differ in nothing, an absent one in everything, a missing newline is told", () => {
  assert.deepEqual(words("a\nb\n", "a\nb\n"), []);
  assert.deepEqual(words("", "a\n"), ["added a"]);
  assert.deepEqual(words("a\n", "a"), ["same a", "added \\ no newline at the end"]);
});

test("unifiedDiff: files of more lines than are compared give none", () => {
  assert.equal(unifiedDiff("x\n".repeat(2001), "y\n"), undefined);
});
