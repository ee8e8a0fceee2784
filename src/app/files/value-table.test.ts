import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryFileContext } from "../../../test/support/memory-file-context.ts";
import { ValueTable, type ValueChange } from "./value-table.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text);

test("ValueTable: what was added, changed, kept and removed is found, in one part or in many", () => {
  const before = new Map(Array.from({ length: 1000 }, (_, at) => [`key-${String(at)}`, `value-${String(at)}`]));
  const after = new Map(Array.from({ length: 1000 }, (_, at) => [`key-${String(at + 100)}`, `value-${String(at + (at < 500 ? 100 : 0))}`]));
  for (const maxKeys of [undefined, 1000, 300, 10]) {
    const found: Record<ValueChange | "removed", string[]> = { added: [], same: [], differs: [], removed: [] };
    const table = new ValueTable(memoryFileContext(), maxKeys);
    let parts = 0;
    do {
      parts += 1;
      for (const [key, value] of before) if (table.take(bytes(key))) table.note(bytes(value));
      for (const [key, value] of after) if (table.take(bytes(key))) found[table.match(bytes(value))].push(key);
      const removed = [...before.keys()].filter((key) => table.take(bytes(key)) && table.isUnmatched());
      assert.equal(table.unmatchedCount, removed.length);
      found.removed.push(...removed);
    } while (table.nextPart());
    const keys = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => `key-${String(from + at)}`).sort();
    assert.deepEqual(found.added.sort(), keys(1000, 1100));
    assert.deepEqual(found.same.sort(), keys(100, 600));
    assert.deepEqual(found.differs.sort(), keys(600, 1000));
    assert.deepEqual(found.removed.sort(), keys(0, 100));
    assert.equal(parts > 1, maxKeys !== undefined && maxKeys < 1000, `${String(parts)} parts`);
  }
});

test("ValueTable: a value that is longer than any before it is compared whole", () => {
  const table = new ValueTable(memoryFileContext());
  const long = new Uint8Array(300_000).fill(1);
  assert.ok(table.take(bytes("a")));
  table.note(long);
  assert.equal(table.match(long.slice()), "same");
  assert.equal(table.match(long.with(299_999, 2)), "differs");
});
