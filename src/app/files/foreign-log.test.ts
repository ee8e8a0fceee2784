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
import { rankFiles } from "./rank-files.ts";
import { restoreFile } from "./restore-file.ts";

const own = dataDirFilesOf({ writes: landmarkWrites, requests: [putRequest("/registry/a")] });
const other = dataDirFilesOf({ writes: landmarkWrites, memberId: 0xb2n, requests: [putRequest("/registry/b"), putRequest("/registry/c")] });
const [wal = ""] = Object.keys(own).filter((path) => path.startsWith("member/wal/"));
const dirs = {
  ...below("/own", own),
  ...below("/other", other),
  ...below("/mixed", { ...own, [wal]: other[wal] ?? new Uint8Array(0) }),
};
const foreign = /the log is that of member b2 of cluster c1, and the database knows only a1/;

test("restore and hashkv refuse the log of another cluster, beside the database or named by --wal-dir", () => {
  const context = memoryFileContext(dirs);
  for (const [path, walDir] of [
    ["/mixed", undefined],
    ["/own", "/other/member/wal"],
  ] as const) {
    assert.throws(() => restoreFile(context, { ...restoreRequest(path, "/new"), walDir }), isRecoveryError("LOG_DOES_NOT_FIT", foreign));
    const hash = { path, walDir, revision: 0n, etcdVersion: undefined };
    assert.throws(() => hashKvFile(context, hash), isRecoveryError("LOG_DOES_NOT_FIT", foreign));
    assert.equal(hashKvFile(context, { ...hash, acceptsLogDamage: true }).revision, 3n, "the database alone");
  }
});

test("check calls a database with the log of another cluster damaged, and inspect gives none of that log's numbers", () => {
  const context = memoryFileContext(dirs);
  const check = checkFile(context, "/mixed");
  assert.equal(check.verdict, "damaged");
  assert.match(JSON.stringify(check.checks.find((part) => part.name === "log")?.problems), foreign);
  const { log, logLoss } = inspectFile(context, "/mixed");
  assert.deepEqual([log, logLoss?.kind, logLoss?.missingThrough], [undefined, "does-not-fit", undefined]);
});

test("rank reads the log of a member that ran with --wal-dir from there, and where it is not named says how", () => {
  const elsewhere = { "/db-only/member/snap/db": own["member/snap/db"] ?? new Uint8Array(0) };
  const context = memoryFileContext({ ...dirs, ...elsewhere });
  const { ranks } = rankFiles(context, ["/db-only", "/mixed"], { "/db-only": "/own/member/wal" });
  assert.deepEqual([ranks[0]?.path, ranks[0]?.isNewest, ranks[0]?.newest?.index, ranks[0]?.problems], ["/db-only", true, 11n, []]);
  assert.match(rankFiles(context, ["/db-only"]).ranks[0]?.problems.join() ?? "", /no log; .*--wal-dir DATA-DIR=LOG-DIR/);
  assert.throws(
    () => restoreFile(context, { ...restoreRequest("/own", "/new"), walDir: "/other/member/wal" }),
    (error) => JSON.stringify(error).includes("requorum snapshot rank /own OTHER-DATA-DIR --wal-dir /own=/other/member/wal"),
  );
});

test("rank: a database with the log of another cluster counts for its own cluster, and is not the newest", () => {
  const { ranks, isOneCluster } = rankFiles(memoryFileContext(dirs), ["/mixed", "/own"]);
  assert.equal(isOneCluster, true);
  assert.deepEqual(
    ranks.map((one) => [one.path, one.isNewest, one.isDamaged, one.log?.index]),
    [
      ["/own", true, false, 11n],
      ["/mixed", false, true, undefined],
    ],
  );
  assert.match(ranks[1]?.problems.join("; ") ?? "", foreign);
});
