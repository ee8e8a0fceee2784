import assert from "node:assert/strict";
import { test } from "node:test";
import { databaseBytes, type KeyWrites } from "../../../test/support/kube-database.ts";
import { openBolt } from "../../formats/bbolt/bolt-file.ts";
import { MemoryByteSource } from "../../formats/byte-source.ts";

import { lastDeletions } from "./last-deletions.ts";

test("lastDeletions: of more than are kept the latest remain, each with the revision that still has it", () => {
  const keys = ["/a", "/b", "/c"];
  // Revisions 2 to 4 write, 5 to 7 delete.
  const writes: KeyWrites = [...keys.map((key) => [key, "x"] as const), ...keys.map((key) => [key, undefined] as const)];
  const bolt = openBolt(new MemoryByteSource(databaseBytes({ writes })));
  const found = lastDeletions(bolt, 7n, () => true, { deletionsMax: 2 });
  assert.deepEqual(found, [
    { key: "/c", revision: 7n, lastRevision: 6n },
    { key: "/b", revision: 6n, lastRevision: 5n },
  ]);
});
