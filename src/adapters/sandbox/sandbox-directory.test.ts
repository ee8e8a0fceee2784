import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { clearLeftovers, openSandboxDirectory } from "./sandbox-directory.ts";

const isRoot = process.getuid?.() === 0;

test("a sandbox on disk can be entered by its user whatever the umask is, and is not made where memory is used", async (context) => {
  const work = mkdtempSync(join(tmpdir(), "requorum-sandbox-place-"));
  const before = process.umask(0o077);
  context.after(() => {
    process.umask(before);
    rmSync(work, { recursive: true });
  });
  const onDisk = join(work, "requorum", "sandbox");
  const user = isRoot ? { uid: 60_600, gid: 60_600 } : undefined;
  chmodSync(work, 0o755);
  const opened = await openSandboxDirectory({ inMemory: [], onDisk }, { bytes: 1n, user });
  if (isRoot) for (const path of [onDisk, join(work, "requorum")]) assert.equal(statSync(path).mode & 0o777, 0o711, path);
  await opened.remove();
  const unused = join(work, "unused", "sandbox");
  const inMemory = await openSandboxDirectory({ inMemory: ["/dev/shm"], onDisk: unused }, { bytes: 1n, user });
  assert.deepEqual([inMemory.isInMemory, existsSync(unused)], [true, false]);
  await inMemory.remove();
});

test("a sandbox of another machine, in a directory that both have, is left to that one", async (context) => {
  const work = mkdtempSync(join(tmpdir(), "requorum-sandbox-left-"));
  context.after(() => {
    rmSync(work, { recursive: true });
  });
  const opened = await openSandboxDirectory({ inMemory: [], onDisk: work }, { bytes: 1n, user: undefined });
  const parts = /requorum-sandbox-([0-9a-f]{8})-([0-9a-f]{8})-/.exec(opened.path) ?? [];
  const [, machine = "", boot = ""] = parts;
  const other = join(work, `requorum-sandbox-${"0".repeat(8)}-${boot}-999999999-1-${"0".repeat(12)}`);
  const killed = join(work, `requorum-sandbox-${machine}-${boot}-999999999-1-${"0".repeat(12)}`);
  const beforeBoot = join(work, `requorum-sandbox-${machine}-${"0".repeat(8)}-1-1-${"0".repeat(12)}`);
  for (const path of [other, killed, beforeBoot]) mkdirSync(path);
  await clearLeftovers(work);
  assert.deepEqual([other, killed, beforeBoot, opened.path].map(existsSync), [true, false, false, true]);
  await opened.remove();
  // Nobody comes back for it: a renamed machine, a container of its day.
  const longAgo = new Date(Date.now() - 49 * 3_600_000);
  utimesSync(other, longAgo, longAgo);
  await clearLeftovers(work);
  assert.equal(existsSync(other), false);
});
