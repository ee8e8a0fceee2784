import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import { databaseBytes, kubeJson, landmarkWrites, snapshotBytes, type KeyWrites } from "../../../test/support/kube-database.ts";
import { below, dataDirFilesOf } from "../../../test/support/memory-data-dir.ts";
import { memoryFileContext } from "../../../test/support/memory-file-context.ts";
import { putRequest } from "../../../test/support/raft-requests.ts";
import { restoreRequest } from "../../../test/support/restore-request.ts";
import { gotObjects } from "../../../test/support/got-objects.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { checkFile } from "./check-file.ts";
import { diffFiles, type DiffFilesRequest } from "./diff-files.ts";
import { hashKvFile } from "./hash-kv-file.ts";
import { inspectFile } from "./inspect-file.ts";
import { rankFiles } from "./rank-files.ts";
import { restoreFile, type RestoreFileRequest } from "./restore-file.ts";

const settings = (a: string): string => kubeJson("v1", "ConfigMap", { name: "settings", namespace: "shop" }, { data: { a } });
const writes: KeyWrites = [
  ...landmarkWrites, // 2, 3
  ["/registry/configmaps/shop/settings", settings("1")], // 4
  ["/registry/leases/kube-system/x", kubeJson("coordination.k8s.io/v1", "Lease", { name: "x", namespace: "kube-system" })], // 5
];
const later: KeyWrites = [
  ...writes,
  ["/registry/configmaps/shop/settings", settings("2")], // 6
  ["/registry/configmaps/shop/new", kubeJson("v1", "ConfigMap", { name: "new", namespace: "shop" })], // 7
  ["/registry/namespaces/default", undefined], // 8
  [
    "/registry/leases/kube-system/x",
    kubeJson("coordination.k8s.io/v1", "Lease", { name: "x", namespace: "kube-system" }, { spec: { a: 1 } }),
  ], // 9
];
const dataDir = below(
  "/m1",
  dataDirFilesOf({
    writes,
    requests: [putRequest("/registry/configmaps/shop/settings", { value: settings("9") }), putRequest("/registry/x/y")],
    committed: 1,
  }),
);
const all = { what: undefined, namespace: undefined, selector: undefined };
const cut = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, index) => (index === at ? byte ^ 0x10 : byte));

test("inspect: a snapshot, the same database without its checksum, and a data dir with what its log adds", () => {
  const context = memoryFileContext({ "/s.db": snapshotBytes({ writes }), "/db": databaseBytes({ writes }), ...dataDir });
  const snapshot = inspectFile(context, "/s.db");
  assert.deepEqual([snapshot.form, snapshot.sha256.present, snapshot.sha256.valid], ["snapshot", true, true]);
  assert.deepEqual(
    [snapshot.revision, snapshot.totalKeys, snapshot.storageVersion, snapshot.consistentIndex, snapshot.term],
    [5n, 4, "3.6.0", 10n, 2n],
  );
  assert.equal(snapshot.registryPrefix, "/registry");
  assert.equal(snapshot.hash, snapshot.hashDecimal.toString(16));
  assert.deepEqual(snapshot.byResource.map((one) => one.resource).sort(), ["configmaps", "leases.coordination.k8s.io", "namespaces"]);
  const bare = inspectFile(context, "/db");
  assert.deepEqual(bare.sha256, { present: false, valid: undefined, stated: undefined });
  assert.deepEqual([bare.form, bare.hash, bare.log], ["database", snapshot.hash, undefined]);
  const dir = inspectFile(context, "/m1");
  assert.deepEqual([dir.form, dir.revision, dir.hash], ["data-dir", 5n, snapshot.hash]);
  assert.deepEqual([dir.log?.entries, dir.log?.uncertainEntries, dir.log?.revision, dir.log?.recordedCommit], [2, 1, 7n, 11n]);
  assert.equal(context.files.openCount, 0);
  assert.ok(context.events.length > 0, "progress is reported");
});

