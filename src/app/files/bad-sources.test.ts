import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { test } from "node:test";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import { databaseBytes, landmarkWrites as writes, snapshotBytes } from "../../../test/support/kube-database.ts";
import { below, dataDirFilesOf } from "../../../test/support/memory-data-dir.ts";
import { memoryFileContext, type MemoryFileContext } from "../../../test/support/memory-file-context.ts";
import { restoreRequest } from "../../../test/support/restore-request.ts";
import { gotObjects } from "../../../test/support/got-objects.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { checkFile } from "./check-file.ts";
import { diffFiles } from "./diff-files.ts";
import type { FileContext } from "./file-context.ts";
import { hashKvFile } from "./hash-kv-file.ts";
import { inspectFile } from "./inspect-file.ts";
import { rankFiles } from "./rank-files.ts";
import { restoreFile } from "./restore-file.ts";

const all = { what: undefined, namespace: undefined, selector: undefined };
const verbs: { readonly [verb: string]: (context: FileContext, path: string) => unknown } = {
  inspect: (context, path) => inspectFile(context, path),
  check: (context, path) => checkFile(context, path),
  hashkv: (context, path) => hashKvFile(context, { path, revision: 0n, etcdVersion: undefined }),
  get: (context, path) => gotObjects(context, { path, selection: all, revision: 0n, isRaw: false, encryptionConfig: undefined }),
  diff: (context, path) =>
    diffFiles(context, {
      from: { path, revision: 0n },
      to: { path, revision: 1n },
      selection: all,
      includesNoise: false,
      encryptionConfig: undefined,
    }),
  rank: (context, path) => rankFiles(context, [path]),
  restore: (context, path) => restoreFile(context, restoreRequest(path, "/new")),
};

/** Every verb says the same of a source that it cannot use: what it looks like, and which file it is. */
function refusedByAll(context: MemoryFileContext, path: string, code: string, words: RegExp): void {
  for (const [verb, run] of Object.entries(verbs)) {
    assert.throws(
      () => run(context, path),
      (error) => {
        assert.ok(error instanceof RecoveryError, `${verb} ${path}: ${String(error)}`);
        assert.equal(error.code, code, `${verb} ${path}: ${error.message}`);
        assert.match(error.message, words, verb);
        assert.match(error.subject, new RegExp(path), verb);
        return true;
      },
    );
    assert.equal(context.files.openCount, 0, `${verb} closes what it opened`);
  }
  assert.deepEqual([...context.written], [], "nothing is written");
}

const snapshot = snapshotBytes({ writes });
const notSnapshots: readonly (readonly [string, Uint8Array | string, RegExp])[] = [
  ["/text.db", "no such bucket: backups\n", /it is text/],
  ["/page.db", "<html>403 Forbidden</html>", /web page/],
  ["/snapshot.db.gz", gzipSync(snapshot), /gzip; unpack/],
  ["/snapshot.tar", Buffer.concat([Buffer.alloc(257, 0x61), Buffer.from("ustar\0"), Buffer.alloc(4000)]), /tar archive/],
  ["/snapshot.age", `age-encryption.org/v1\n-> X25519 abc\n${"\u0001".repeat(100)}`, /encrypted with age/],
  ["/snapshot.enc", Buffer.concat([Buffer.from("Salted__"), Buffer.alloc(64, 0xa7)]), /openssl enc/],
  ["/random.db", Buffer.from(Array.from({ length: 8192 }, (_, at) => (at * 197 + 91) % 256)), /nothing known here; it may be encrypted/],
  ["/kine.db", "SQLite format 3\0", /SQLite/],
];

test("bad sources: what is no snapshot is named by what it looks like, by every verb", () => {
  const context = memoryFileContext(Object.fromEntries(notSnapshots.map(([path, content]) => [path, content])));
  for (const [path, , words] of notSnapshots) refusedByAll(context, path, "FILE_NOT_RECOGNISED", words);
});

test("bad sources: what a full disk or a crash leaves of a backup is damaged, and check says so as its verdict", () => {
  const lostStart = Uint8Array.from(snapshot).fill(0, 0, 8192);
  const context = memoryFileContext({ "/empty.db": "", "/zeros.db": new Uint8Array(65_536), "/start.db": lostStart });
  for (const [path, words] of [
    ["/empty.db", /it is empty/],
    ["/zeros.db", /only zeros/],
    ["/start.db", /8\d\d\d bytes of zeros: its start was lost/],
  ] as const) {
    for (const [verb, run] of Object.entries(verbs).filter(([name]) => name !== "check"))
      assert.throws(() => run(context, path), { code: "FILE_DAMAGED", message: words }, verb);
    const { verdict, checks } = checkFile(context, path);
    assert.equal(verdict, "damaged");
    assert.match(checks.find(({ name }) => name === "structure")?.detail ?? "", words);
  }
});

test("check: bytes behind a snapshot's sha256, or half of a sha256, are no good backup: etcdutl refuses both", () => {
  const sha256Of = (content: Uint8Array) => {
    const { verdict, checks } = checkFile(memoryFileContext({ "/s.db": content }), "/s.db");
    const { verdict: part, detail } = checks.find(({ name }) => name === "sha256") ?? {};
    return `${verdict} ${String(part)}: ${String(detail)}`;
  };
  const whole = String(snapshot.length);
  assert.match(
    sha256Of(Buffer.concat([snapshot, Buffer.alloc(1)])),
    new RegExp(`^damaged damaged: the first ${whole} bytes.* 1 byte was added`),
  );
  assert.match(sha256Of(Buffer.concat([snapshot, Buffer.alloc(700)])), /^damaged damaged: .* 700 bytes were added .*head -c/);
  assert.match(sha256Of(snapshot.subarray(0, -16)), /^damaged damaged: 16 bytes stand behind its last whole page/);
  assert.match(sha256Of(snapshot.subarray(0, -32)), /^good absent/);
  assert.match(sha256Of(snapshot), /^good good/);
});

