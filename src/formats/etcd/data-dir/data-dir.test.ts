import assert from "node:assert/strict";
import { test } from "node:test";
import { RecoveryError } from "../../../model/recovery-error.ts";
import { MemoryByteSource } from "../../byte-source.ts";
import { openDataDir, type DataDirFiles } from "./data-dir.ts";

/** A directory of empty files. */
function filesOf(paths: readonly string[]): DataDirFiles {
  return {
    name: "/data",
    list: (folder) => {
      const names = new Set(
        paths.flatMap((path) => {
          if (folder !== "" && !path.startsWith(`${folder}/`)) return [];
          return path.slice(folder === "" ? 0 : folder.length + 1).split("/")[0] ?? [];
        }),
      );
      return names.size === 0 ? undefined : [...names];
    },
    open: (path) => new MemoryByteSource(new Uint8Array(0), path),
  };
}

const wal = ["0000000000000001-0000000000000010.wal", "0000000000000000-0000000000000000.wal"];

test("openDataDir sorts a member's files by what they are", () => {
  const found = openDataDir(
    filesOf([
      "member/snap/db",
      "member/snap/0000000000000002-0000000000000064.snap",
      "member/snap/0000000000000003-0000000000000032.snap",
      "member/snap/0000000000000064.snap.db",
      "member/snap/db.tmp123",
      "member/snap/0000000000000002-0000000000000001.snap.broken",
      "member/snap/before-upgrade.snap",
      "member/snap/0000.snap.bak",
      "member/snap/tmp123",
      "member/wal/0.tmp",
      "member/wal/0.wal.broken",
      ...wal.map((name) => `member/wal/${name}`),
    ]),
  );
  assert.equal(found.database?.name, "member/snap/db");
  assert.deepEqual(
    found.segments.map((one) => [one.sequence, one.firstIndex]),
    [
      [0n, 0n],
      [1n, 16n],
    ],
  );
  assert.deepEqual(
    found.snapFiles.map((one) => one.name),
    ["before-upgrade.snap", "0000000000000003-0000000000000032.snap", "0000000000000002-0000000000000064.snap"],
  );
  assert.deepEqual(
    found.receivedDatabases.map((one) => one.index),
    [100n],
  );
  assert.deepEqual(found.leftovers, [
    "member/wal/0.wal.broken",
    "member/snap/db.tmp123",
    "member/snap/0000000000000002-0000000000000001.snap.broken",
    "member/snap/0000.snap.bak",
    "member/snap/tmp123",
  ]);
});

test("openDataDir takes the member folder itself, and a log that is elsewhere", () => {
  assert.equal(openDataDir(filesOf(["snap/db", ...wal.map((name) => `wal/${name}`)])).segments.length, 2);
  assert.equal(openDataDir(filesOf(["member/snap/db"]), { walFiles: filesOf(wal) }).segments.length, 2);
});

test("openDataDir passes over a directory and a link to nowhere with the name of a snapshot, as etcd does, and nothing that may not be read", () => {
  const names = ["0000000000000002-0000000000000064.snap", "old.snap", "0000000000000064.snap.db"].map((name) => `member/snap/${name}`);
  const whole = filesOf(["member/snap/db", ...names]);
  const throwing = (code: "FILE_NOT_RECOGNISED" | "LOCAL_FILE_FAILED", detail: string): DataDirFiles => ({
    ...whole,
    open: (path) => {
      if (path !== "member/snap/db") throw new RecoveryError(code, { subject: `file ${path}`, detail });
      return whole.open(path);
    },
  });
  for (const files of [
    throwing("FILE_NOT_RECOGNISED", "this is a directory"),
    throwing("LOCAL_FILE_FAILED", "could not look at it: there is no such file or directory (ENOENT)"),
  ]) {
    const { snapFiles, receivedDatabases, leftovers } = openDataDir(files);
    assert.deepEqual([snapFiles, receivedDatabases, leftovers], [[], [], names]);
  }
  assert.throws(() => openDataDir(throwing("LOCAL_FILE_FAILED", "could not open it: permission denied (EACCES)")), /EACCES/);
});

test("openDataDir refuses a directory that is no data dir", () => {
  assert.throws(() => openDataDir(filesOf(["home/file"])), { code: "FILE_NOT_RECOGNISED" });
});
