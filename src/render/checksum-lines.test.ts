import assert from "node:assert/strict";
import { test } from "node:test";
import { checksumLines } from "./checksum-lines.ts";
import { drawPage } from "../cli/terminal/draw-page.ts";

test("checksumLines: what nothing vouches for is named; a right sha256, and a data dir, are not worth a word", () => {
  const words = (sha256: Parameters<typeof checksumLines>[1]) => drawPage(checksumLines("a.db", sha256), { columns: 80, hasColor: false });
  assert.match(words({ present: false, valid: undefined }), /^a\.db is without checksum/);
  assert.match(words({ present: true, valid: false }), /^a\.db does not have the sha256 .* may be wrong/s);
  assert.deepEqual([checksumLines("a.db", { present: true, valid: true }), checksumLines("a.db", undefined)], [[], []]);
});
