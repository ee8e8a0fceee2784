import assert from "node:assert/strict";
import { test } from "node:test";
import { databaseBytes, landmarkWrites as writes } from "../../../test/support/kube-database.ts";
import { memoryFileContext } from "../../../test/support/memory-file-context.ts";
import { restoreRequest } from "../../../test/support/restore-request.ts";
import { metaOffsets, pageHeaderBytes } from "../../formats/bbolt/bolt-layout.ts";
import { checkFile } from "./check-file.ts";
import { inspectFile } from "./inspect-file.ts";
import { restoreFile } from "./restore-file.ts";

test("a damaged meta page is a problem for check and inspect, with what may be lost; all else is read, and a restore is possible and says it", () => {
  const bytes = databaseBytes({ writes });
  bytes[pageHeaderBytes + metaOffsets.root] = 99;
  const context = memoryFileContext({ "/db": bytes });
  const { verdict, checks, totalKeys } = checkFile(context, "/db");
  assert.deepEqual(
    [verdict, totalKeys, ...checks.map((part) => part.verdict)],
    ["damaged", writes.length, "absent", "damaged", "good", "good", "good"],
  );
  const lost = /^meta page 0: its checksum is wrong; .* transaction 2: the last commit of this file is lost$/;
  assert.match(checks[1]?.problems[0]?.what ?? "", lost);
  const { structure } = inspectFile(context, "/db");
  assert.deepEqual([structure.verdict, structure.problemCount], ["damaged", 1]);
  assert.match(structure.problems[0]?.what ?? "", lost);
  const made = restoreFile(context, restoreRequest("/db", "/new"));
  assert.equal(made.sha256.present, false);
  assert.match(made.metaDamage ?? "", /its checksum is wrong; .* the last commit of this file is lost$/);
  assert.equal(restoreFile(memoryFileContext({ "/db": databaseBytes({ writes }) }), restoreRequest("/db", "/new")).metaDamage, undefined);
});
