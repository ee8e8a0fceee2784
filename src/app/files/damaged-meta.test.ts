import assert from "node:assert/strict";
import { test } from "node:test";
import { databaseBytes, landmarkWrites as writes } from "../../../test/support/kube-database.ts";
import { memoryFileContext } from "../../../test/support/memory-file-context.ts";
import { below, dataDirFilesOf } from "../../../test/support/memory-data-dir.ts";
import { putRequest } from "../../../test/support/raft-requests.ts";
import { gotObjects } from "../../../test/support/got-objects.ts";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import { restoreRequest } from "../../../test/support/restore-request.ts";
import { metaOffsets, pageHeaderBytes } from "../../formats/bbolt/bolt-layout.ts";
import { checkFile } from "./check-file.ts";
import { diffFiles } from "./diff-files.ts";
import { hashKvFile } from "./hash-kv-file.ts";
import { inspectFile } from "./inspect-file.ts";
import { rankFiles } from "./rank-files.ts";
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
  assert.equal(made.metaDamage?.isInLog, false);
  assert.match(made.metaDamage.what, /its checksum is wrong; .* the last commit of this file is lost$/);
  assert.equal(restoreFile(memoryFileContext({ "/db": databaseBytes({ writes }) }), restoreRequest("/db", "/new")).metaDamage, undefined);
});

function withDamagedMeta(bytes: Uint8Array): Uint8Array {
  const damaged = bytes.slice();
  damaged[pageHeaderBytes + metaOffsets.root] = 99;
  return damaged;
}
const changedAt = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
const all = { what: undefined, namespace: undefined, selector: undefined };
const getRequest = (path: string, what = "namespaces") => ({
  path,
  selection: { ...all, what },
  revision: 0n,
  isRaw: false,
  encryptionConfig: undefined,
});
const diffRequest = (from: string, to: string, what?: string) => ({
  from: { path: from, revision: 0n },
  to: { path: to, revision: 0n },
  selection: { ...all, what },
  includesNoise: false,
  encryptionConfig: undefined,
});

test("hashkv, get and diff say that the last commit is lost, also where something is not found", () => {
  const whole = databaseBytes({ writes });
  const context = memoryFileContext({ "/db": withDamagedMeta(whole), "/whole": whole });
  const lost = /its checksum is wrong; .* the last commit of this file is lost/;
  const hash = hashKvFile(context, { path: "/db", revision: 0n, etcdVersion: undefined }).metaDamage;
  const diff = diffFiles(context, diffRequest("/whole", "/db"));
  for (const found of [hash, gotObjects(context, getRequest("/db")).metaDamage, diff.to.metaDamage]) {
    assert.match(found?.what ?? "", lost);
    assert.equal(found?.isInLog, false);
  }
  assert.equal(diff.from.metaDamage, undefined);
  assert.throws(() => gotObjects(context, getRequest("/db", "pods/none")), isRecoveryError("OBJECT_NOT_FOUND", lost));
  assert.throws(() => diffFiles(context, diffRequest("/whole", "/db", "pods")), isRecoveryError("OBJECT_NOT_FOUND", lost));
  assert.throws(() => diffFiles(context, diffRequest("/whole", "/copy", "pods")), isRecoveryError("FILE_NOT_FOUND"));
});

test("a log that continues the database gives the lost commit again: it is told, and is no damage", () => {
  const files = dataDirFilesOf({ writes, requests: [putRequest("/registry/a"), putRequest("/registry/b")], committed: 1 });
  const db = withDamagedMeta(files["member/snap/db"] ?? new Uint8Array(0));
  const cut = Object.entries(files).map(([name, bytes]) => [name, changedAt(bytes, Buffer.from(bytes).indexOf("/registry/a"))] as const);
  const context = memoryFileContext({
    ...below("/dir", { ...files, "member/snap/db": db }),
    ...below("/older", dataDirFilesOf({ writes, requests: [putRequest("/registry/a")] })),
    ...below("/nowal", { "member/snap/db": db }),
    ...below("/cut", { ...Object.fromEntries(cut), "member/snap/db": db }),
  });
  const again = /gives that commit again$/;
  const hash = (path: string) => hashKvFile(context, { path, revision: 0n, etcdVersion: undefined, acceptsLogDamage: true }).metaDamage;
  const made = restoreFile(context, restoreRequest("/dir", "/new")).metaDamage;
  const seen = inspectFile(context, "/dir");
  for (const found of [hash("/dir"), made, seen.metaDamage, gotObjects(context, getRequest("/dir")).metaDamage]) {
    assert.match(found?.what ?? "", again);
    assert.equal(found?.isInLog, true);
  }
  assert.equal(seen.structure.verdict, "good");
  const check = checkFile(context, "/dir");
  assert.deepEqual([check.verdict, check.checks[1]?.verdict], ["good", "good"]);
  assert.match(check.checks[1]?.detail ?? "", again);
  const { ranks } = rankFiles(context, ["/older", "/dir"]);
  assert.deepEqual([ranks[0]?.path, ranks[0]?.isNewest, ranks[0]?.isDamaged, ranks[0]?.problems.length], ["/dir", true, false, 0]);
  assert.match(ranks[0]?.remarks[0] ?? "", again);
  // What --committed-only leaves out may have been in the commit.
  assert.equal(restoreFile(context, restoreRequest("/dir", "/new", { committedOnly: true })).metaDamage?.isInLog, false);
  for (const path of ["/nowal", "/cut"]) {
    assert.equal(hash(path)?.isInLog, false, path);
    assert.equal(checkFile(context, path).checks[1]?.verdict, "damaged", path);
    assert.equal(rankFiles(context, [path]).ranks[0]?.isDamaged, true, path);
  }
});
