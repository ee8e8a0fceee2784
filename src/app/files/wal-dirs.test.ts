import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import { landmarkWrites } from "../../../test/support/kube-database.ts";
import { below, dataDirFilesOf } from "../../../test/support/memory-data-dir.ts";
import { memoryFileContext } from "../../../test/support/memory-file-context.ts";
import { putRequest } from "../../../test/support/raft-requests.ts";
import { diffFiles } from "./diff-files.ts";
import { rankFiles } from "./rank-files.ts";

const files = Object.entries(dataDirFilesOf({ writes: landmarkWrites, requests: [putRequest("/registry/a")] }));
const log = files.flatMap(([path, bytes]) => (path.startsWith("member/wal/") ? [[path.replace("member/wal/", ""), bytes] as const] : []));
const dirs = {
  ...below("/wd", Object.fromEntries(files.filter(([path]) => !path.startsWith("member/wal/")))),
  ...below("/wd-wal", Object.fromEntries(log)),
  ...below("/whole", Object.fromEntries(files)),
};
const diffRequest = (from: string, walDirs: Readonly<Record<string, string>>) => ({
  from: { path: from, revision: 0n },
  to: { path: "/whole", revision: 0n },
  selection: { what: undefined, namespace: undefined, selector: undefined },
  includesNoise: false,
  encryptionConfig: undefined,
  walDirs,
});

test("diff reads the log of a member that ran with --wal-dir", () => {
  const context = memoryFileContext(dirs);
  assert.equal(diffFiles(context, diffRequest("/wd", {})).from.logLoss?.kind, "missing");
  for (const name of ["/wd", "/wd/"]) {
    const diff = diffFiles(context, diffRequest("/wd", { [name]: "/wd-wal" }));
    assert.deepEqual([diff.from.logLoss, diff.from.revision, diff.objects.length], [undefined, 4n, 0], name);
  }
});

test("rank finds the log of a directory by what it is, whichever of its names it was given with; two logs of one are refused", () => {
  const context = memoryFileContext(dirs);
  const [rank] = rankFiles(context, ["/wd", "/wd/"], { "/wd/": "/wd-wal" }).ranks;
  assert.deepEqual([rank?.newest?.index, rank?.isDamaged, rank?.problems], [11n, false, []]);
  assert.throws(() => rankFiles(context, ["/wd", "/wd/"], { "/wd/": "/wd-wal", "/wd": "/whole" }), isRecoveryError("USAGE", /one log/));
});
