import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import { landmarkWrites } from "../../../test/support/kube-database.ts";
import { below, dataDirFilesOf } from "../../../test/support/memory-data-dir.ts";
import { memoryFileContext } from "../../../test/support/memory-file-context.ts";
import { putRequest } from "../../../test/support/raft-requests.ts";
import { restoreRequest } from "../../../test/support/restore-request.ts";
import { checkFile } from "./check-file.ts";
import { hashKvFile } from "./hash-kv-file.ts";
import { inspectFile } from "./inspect-file.ts";
import { dataDirOf } from "./log-beside.ts";
import { rankFiles } from "./rank-files.ts";
import { restoreFile } from "./restore-file.ts";

const killed = dataDirFilesOf({ writes: landmarkWrites, requests: [putRequest("/registry/a"), putRequest("/registry/b")] });
const stopped = dataDirFilesOf({ writes: landmarkWrites, requests: [] });
const db = killed["member/snap/db"] ?? new Uint8Array(0);
const dirs = { ...below("/killed", killed), ...below("/stopped", stopped), "/copy/snap/db": db };
const path = "/killed/member/snap/db";
const words =
  /its log stands beside it, with 2 entries above the database's last, 10: give the data dir, \/killed; missing: entries 11 to 12/;

test("restore and hashkv refuse the database of a data dir whose log holds more, and name the call with the data dir", () => {
  const context = memoryFileContext(dirs);
  assert.throws(
    () => restoreFile(context, restoreRequest(path, "/new")),
    (error) => {
      isRecoveryError("LOG_NOT_READ", words)(error);
      assert.match(JSON.stringify(error), /requorum snapshot restore \/killed"/);
      return true;
    },
  );
  const hash = { path, revision: 0n, etcdVersion: undefined };
  assert.throws(() => hashKvFile(context, hash), isRecoveryError("LOG_NOT_READ", words));
  const made = restoreFile(context, restoreRequest(path, "/new", { acceptsLogDamage: true }));
  assert.deepEqual([made.sourceRevision, made.logLoss?.kind], [3n, "beside"]);
});

test("check does not call it good, nor damaged; inspect and rank say that the log was not read", () => {
  const context = memoryFileContext(dirs);
  const check = checkFile(context, path);
  assert.deepEqual([check.verdict, check.checks.at(-1)?.verdict], ["incomplete", "unjudged"]);
  assert.equal(inspectFile(context, path).logLoss?.missingThrough, 12n);
  assert.match(rankFiles(context, [path]).ranks[0]?.problems.join() ?? "", /give the data dir, \/killed/);
});

test("where the log adds nothing, or there is none, the database alone is all there is", () => {
  const context = memoryFileContext(dirs);
  for (const whole of ["/stopped/member/snap/db", "/copy/snap/db"]) {
    assert.equal(restoreFile(memoryFileContext(dirs), restoreRequest(whole, "/new")).logLoss, undefined, whole);
    assert.equal(checkFile(context, whole).verdict, "good", whole);
  }
});

test("dataDirOf names what a person would give", () => {
  const of = ["/var/lib/etcd/member/snap/db", "member/snap/db", "./snap/db", "snap/db", "db", "/x/snap//db", "ssh://h/etcd/member/snap/db"];
  assert.deepEqual(of.map(dataDirOf), ["/var/lib/etcd", ".", ".", ".", "..", "/x", "ssh://h/etcd"]);
});
