import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDataDir } from "./parse-data-dir.ts";

const whole =
  "options=rw,relatime\nfree_blocks=100\nblock_size=4096\nfree_inodes=7\nexists=1\nuid=0\nempty=0\nwal=1\nbackend=1\nsize=16801792\nnewest=1795258792\n";
const read = (datadir: string, fsync?: string, kernel?: string) => parseDataDir("/var/lib/etcd", { datadir, fsync, kernel });

test("parseDataDir: a member's directory with its data", () => {
  assert.deepEqual(read(whole, "ns=21962128\n", "\n"), {
    path: "/var/lib/etcd",
    exists: true,
    isEmpty: false,
    hasWal: true,
    hasBackend: true,
    backendSizeBytes: 16_801_792n,
    newestFileAt: "2026-11-21T10:59:52.000Z",
    ownerUid: 0,
    isReadOnlyMount: false,
    freeBytes: 409_600n,
    freeInodes: 7n,
    fsyncMs: 21.96,
    kernelErrors: [],
  });
});

test("parseDataDir: a directory that is gone, with the room where it would be", () => {
  const facts = read("options=rw\nfree_blocks=1\nblock_size=1\nfree_inodes=1\nexists=0\n", "not-asked\n");
  assert.deepEqual(
    [facts.exists, facts.isEmpty, facts.hasWal, facts.hasBackend, facts.newestFileAt, facts.fsyncMs],
    [false, true, false, false, "", undefined],
  );
});

test("parseDataDir: a read-only mount is told from an option that only contains the letters", () => {
  assert.equal(read(whole.replace("rw,relatime", "ro,relatime")).isReadOnlyMount, true);
  assert.equal(read(whole.replace("rw,relatime", "rw,errors=remount-ro")).isReadOnlyMount, false);
});

test("parseDataDir: a refused or hung fsync is an error of the disk", () => {
  assert.equal(read(whole, "error=dd: failed to open '/var/lib/x': Read-only file system\n").fsyncError, "Read-only file system");
  assert.match(
    parseDataDir("/var/lib/etcd", { datadir: whole, fsync: "", fsyncWasCut: true, kernel: undefined }).fsyncError ?? "",
    /no end/,
  );
});

test("parseDataDir: at most the 20 newest kernel messages", () => {
  const facts = read(whole, undefined, Array.from({ length: 30 }, (_, index) => `I/O error ${String(index)}`).join("\n"));
  assert.equal(facts.kernelErrors.length, 20);
  assert.equal(facts.kernelErrors.at(-1), "I/O error 29");
});

test("parseDataDir: kernel messages that could not be read are a gap, not the absence of errors", () => {
  assert.match(read(whole).kernelErrorsGap ?? "", /could not be read/);
  assert.match(read(whole, undefined, "not-asked\n").kernelErrorsGap ?? "", /no block device/);
  assert.equal(read(whole, undefined, "").kernelErrorsGap, undefined);
});

test("parseDataDir: a missing or senseless fact is malformed, never a default", () => {
  for (const name of ["options", "free_blocks", "exists", "empty", "wal", "size", "uid"]) {
    assert.throws(() => read(whole.replace(new RegExp(`^${name}=.*$`, "m"), "")), { code: "REMOTE_ANSWER_MALFORMED" }, name);
  }
  assert.throws(() => read(whole.replace("size=16801792", "size=-1")), { code: "REMOTE_ANSWER_MALFORMED" });
});