test("check: good is said only of what is whole; a changed byte, a cut and a wrong checksum are damage with its place", () => {
  const snapshot = snapshotBytes({ writes });
  const at = Buffer.from(snapshot).indexOf("/registry/configmaps");
  const context = memoryFileContext({
    "/good": snapshot,
    "/bare": databaseBytes({ writes }),
    "/flipped": cut(snapshot, at + 3),
    "/half": snapshot.subarray(0, Math.floor(snapshot.length / 8192) * 4096),
    ...dataDir,
  });
  const verdicts = (path: string): Record<string, string> =>
    Object.fromEntries(checkFile(context, path).checks.map((part) => [part.name, part.verdict]));
  const good = { sha256: "good", structure: "good", schema: "good", records: "good", objects: "good" };
  assert.deepEqual(verdicts("/good"), good);
  assert.deepEqual(verdicts("/bare"), { ...good, sha256: "absent" });
  assert.deepEqual(verdicts("/m1"), { ...good, sha256: "absent", log: "good" });
  assert.equal(verdicts("/flipped")["sha256"], "damaged");
  assert.equal(checkFile(context, "/flipped").verdict, "damaged");
  const half = checkFile(context, "/half");
  assert.equal(half.verdict, "damaged");
  assert.match(JSON.stringify(half.checks), /file/);
});

test("check: a data dir whose log does not continue its database is damaged, though its database is whole", () => {
  const files = dataDirFilesOf({ writes, requests: [putRequest("a")] });
  const [wal = ""] = Object.keys(files).filter((path) => path.startsWith("member/wal/"));
  const log = files[wal] ?? new Uint8Array();
  const broken = { ...files, [wal]: cut(log, Math.floor(log.length / 2)) };
  const ahead = { ...files, "member/snap/db": databaseBytes({ writes, consistentIndex: 50n }) };
  const context = memoryFileContext({ ...below("/broken", broken), ...below("/ahead", ahead) });
  for (const [path, what] of [
    ["/broken", /the log ends at \d+: its newest/],
    ["/ahead", /up to 50.*ends at 11/],
  ] as const) {
    const check = checkFile(context, path);
    assert.equal(check.verdict, "damaged", path);
    const log = check.checks.find((part) => part.name === "log");
    assert.equal(log?.verdict, "damaged", path);
    assert.match(JSON.stringify(log.problems), what);
  }
});

test("check: a live value that is no whole object is damage with its key, and its bytes are not shown", () => {
  const context = memoryFileContext({ "/db": databaseBytes({ writes: [...writes, ["/registry/secrets/a/b", '{"password":"hunter2"']] }) });
  const check = checkFile(context, "/db");
  assert.equal(check.verdict, "damaged");
  assert.match(JSON.stringify(check.checks), /\/registry\/secrets\/a\/b/);
  assert.doesNotMatch(JSON.stringify(check.checks), /hunter2/);
});

test("check: a value that is no object is damage where an API server keeps objects", () => {
  const at = (value: string | Uint8Array) =>
    checkFile(memoryFileContext({ "/db": databaseBytes({ writes: [...writes, ["/registry/secrets/a/b", value]] }) }), "/db");
  for (const [value, words] of [
    [Buffer.alloc(300), /300 bytes of zeroes/],
    ["", /is empty/],
    ["plain text", /10 bytes is no object/],
    ['{"a":1}', /is no object/],
  ] as const) {
    const check = at(value);
    assert.equal(check.verdict, "damaged");
    assert.match(JSON.stringify(check.checks), words);
    assert.match(JSON.stringify(check.checks), /\/registry\/secrets\/a\/b/);
  }
});

test("check: keys that no API server wrote may hold anything", () => {
  const odd: KeyWrites = [
    ["/app/settings", "{not json"],
    ["/app/deep", "[".repeat(5000)],
    ["/app/half", "k8s\0\x0a"],
  ];
  const context = memoryFileContext({
    "/db": databaseBytes({ writes: [...writes, ...odd] }),
    "/no-kubernetes": databaseBytes({ writes: odd }),
  });
  for (const path of ["/db", "/no-kubernetes"]) {
    const check = checkFile(context, path);
    assert.equal(check.verdict, "good", JSON.stringify(check.checks));
    assert.match(JSON.stringify(check.checks), /3 other values/);
  }
});

test("hashkv: a data dir is hashed with its log replayed, also at an earlier revision; unknown revisions are refused", () => {
  const context = memoryFileContext({ "/s.db": snapshotBytes({ writes }), "/late.db": snapshotBytes({ writes: later }), ...dataDir });
  const at = (path: string, revision = 0n) => hashKvFile(context, { path, revision, etcdVersion: undefined });
  assert.deepEqual([at("/s.db").revision, at("/m1").revision], [5n, 7n]);
  assert.equal(at("/m1", 5n).hash, at("/s.db").hash);
  assert.equal(at("/late.db", 5n).hash, at("/s.db").hash);
  assert.notEqual(at("/m1").hash, at("/s.db").hash);
  assert.equal(hashKvFile(context, { path: "/m1", revision: 0n, etcdVersion: undefined, committedOnly: true }).revision, 6n);
  assert.throws(() => at("/s.db", 9n), isRecoveryError("REVISION_NOT_IN_FILE"));
});

