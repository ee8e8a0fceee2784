import assert from "node:assert/strict";
import { test } from "node:test";
import { landmarkWrites as writes, snapshotBytes } from "../../../test/support/kube-database.ts";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import { memoryFileContext } from "../../../test/support/memory-file-context.ts";
import { restoreRequest } from "../../../test/support/restore-request.ts";
import { gotObjects } from "../../../test/support/got-objects.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { diffFiles } from "./diff-files.ts";
import type { FileContext } from "./file-context.ts";
import { hashKvFile } from "./hash-kv-file.ts";
import { inspectFile } from "./inspect-file.ts";
import { rankFiles } from "./rank-files.ts";
import { restoreFile } from "./restore-file.ts";

const all = { what: undefined, namespace: undefined, selector: undefined };
const restored = (context: FileContext, path: string, skipsHashCheck: boolean) =>
  restoreFile(context, restoreRequest(path, "/new", { skipsHashCheck })).sha256;
const acting = {
  get: (context: FileContext, path: string, skipsHashCheck: boolean) =>
    gotObjects(context, { path, selection: all, revision: 0n, isRaw: false, encryptionConfig: undefined, skipsHashCheck }),
  diff: (context: FileContext, path: string, skipsHashCheck: boolean) =>
    diffFiles(context, {
      from: { path: "/good.db", revision: 0n },
      to: { path, revision: 0n, skipsHashCheck },
      selection: all,
      includesNoise: false,
      encryptionConfig: undefined,
    }),
  hashkv: (context: FileContext, path: string, skipsHashCheck: boolean) =>
    hashKvFile(context, { path, revision: 0n, etcdVersion: undefined, skipsHashCheck }),
  restore: restored,
};

const good = snapshotBytes({ writes });
const wrongEnds: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ["/changed.db", good.with(good.length - 1, (good.at(-1) ?? 0) ^ 1), /does not have the sha256 at its end/],
  ["/cut.db", good.subarray(0, -1), /31 bytes stand behind its last whole page/],
  ["/half.db", good.subarray(0, -16), /16 bytes stand behind/],
  ["/doubled.db", Buffer.concat([good, good.subarray(-32)]), /32 bytes were added behind them/],
  ["/longer.db", Buffer.concat([good, Buffer.alloc(1)]), /1 byte was added .*head -c/],
];

test("a wrong, half or doubled sha256 stops every verb that acts on the content, unless the check is to be left out; inspect and rank say it", () => {
  for (const [path, bytes, words] of wrongEnds) {
    const context = memoryFileContext({ "/good.db": good, [path]: bytes });
    for (const [verb, run] of Object.entries(acting)) {
      assert.throws(() => run(context, path, false), isRecoveryError("FILE_DAMAGED", words), `${verb} ${path}`);
      assert.deepEqual([...context.written.keys()], [], `${verb} ${path}`);
    }
    const wrong = { present: true, valid: false };
    assert.deepEqual([acting.get(context, path, true).sha256, acting.diff(context, path, true).to.sha256], [wrong, wrong], path);
    assert.deepEqual(acting.hashkv(context, path, true).sha256, wrong, path);
    assert.deepEqual(restored(context, path, true), wrong, path);
    assert.equal(inspectFile(context, path).sha256.valid, false, path);
    assert.match(rankFiles(context, [path]).ranks[0]?.problems.join() ?? "", /sha256 at its end/, path);
  }
});

test("of a file whose pages are not whole either, no verb advises to leave the sha256 aside: that would be refused as well", () => {
  const context = memoryFileContext({
    "/good.db": good,
    "/cut.db": good.subarray(0, good.length - 5000),
    "/changed.db": wrongEnds[0]?.[1] ?? good,
  });
  const advice = (path: string, verb: keyof typeof acting): string => {
    try {
      acting[verb](context, path, false);
    } catch (error) {
      if (error instanceof RecoveryError) return error.remedies.map(({ why }) => why).join();
      throw error;
    }
    throw new Error(`${verb} ${path} was not refused`);
  };
  for (const verb of ["get", "diff", "hashkv", "restore"] as const) {
    assert.match(advice("/cut.db", verb), /use another copy: .* it is cut off.* also with --skip-hash-check/, verb);
    assert.match(advice("/changed.db", verb), /take it all the same with --skip-hash-check/, verb);
  }
  assert.throws(() => restored(context, "/cut.db", true), isRecoveryError("FILE_DAMAGED"));
});

test("a file of whole pages never had a sha256, as one copied from a data dir: it is taken, and called one without", () => {
  const none = { present: false, valid: undefined };
  const context = memoryFileContext({ "/good.db": good, "/db": good.subarray(0, -32) });
  const { from, to } = acting.diff(context, "/db", false);
  assert.deepEqual([from.sha256, to.sha256], [{ present: true, valid: true }, none]);
  assert.deepEqual([acting.get(context, "/db", false).sha256, acting.hashkv(context, "/db", false).sha256], [none, none]);
  assert.deepEqual(restored(memoryFileContext({ "/db": good.subarray(0, -32) }), "/db", false), none);
  assert.deepEqual(restored(memoryFileContext({ "/db": good }), "/db", false), { present: true, valid: true });
});
