import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import { kubeJson, landmarkWrites } from "../../../test/support/kube-database.ts";
import { below, dataDirFilesOf } from "../../../test/support/memory-data-dir.ts";
import { memoryFileContext } from "../../../test/support/memory-file-context.ts";
import { authEnableRequest, putRequest } from "../../../test/support/raft-requests.ts";
import { restoreRequest } from "../../../test/support/restore-request.ts";
import { gotObjects } from "../../../test/support/got-objects.ts";
import { errorCatalogue } from "../../model/error-catalogue.ts";
import { checkFile } from "./check-file.ts";
import { diffFiles } from "./diff-files.ts";
import type { GetObjectsRequest } from "./get-objects.ts";
import { hashKvFile } from "./hash-kv-file.ts";
import { inspectFile } from "./inspect-file.ts";
import { rankFiles } from "./rank-files.ts";
import { restoreFile } from "./restore-file.ts";

const configMap = (name: string): Uint8Array =>
  putRequest(`/registry/configmaps/shop/${name}`, { value: kubeJson("v1", "ConfigMap", { name, namespace: "shop" }) });
const whole = dataDirFilesOf({ writes: landmarkWrites, requests: [configMap("one"), configMap("two"), configMap("three")] });
const [wal = ""] = Object.keys(whole).filter((path) => path.startsWith("member/wal/"));
const log = whole[wal] ?? new Uint8Array();
const withoutLog = Object.fromEntries(Object.entries(whole).filter(([path]) => path !== wal));
const changed = log.slice();
const at = Buffer.from(log).indexOf("configmaps/shop/two");
changed[at] = (changed[at] ?? 0) ^ 1;

const dirs = {
  ...below("/whole", whole),
  ...below("/broken", { ...whole, [wal]: changed }),
  ...below("/nowal", withoutLog),
  ...below("/torn", { ...whole, [wal]: log.subarray(0, Buffer.from(log).indexOf("configmaps/shop/three") + 4) }),
  ...below("/elsewhere", { [wal.replace("member/wal/", "")]: log }),
};
const selection = { what: "configmaps", namespace: undefined, selector: undefined };
const getRequest = (path: string): GetObjectsRequest => ({ path, selection, revision: 0n, isRaw: false, encryptionConfig: undefined });
const hashRequest = (path: string) => ({ path, revision: 0n, etcdVersion: undefined });

test("restore and hashkv refuse a data dir whose log is damaged or missing, and say what would be missing", () => {
  const context = memoryFileContext(dirs);
  for (const [path, code, words] of [
    ["/broken", "FILE_DAMAGED", /byte \d+: a record whose checksum.*missing: entries 11 to 13, and those above.*\d+ bytes of the log/],
    ["/nowal", "LOG_DOES_NOT_FIT", /there is no log: what was written after entry 10.*missing: entries above 10/],
  ] as const) {
    assert.throws(() => restoreFile(context, restoreRequest(path, "/new")), isRecoveryError(code, words));
    assert.throws(() => hashKvFile(context, hashRequest(path)), isRecoveryError(code, words));
  }
  assert.deepEqual([...context.written.keys()], []);
});

test("restore and hashkv take what surely continues the database when the damage is accepted, and carry what is missing", () => {
  for (const path of ["/broken", "/nowal"]) {
    const context = memoryFileContext(dirs);
    const made = restoreFile(context, restoreRequest(path, "/new", { acceptsLogDamage: true }));
    assert.deepEqual([made.sourceRevision, made.replayedEntries, made.logLoss?.throughIndex], [3n, 0, 10n], path);
    assert.ok([...context.written.keys()].length > 0);
    assert.equal(hashKvFile(context, { ...hashRequest(path), acceptsLogDamage: true }).logLoss?.throughIndex, 10n);
  }
  const made = restoreFile(memoryFileContext(dirs), restoreRequest("/whole", "/new"));
  assert.deepEqual([made.sourceRevision, made.replayedEntries, made.logLoss], [6n, 3, undefined]);
});

test("a tail torn by a kill remains normal: restore, get, inspect and check have nothing to say", () => {
  const context = memoryFileContext(dirs);
  const made = restoreFile(context, restoreRequest("/torn", "/new"));
  assert.deepEqual([made.replayedEntries, made.logLoss], [2, undefined]);
  assert.equal(gotObjects(context, getRequest("/torn")).logLoss, undefined);
  assert.equal(inspectFile(context, "/torn").logLoss, undefined);
  assert.equal(checkFile(context, "/torn").verdict, "good");
});

