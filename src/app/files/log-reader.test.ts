import assert from "node:assert/strict";
import { test } from "node:test";
import { landmarkWrites as writes } from "../../../test/support/kube-database.ts";
import { below, dataDirFilesOf } from "../../../test/support/memory-data-dir.ts";
import { memoryFileContext } from "../../../test/support/memory-file-context.ts";
import { putRequest } from "../../../test/support/raft-requests.ts";
import { checkFile } from "./check-file.ts";
import { rankFiles } from "./rank-files.ts";

test("the log of a data dir is scanned once, by check as by rank", () => {
  const context = memoryFileContext(below("/dir", dataDirFilesOf({ writes, requests: [putRequest("a")] })));
  const scans = (): number => context.events.filter((event) => event.text.startsWith("reading the log")).length;
  checkFile(context, "/dir");
  assert.equal(scans(), 1);
  rankFiles(context, ["/dir"]);
  assert.equal(scans(), 2);
});
