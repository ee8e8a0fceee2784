import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { LocalFileSpool } from "./local-file-spool.ts";

function cacheOf(context: TestContext): string {
  const cacheDirectory = mkdtempSync(join(tmpdir(), "requorum-spool-"));
  context.after(() => {
    rmSync(cacheDirectory, { recursive: true });
  });
  return cacheDirectory;
}

test("spool: copies are private, keep the time of their original, and go with the spool", async (context) => {
  const cacheDirectory = cacheOf(context);
  const spool = await new LocalFileSpool({ cacheDirectory }).open();
  const file = await spool.create("member/snap/db");
  await file.append(Buffer.from("0123"));
  await file.append(Buffer.from("45"));
  await file.close(1_700_000_000);
  const path = join(spool.path, "member/snap/db");
  assert.equal(readFileSync(path, "utf8"), "012345");
  assert.equal(statSync(path).mode & 0o777, 0o600);
  for (const one of [spool.path, join(spool.path, "member"), join(cacheDirectory, "spool")])
    assert.equal(statSync(one).mode & 0o777, 0o700, one);
  assert.equal(statSync(path).mtimeMs, 1_700_000_000_000);
  assert.ok((await spool.freeBytes()) > 0n);
  await assert.rejects(spool.create("../out"), /not below/);
  await spool.remove();
  assert.deepEqual(readdirSync(join(cacheDirectory, "spool")), []);
});

test("spool: a file that is discarded is gone and no longer open, whether it was finished or not, and its name is free", async (context) => {
  const spool = await new LocalFileSpool({ cacheDirectory: cacheOf(context) }).open();
  const openBelow = (): readonly string[] =>
    readdirSync("/proc/self/fd").flatMap((number) => {
      const link = `/proc/self/fd/${number}`;
      return existsSync(link) && readlinkSync(link).startsWith(spool.path) ? [readlinkSync(link)] : [];
    });
  for (const isFinished of [false, true]) {
    const file = await spool.create("0/file");
    await file.append(Buffer.from("part"));
    assert.equal(openBelow().length, 1);
    if (isFinished) await file.close(1_700_000_000);
    await file.discard();
    assert.deepEqual([readdirSync(join(spool.path, "0")), openBelow()], [[], []]);
  }
  await spool.remove();
});

test("spool: what a killed program left is removed by the next one, what a living one uses is not, nor what is not ours", async (context) => {
  const cacheDirectory = cacheOf(context);
  const { pid: deadPid } = spawnSync("true");
  const name = (pid: number): string => join(cacheDirectory, "spool", `${String(pid)}-0123456789ab`);
  for (const path of [name(deadPid), name(process.ppid), join(cacheDirectory, "spool", "notes")]) mkdirSync(path, { recursive: true });
  writeFileSync(join(name(deadPid), "db"), "secrets");
  const spool = await new LocalFileSpool({ cacheDirectory }).open();
  assert.deepEqual([name(deadPid), name(process.ppid), join(cacheDirectory, "spool", "notes")].map(existsSync), [false, true, true]);
  await spool.remove();
});
