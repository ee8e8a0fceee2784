import assert from "node:assert/strict";
import { test } from "node:test";
import { lockPidOf } from "./proc-locks.ts";

test("lockPidOf finds the holder of a file's lock by device and inode", () => {
  const locks = "1: POSIX  ADVISORY  WRITE 11 fe:00:7 0 EOF\n2: FLOCK  ADVISORY  WRITE 4711 fe:01:131 0 EOF\n";
  assert.equal(lockPidOf(locks, { dev: 0xfe01n, ino: 131n }), 4711);
  assert.equal(lockPidOf(locks, { dev: 0xfe01n, ino: 7n }), undefined);
});
