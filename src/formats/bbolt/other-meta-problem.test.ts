import assert from "node:assert/strict";
import { test } from "node:test";
import { boltBytes } from "../../../test/support/bolt-bytes.ts";
import { MemoryByteSource } from "../byte-source.ts";
import { openBolt } from "./bolt-file.ts";
import { metaOffsets, pageHeaderBytes } from "./bolt-layout.ts";
import { otherMetaProblem } from "./other-meta-problem.ts";

const pageSize = 4096;
/** Page 0 is of transaction 2, page 1 of transaction 1. */
function problemOf(damage: (bytes: Uint8Array) => void): ReturnType<typeof otherMetaProblem> {
  const bytes = boltBytes({ big: { a: "b" } });
  damage(bytes);
  return otherMetaProblem(openBolt(new MemoryByteSource(bytes, "/db")));
}

test("otherMetaProblem: a damaged meta page is told with both transactions and what is lost, also where the page does not say which it was", () => {
  assert.equal(
    problemOf(() => undefined),
    undefined,
  );
  const newer = problemOf((bytes) => (bytes[pageHeaderBytes + metaOffsets.root] = 99));
  assert.equal(newer?.offset, 0);
  assert.match(
    newer.what,
    /^meta page 0: its checksum is wrong; read was transaction 1 of meta page 1, .* of transaction 2: the last commit .* lost$/,
  );
  // The number itself is damaged, and its checksum tells what it was.
  const flipped = problemOf((bytes) => (bytes[pageHeaderBytes + metaOffsets.transaction] = 0));
  assert.match(flipped?.what ?? "", /of transaction 2: the last commit .* lost$/);
  const olderFlipped = problemOf((bytes) => (bytes[pageSize + pageHeaderBytes + metaOffsets.transaction] = 77));
  assert.match(olderFlipped?.what ?? "", /transaction 1, the one before: nothing is lost/);
  const older = problemOf((bytes) => (bytes[pageSize + pageHeaderBytes + metaOffsets.magic] = 99));
  assert.equal(older?.offset, pageSize);
  assert.match(
    older.what,
    /^meta page 1: it does not begin .* transaction 2 of meta page 0, .* transaction 1, the one before: nothing is lost/,
  );
  const unknown = problemOf((bytes) => bytes.fill(0, 0, 512));
  assert.match(unknown?.what ?? "", /cannot be read: the last commit of this file may be lost$/);
});