function diff(from: string, to: string, request: Partial<DiffFilesRequest> = {}) {
  const context = memoryFileContext({ "/a": snapshotBytes({ writes }), "/b": databaseBytes({ writes: later }), ...dataDir });
  const found = diffFiles(context, {
    from: { path: from, revision: 0n },
    to: { path: to, revision: 0n },
    selection: all,
    includesNoise: false,
    encryptionConfig: undefined,
    ...request,
  });
  assert.equal(context.files.openCount, 0);
  return found;
}
const changes = (found: ReturnType<typeof diff>): readonly string[] => found.objects.map((one) => `${one.change} ${one.key}`);

test("diff: objects added, removed and changed with their fields and never their values; leases are left aside", () => {
  const found = diff("/a", "/b");
  assert.deepEqual(changes(found), [
    "added /registry/configmaps/shop/new",
    "changed /registry/configmaps/shop/settings",
    "removed /registry/namespaces/default",
  ]);
  assert.deepEqual(found.objects[1]?.fields, ["data.a changed"]);
  assert.deepEqual(found.resources, [
    { resource: "configmaps", before: 1, after: 2, added: 1, removed: 0, changed: 1 },
    { resource: "namespaces", before: 2, after: 1, added: 0, removed: 1, changed: 0 },
  ]);
  assert.equal(diff("/a", "/b", { includesNoise: true }).objects.length, 4);
});

test("diff: two revisions of one file differ, and so does what a log adds", () => {
  const revisions = { from: { path: "/b", revision: 5n }, to: { path: "/b", revision: 6n } };
  assert.deepEqual(changes(diff("/b", "/b", revisions)), ["changed /registry/configmaps/shop/settings"]);
  assert.deepEqual(changes(diff("/a", "/m1")), ["changed /registry/configmaps/shop/settings", "added /registry/x/y"]);
});

test("diff: with room for one value at a time it finds the same", () => {
  const many = (text: string): KeyWrites => [
    ...landmarkWrites,
    ...Array.from({ length: 20 }, (_, at): KeyWrites[number] => {
      const name = `c${String(at)}`;
      return [
        `/registry/configmaps/a/${name}`,
        kubeJson("v1", "ConfigMap", { name, namespace: "a" }, { data: { a: at % 3 === 0 ? "same" : text } }),
      ];
    }),
  ];
  const context = memoryFileContext({ "/a": databaseBytes({ writes: many("1") }), "/b": databaseBytes({ writes: many("2") }) });
  const side = (path: string) => ({ path, revision: 0n });
  const request = { from: side("/a"), to: side("/b"), selection: all, includesNoise: false, encryptionConfig: undefined };
  const whole = diffFiles(context, request);
  assert.equal(whole.objects.length, 13);
  assert.deepEqual(diffFiles(context, request, { heldBytes: 1 }), whole);
  assert.deepEqual(diffFiles(context, request, { maxKeys: 3 }), whole, "with room for a few keys at a time");
});

test("diff: one resource, or one namespace, only", () => {
  assert.deepEqual(changes(diff("/a", "/b", { selection: { ...all, what: "ns" } })), ["removed /registry/namespaces/default"]);
  assert.deepEqual(changes(diff("/a", "/b", { selection: { ...all, namespace: "default" } })), ["removed /registry/namespaces/default"]);
});

const request = (path: string, rest: Partial<RestoreFileRequest> = {}): RestoreFileRequest => restoreRequest(path, "/new", rest);

