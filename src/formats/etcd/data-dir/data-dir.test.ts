import assert from "node:assert/strict";
import { test } from "node:test";
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
      "member/wal/0.tmp",
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
    found.snapFiles.map((one) => [one.term, one.index]),
    [
      [3n, 50n],
      [2n, 100n],
    ],
  );
  assert.deepEqual(
    found.receivedDatabases.map((one) => one.index),
    [100n],
  );
  assert.deepEqual(found.leftovers, [
    "member/wal/0.tmp",
    "member/snap/db.tmp123",
    "member/snap/0000000000000002-0000000000000001.snap.broken",
  ]);
});

test("openDataDir takes the member folder itself, and a log that is elsewhere", () => {
  assert.equal(openDataDir(filesOf(["snap/db", ...wal.map((name) => `wal/${name}`)])).segments.length, 2);
  assert.equal(openDataDir(filesOf(["member/snap/db"]), { walFiles: filesOf(wal) }).segments.length, 2);
});

test("openDataDir refuses a directory that is no data dir", () => {
  assert.throws(() => openDataDir(filesOf(["home/file"])), { code: "FILE_NOT_RECOGNISED" });
});
