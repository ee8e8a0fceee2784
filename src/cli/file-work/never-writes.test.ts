import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { LocalByteFiles } from "../../adapters/local-fs/local-byte-files.ts";
import { LocalDataDirWriter } from "../../adapters/local-fs/local-data-dir-writer.ts";
import { databaseBytes, landmarkWrites as writes, snapshotBytes } from "../../../test/support/kube-database.ts";
import { dataDirFilesOf } from "../../../test/support/memory-data-dir.ts";
import { memoryFileContext } from "../../../test/support/memory-file-context.ts";
import { putRequest } from "../../../test/support/raft-requests.ts";
import { fileTasks, type FileTaskName, type FileTaskRequest } from "./file-tasks.ts";

const all = { what: undefined, namespace: undefined, selector: undefined };

/** One request for every verb that reads files; a new verb does not compile until it is here. */
function requestsFor(path: string, newDir: string): { readonly [Name in FileTaskName]: FileTaskRequest<Name> } {
  const side = { path, revision: 0n };
  return {
    inspect: { path },
    check: { path },
    diff: { from: side, to: side, selection: all, includesNoise: true, encryptionConfig: undefined },
    get: { path, selection: all, revision: 0n, isRaw: false, encryptionConfig: undefined },
    hashkv: { path, revision: 0n, etcdVersion: undefined },
    rank: { paths: [path] },
    restore: {
      path,
      dataDir: newDir,
      name: "m1",
      members: [{ name: "m1", peerUrls: ["http://m1:2380"] }],
      clusterToken: undefined,
      revisionBump: 1000n,
      targetMinor: "3.6",
      clearsAlarms: true,
      committedOnly: false,
    },
  };
}

/** Everything of every file and directory but the time of the last reading. */
function pictureOf(root: string): readonly string[] {
  return ["", ...readdirSync(root, { recursive: true, encoding: "utf8" }).sort()].map((name) => {
    const path = join(root, name);
    const { ino, size, mode, nlink, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    const content = statSync(path).isFile() ? readFileSync(path).toString("base64") : "";
    return [name, ino, size, mode, nlink, mtimeNs, ctimeNs, content].join(" ");
  });
}

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
      const run = fileTasks[verb] as (context: typeof files, request: unknown) => unknown;
      try {
        run(files, requests[verb]);
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
