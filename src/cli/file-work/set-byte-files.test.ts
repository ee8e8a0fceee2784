import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import { landmarkWrites, snapshotBytes, type KeyWrites } from "../../../test/support/kube-database.ts";
import { seededBytes } from "../../../test/support/set-world.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { Terminal } from "../terminal/terminal.ts";
import { answerSetReads, type ReadableSet } from "./answer-set-reads.ts";
import { runFileTask } from "./run-file-task.ts";

const sink = { write: () => undefined, isTty: false, columns: 80, rows: 24, drain: () => Promise.resolve() };
const filler: KeyWrites = Array.from({ length: 40 }, (_, at) => [`/other/${String(at)}`, seededBytes(at, 100_000)]);
const bytes = snapshotBytes({ writes: [...landmarkWrites, ...filler] });
const mount = { name: "20260301-030000-aaaaaa", files: [{ name: "", sizeBytes: bytes.length, contentSha256: undefined }] };

function setting(context: TestContext) {
  const work = mkdtempSync(join(tmpdir(), "requorum-set-files-"));
  context.after(() => {
    rmSync(work, { recursive: true });
  });
  const stop = new AbortController();
  const terminal = new Terminal({ out: sink, err: sink, canAsk: false, noColor: true, readAnswer: () => Promise.resolve("") });
  const directories = { work, config: work, state: work, cache: work };
  const cli = { terminal, signal: stop.signal, directories, openCluster: () => Promise.reject(new Error("no cluster is needed")) };
  return {
    stop,
    hash: (read: ReadableSet["read"]) =>
      runFileTask(cli, "hashkv", { path: mount.name, revision: 0n, etcdVersion: undefined }, { sets: [{ mount, read }] }),
  };
}

test("a walk over a set asks for each chunk once, many together, and for the next ones before they are wanted", async (context) => {
  const { hash } = setting(context);
  const asked: { readonly offset: number; readonly length: number }[] = [];
  let [underWay, most] = [0, 0];
  const found = await hash(async (_file, offset, length) => {
    asked.push({ offset, length });
    underWay += 1;
    most = Math.max(most, underWay);
    await new Promise((resolve) => setImmediate(resolve));
    underWay -= 1;
    return bytes.slice(offset, offset + length);
  });
  assert.equal(found.revision, 43n);
  const offsets = asked.map(({ offset }) => offset);
  assert.equal(new Set(offsets).size, offsets.length);
  const total = asked.reduce((sum, { length }) => sum + length, 0);
  assert.ok(total <= bytes.length, `${String(total)} of ${String(bytes.length)}`);
  assert.ok(asked.length < 20, `${String(asked.length)} calls`);
  assert.equal(most, 2);
});

test("an error of the store reaches who waits for the work as it is", async (context) => {
  const { hash } = setting(context);
  const error = new RecoveryError("BACKUP_OBJECT_MISSING", {
    subject: "object packs/aa/aa",
    detail: "it is gone",
    remedies: [{ why: "look for it", command: "requorum backup list" }],
  });
  const told = await hash(() => Promise.reject(error)).catch((reason: unknown) => reason);
  assert.ok(told instanceof RecoveryError);
  assert.deepEqual([told.code, told.subject, told.detail, told.remedies], [error.code, error.subject, error.detail, error.remedies]);
});

test("a store that does not answer: Ctrl-C ends the work, and the call on the store with it", async (context) => {
  const { stop, hash } = setting(context);
  let isEnded = false;
  const work = hash((_file, _offset, _length, signal) => {
    setImmediate(() => {
      stop.abort(new RecoveryError("INTERRUPTED", { subject: "requorum", detail: "Ctrl-C" }));
    });
    return new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => {
        isEnded = true;
        reject(signal.reason as Error);
      });
    });
  });
  await assert.rejects(work, isRecoveryError("INTERRUPTED"));
  assert.ok(isEnded);
});

test("a call on the store that does not end even then is not waited for without limit", async () => {
  let calls = 0;
  const never: ReadableSet["read"] = () => {
    calls += 1;
    return new Promise(() => undefined);
  };
  const answering = answerSetReads([{ mount, read: never }], new AbortController().signal, 5);
  answering.reads.port.postMessage({ mount: 0, file: 0, offset: 0, length: 1, next: undefined });
  while (calls === 0) await new Promise((resolve) => setImmediate(resolve));
  await answering.stop();
});