test("restore: what is written is a whole data dir with the source's revisions; of a data dir those of its log, too", () => {
  const context = memoryFileContext({ "/s.db": snapshotBytes({ writes }), ...dataDir });
  const done = restoreFile(context, request("/s.db"));
  assert.deepEqual([done.revision, done.sha256.valid, done.replayedEntries], [5n, true, 0]);
  const made = memoryFileContext(Object.fromEntries(context.written));
  assert.equal(checkFile(made, "/new").verdict, "good");
  assert.equal(
    hashKvFile(made, { path: "/new", revision: 5n, etcdVersion: undefined }).hash,
    hashKvFile(context, { path: "/s.db", revision: 5n, etcdVersion: undefined }).hash,
  );
  const whole = restoreFile(context, request("/m1"));
  assert.deepEqual([whole.revision, whole.replayedEntries, whole.uncertainEntries, whole.uncertainAreIncluded], [7n, 2, 1, true]);
  assert.equal(restoreFile(context, request("/m1", { committedOnly: true })).revision, 6n);
});

test("restore: a damaged source, a missing member and several members without a token write nothing", () => {
  const snapshot = snapshotBytes({ writes });
  const context = memoryFileContext({ "/s.db": snapshot, "/bad": cut(snapshot, snapshot.length - 1) });
  const two = ["m1", "m2"].map((name) => ({ name, peerUrls: [`http://${name}:2380`] }));
  assert.throws(() => restoreFile(context, request("/bad")), isRecoveryError("FILE_DAMAGED", /sha256/));
  assert.throws(() => restoreFile(context, request("/s.db", { name: "m9" })), isRecoveryError("RESTORE_REQUEST_INVALID", /m1/));
  assert.throws(() => restoreFile(context, request("/s.db", { members: two })), isRecoveryError("RESTORE_REQUEST_INVALID", /token/));
  assert.deepEqual([...context.written], []);
});

test("restore: a source that changes while it is read is refused, and nothing stays of it", () => {
  const context = memoryFileContext({ "/s.db": snapshotBytes({ writes }) });
  context.files.changing.add("/s.db");
  assert.throws(() => restoreFile(context, request("/s.db")), isRecoveryError("FILE_CHANGED"));
  assert.deepEqual([...context.written.keys()], []);
});

test("restore: on a full disk the error says what it takes and what was free", () => {
  const { dataDirs, ...context } = memoryFileContext({ "/s.db": snapshotBytes({ writes }) });
  const full = new RecoveryError("LOCAL_DISK_FULL", { subject: "file /.new.requorum-1/member/snap/db", detail: "no space left (ENOSPC)" });
  const begin = (directory: string) => ({
    ...dataDirs.begin(directory),
    freeBytes: 5n << 20n,
    create: (): never => {
      throw full;
    },
  });
  assert.throws(
    () => restoreFile({ ...context, dataDirs: { begin } }, request("/s.db")),
    isRecoveryError("LOCAL_DISK_FULL", /ENOSPC\); the source's database has 1 MiB, and 5 MiB were free there when the restore began$/),
  );
});

test("get, hashkv and diff: a snapshot whose content was changed after etcd wrote it gives nothing unless it is wanted all the same; rank says so", () => {
  const good = snapshotBytes({ writes });
  const text = '{"a":"1"}';
  const at = Buffer.from(good).indexOf(Buffer.from(text));
  assert.ok(at > 0, "the value is not there as it was written");
  const flipped = good.map((byte, index) => (index === at + 6 ? 0x37 : byte)); // "1" to "7": a value that reads well
  const context = memoryFileContext({ "/bad.db": flipped, "/good.db": good });
  const selection = { what: "cm/settings", namespace: "shop", selector: undefined };
  const get = (skipsHashCheck: boolean) =>
    gotObjects(context, { path: "/bad.db", selection, revision: 0n, isRaw: false, encryptionConfig: undefined, skipsHashCheck });
  const hash = (skipsHashCheck: boolean) => hashKvFile(context, { path: "/bad.db", revision: 0n, etcdVersion: undefined, skipsHashCheck });
  const diff = (skipsHashCheck: boolean) =>
    diffFiles(context, {
      from: { path: "/good.db", revision: 0n },
      to: { path: "/bad.db", revision: 0n, skipsHashCheck },
      selection: all,
      includesNoise: false,
      encryptionConfig: undefined,
    });
  for (const verb of [get, hash, diff]) {
    assert.throws(() => verb(false), isRecoveryError("FILE_DAMAGED", /sha256 at its end/));
    assert.ok(verb(true));
  }
  const { ranks } = rankFiles(context, ["/good.db", "/bad.db"]);
  assert.deepEqual(
    ranks
      .map((rank) => [rank.path, rank.problems.join()])
      .filter(([, problems]) => problems?.includes("sha256"))
      .map(([path]) => path),
    ["/bad.db"],
  );
});