test("bad sources: a segment of the log and a snap file are named as what they are", () => {
  const context = memoryFileContext({ ...below("/m", dataDirFilesOf({ writes, requests: [] })) });
  refusedByAll(context, "/m/member/wal/0000000000000000-0000000000000000.wal", "FILE_NOT_RECOGNISED", /segment of etcd's log/);
});

test("bad sources: a directory that is no data dir says what is in it, and where one is", () => {
  const context = memoryFileContext({
    "/pki/ca.crt": "x",
    "/pki/ca.key": "x",
    ...below("/var/lib/etcd", dataDirFilesOf({ writes, requests: [] })),
    "/m2/member/snap/db": gzipSync(databaseBytes({ writes })),
  });
  refusedByAll(context, "/pki", "FILE_NOT_RECOGNISED", /neither member\/snap\/db nor a log.*ca\.crt, ca\.key/);
  refusedByAll(context, "/var/lib", "FILE_NOT_RECOGNISED", /\/var\/lib\/etcd looks like one/);
  for (const part of ["/var/lib/etcd/member/snap", "/var/lib/etcd/member/wal/"])
    refusedByAll(context, part, "FILE_NOT_RECOGNISED", /a part of one; .*: \/var\/lib\/etcd\b(?!\/)/);
  for (const [verb, run] of Object.entries(verbs).filter(([name]) => name !== "rank"))
    assert.throws(() => run(context, "/m2"), { code: "FILE_NOT_RECOGNISED", message: /gzip/ }, verb);
});

test("bad sources: what a killed restore has left is not recommended as a data dir", () => {
  const context = memoryFileContext({ "/b/.new.requorum-0123456789ab/member/snap/db": databaseBytes({ writes }) });
  refusedByAll(context, "/b", "FILE_NOT_RECOGNISED", /but \.new\.requorum-0123456789ab$/);
});

test("bad sources: a path as scp writes it is answered with ours", () => {
  refusedByAll(memoryFileContext({}), "root@cp1:/var/lib/etcd", "FILE_NOT_FOUND", /ssh:\/\/root@cp1\/var\/lib\/etcd$/);
});

test("bad sources: a file that etcd has locked is refused before a byte is read, with the process and what to do instead", () => {
  const context = memoryFileContext({ "/db": databaseBytes({ writes }), ...below("/m", dataDirFilesOf({ writes, requests: [] })) });
  context.files.locked.set("/db", 4711);
  context.files.locked.set("/m/member/snap/db", -1);
  refusedByAll(context, "/db", "FILE_IN_USE", /process 4711 holds it open and locked/);
  refusedByAll(context, "/m", "FILE_IN_USE", /a process holds it/);
});

test("bad sources: a file that is written to while it is read gives no result", () => {
  const context = memoryFileContext({ "/s.db": snapshot, "/cut.db": snapshot.subarray(0, 4096 * 3) });
  context.files.changing.add("/s.db").add("/cut.db");
  refusedByAll(context, "/s.db", "FILE_CHANGED", /was written to/);
});

test("bad sources: a cut file is damaged with its place; when it is a moment old, a copy under way is thought of", () => {
  const large = snapshotBytes({
    writes: [...writes, ...Array.from({ length: 50 }, (_, at) => [`/a/${String(at)}`, "x".repeat(1000)] as const)],
  });
  const context = memoryFileContext({ "/cut.db": large.subarray(0, 4096 * 4), "/new.db": large.subarray(0, 4096 * 4 + 32) });
  context.files.ages.set("/new.db", 2.5);
  for (const [verb, run] of Object.entries(verbs).filter(([name]) => name !== "check" && name !== "rank")) {
    assert.throws(() => run(context, "/cut.db"), { code: "FILE_DAMAGED" }, verb);
    assert.throws(() => run(context, "/new.db"), { code: "FILE_DAMAGED", message: /written to 2 s ago: if a copy/ }, verb);
  }
  assert.equal(checkFile(context, "/cut.db").verdict, "damaged");
  // One that has all its bytes is damaged, however new it is.
  const broken = memoryFileContext({ "/hole.db": large.map((byte, at) => (at >= 4096 * 3 && at < 4096 * 8 ? 0xff : byte)) });
  broken.files.ages.set("/hole.db", 1);
  assert.throws(() => inspectFile(broken, "/hole.db"), isRecoveryError("FILE_DAMAGED", /^(?!.*under way)/s));
  const begun = memoryFileContext({ "/empty": "", "/gz": gzipSync(snapshot) });
  begun.files.ages.set("/empty", 1).set("/gz", 1);
  assert.throws(() => inspectFile(begun, "/empty"), { message: /it is empty; it was written to 1 s ago/ });
  assert.throws(() => inspectFile(begun, "/gz"), { message: /unpack it first: gzip -dc FILE > backup\.db$/ });
});

test("bad sources: a path where nothing is says so", () => {
  refusedByAll(memoryFileContext(), "/none", "FILE_NOT_FOUND", /ENOENT/);
});
