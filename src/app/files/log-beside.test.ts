import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import { landmarkWrites } from "../../../test/support/kube-database.ts";
import { below, dataDirFilesOf } from "../../../test/support/memory-data-dir.ts";
import { memoryFileContext } from "../../../test/support/memory-file-context.ts";
import { putRequest } from "../../../test/support/raft-requests.ts";
import { restoreRequest } from "../../../test/support/restore-request.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
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

test("a log beside that cannot be read, whatever the reason, is a loss that can be accepted; one in use is not", () => {
  const odd = "/killed/member/wal/0000000000000009-0000000000009999.wal";
  const failing = (code: "LOCAL_FILE_FAILED" | "FILE_NOT_RECOGNISED" | "FILE_IN_USE", verb: "open" | "list") => {
    const context = memoryFileContext({ ...dirs, [odd]: new Uint8Array(0) });
    const { files } = context;
    const usual = { open: files.open.bind(files), list: files.list.bind(files) };
    const refuse = (at: string): void => {
      if (at === (verb === "open" ? odd : "/killed/member/wal")) throw new RecoveryError(code, { subject: `file ${at}`, detail: "EACCES" });
    };
    files.open = (at) => (refuse(at), usual.open(at));
    files.list = (at) => (refuse(at), usual.list(at));
    return context;
  };
  for (const [code, verb] of [
    ["LOCAL_FILE_FAILED", "open"],
    ["FILE_NOT_RECOGNISED", "open"],
    ["LOCAL_FILE_FAILED", "list"],
  ] as const) {
    const unread = /its log, which stands beside it, cannot be read: .*EACCES/;
    assert.throws(() => restoreFile(failing(code, verb), restoreRequest(path, "/new")), isRecoveryError("LOG_NOT_READ", unread));
    const made = restoreFile(failing(code, verb), restoreRequest(path, "/new", { acceptsLogDamage: true }));
    assert.deepEqual([made.sourceRevision, made.logLoss?.kind], [3n, "beside"]);
    assert.equal(checkFile(failing(code, verb), path).verdict, "incomplete");
  }
  const inUse = restoreRequest(path, "/new", { acceptsLogDamage: true });
  assert.throws(() => restoreFile(failing("FILE_IN_USE", "open"), inUse), isRecoveryError("FILE_IN_USE"));
});

test("dataDirOf names what a person would give", () => {
  const of = ["/var/lib/etcd/member/snap/db", "member/snap/db", "./snap/db", "snap/db", "db", "/x/snap//db", "ssh://h/etcd/member/snap/db"];
  assert.deepEqual(of.map(dataDirOf), ["/var/lib/etcd", ".", ".", ".", "..", "/x", "ssh://h/etcd"]);
});