test("get, diff and inspect of a data dir with a damaged log carry what is missing, and what is not found may have been there", () => {
  const context = memoryFileContext(dirs);
  assert.throws(
    () => gotObjects(context, getRequest("/broken")),
    isRecoveryError("OBJECT_NOT_FOUND", /but the log was not read to its end: .*entries 11 to 13/),
  );
  const namespaces = gotObjects(context, { ...getRequest("/broken"), selection: { ...selection, what: "namespaces" } });
  assert.equal(namespaces.logLoss?.missingThrough, 13n);
  const diff = diffFiles(context, {
    from: { path: "/whole", revision: 0n },
    to: { path: "/broken", revision: 0n },
    selection: { ...selection, what: undefined },
    includesNoise: false,
    encryptionConfig: undefined,
  });
  assert.deepEqual([diff.from.logLoss, diff.to.logLoss?.kind, diff.objects.length], [undefined, "broken", 3]);
  const { logLoss, log: seen } = inspectFile(context, "/broken");
  assert.deepEqual([logLoss?.kind, seen?.entries], ["broken", 0]);
  assert.equal(inspectFile(context, "/nowal").logLoss?.kind, "missing");
  const check = checkFile(context, "/broken").checks.find((part) => part.name === "log");
  assert.match(check?.detail ?? "", /missing: entries 11 to 13/);
});

test("rank does not count what cannot be had: a member whose log is broken adds only what continues its database", () => {
  const { ranks } = rankFiles(memoryFileContext(dirs), ["/broken", "/whole"]);
  assert.deepEqual(
    ranks.map((one) => [one.path, one.newest?.index]),
    [
      ["/whole", 13n],
      ["/broken", 10n],
    ],
  );
});

test("the log of a member that ran with --wal-dir is read from there", () => {
  const context = memoryFileContext({ ...dirs, ...below("/db-only", withoutLog) });
  const made = restoreFile(context, restoreRequest("/db-only", "/new", { walDir: "/elsewhere" }));
  assert.deepEqual([made.replayedEntries, made.logLoss], [3, undefined]);
  assert.equal(inspectFile(context, "/db-only", { walDir: "/elsewhere" }).log?.entries, 3);
  assert.equal(checkFile(context, "/db-only", { walDir: "/elsewhere" }).verdict, "good");
  assert.throws(() => inspectFile(context, "/db-only", { walDir: "/nothing" }), isRecoveryError("FILE_NOT_FOUND"));
});

test("a --wal-dir that holds no log is a wrong one, and the one inside it is named; it is not told as a log that is lost", () => {
  const context = memoryFileContext({
    ...dirs,
    ...below("/db-only", withoutLog),
    ...below("/logs/wal1", { [wal.replace("member/wal/", "")]: log }),
  });
  for (const accepts of [false, true])
    assert.throws(
      () => restoreFile(context, restoreRequest("/db-only", "/new", { walDir: "/logs/", acceptsLogDamage: accepts })),
      isRecoveryError("FILE_NOT_RECOGNISED", /holds no segment of a log .*; \/logs\/wal1 does/),
    );
  assert.throws(() => checkFile(context, "/db-only", { walDir: "/db-only" }), isRecoveryError("FILE_NOT_RECOGNISED", /no segment/));
});

test("that nothing was found in what could not be read to its end is not explained by having read all of it", () => {
  assert.doesNotMatch(errorCatalogue.OBJECT_NOT_FOUND.meaning, /read as a whole/);
});

test("where the log changes auth it is not applied: restore refuses, and takes the database alone when that is accepted", () => {
  const files = dataDirFilesOf({ writes: landmarkWrites, requests: [authEnableRequest(), configMap("one")] });
  const context = memoryFileContext(below("/auth", files));
  assert.throws(
    () => restoreFile(context, restoreRequest("/auth", "/new")),
    isRecoveryError("FILE_UNSUPPORTED", /entry 11 of the log cannot be applied: auth.*missing: entries 11 to 12/),
  );
  const made = restoreFile(context, restoreRequest("/auth", "/new", { acceptsLogDamage: true }));
  assert.deepEqual([made.sourceRevision, made.replayedEntries, made.logLoss?.kind], [3n, 0, "not-applicable"]);
  const check = checkFile(context, "/auth");
  assert.deepEqual([check.verdict, check.checks.at(-1)?.verdict], ["incomplete", "unjudged"], "what requorum cannot apply is no damage");
});
