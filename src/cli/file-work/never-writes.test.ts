import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { LocalByteFiles } from "../../adapters/local-fs/local-byte-files.ts";
import { LocalDataDirWriter } from "../../adapters/local-fs/local-data-dir-writer.ts";
import { pictureOf, requestsFor } from "../../../test/support/file-requests.ts";
import { databaseBytes, landmarkWrites as writes, snapshotBytes } from "../../../test/support/kube-database.ts";
import { dataDirFilesOf } from "../../../test/support/memory-data-dir.ts";
import { memoryFileContext } from "../../../test/support/memory-file-context.ts";
import { putRequest } from "../../../test/support/raft-requests.ts";
import { fileTasks, type FileTaskName } from "./file-tasks.ts";

test("no verb writes to what it reads: inode, size, times, bytes and neighbours are the same afterwards, also of a damaged file", (context) => {
  const work = mkdtempSync(join(tmpdir(), "requorum-never-"));
  context.after(() => {
    rmSync(work, { recursive: true });
  });
  const sources = join(work, "sources");
  const put = (name: string, bytes: Uint8Array): void => {
    mkdirSync(dirname(join(sources, name)), { recursive: true });
    writeFileSync(join(sources, name), bytes);
  };
  put("snapshot.db", snapshotBytes({ writes }));
  put("db", databaseBytes({ writes }));
  put("cut.db", snapshotBytes({ writes }).subarray(0, 9000));
  for (const [path, bytes] of Object.entries(dataDirFilesOf({ writes, requests: [putRequest("a")] }))) put(`m1/${path}`, bytes);
  const before = pictureOf(sources);
  const files = { ...memoryFileContext(), files: new LocalByteFiles(), dataDirs: new LocalDataDirWriter() };
  const ended: string[] = [];
  for (const name of ["snapshot.db", "db", "m1", "cut.db"]) {
    const requests = requestsFor(join(sources, name), join(work, `new-of-${name}`));
    for (const verb of Object.keys(fileTasks) as FileTaskName[]) {
      const run = fileTasks[verb] as (context: typeof files, request: unknown, write: () => void) => unknown;
      try {
        run(files, requests[verb], () => undefined);
        ended.push(`${verb} ${name}`);
      } catch (error) {
        assert.equal(name, "cut.db", String(error));
      }
      assert.deepEqual(pictureOf(sources), before, `${verb} ${name}`);
    }
  }
  assert.equal(ended.filter((one) => !one.endsWith("cut.db")).length, 3 * Object.keys(fileTasks).length);
  assert.deepEqual(readdirSync(work).sort(), ["new-of-db", "new-of-m1", "new-of-snapshot.db", "sources"]);
});
