import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { cacheEntry } from "./cache-entry.ts";

async function temporary(context: { after(work: () => Promise<void>): void }): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "requorum-cache-"));
  context.after(() => rm(directory, { recursive: true }));
  return directory;
}

test("cacheEntry: what is made is there whole, and made once though two want it at the same time", async (context) => {
  const directory = await temporary(context);
  const path = join(directory, "entry");
  let made = 0;
  const make = async (target: string) => {
    made++;
    await writeFile(join(target, "file"), "whole");
  };
  assert.deepEqual(await Promise.all([cacheEntry(path, make), cacheEntry(path, make)]), [path, path]);
  assert.equal(made, 1);
  assert.equal(await readFile(join(path, "file"), "utf8"), "whole");
  assert.deepEqual(await readdir(directory), ["entry"]);
});

test("cacheEntry: a maker that fails leaves nothing, and its error is passed on", async (context) => {
  const directory = await temporary(context);
  await assert.rejects(
    cacheEntry(join(directory, "entry"), () => Promise.reject(new Error("no compiler"))),
    /no compiler/,
  );
  assert.deepEqual(await readdir(directory), []);
});

test("cacheEntry: the lock and the half of a maker that was killed are taken over", async (context) => {
  const directory = await temporary(context);
  const path = join(directory, "entry");
  await writeFile(`${path}.lock`, JSON.stringify({ pid: 4_000_000, startTicks: "1" }));
  await mkdir(`${path}.making-4000000`);
  await writeFile(join(`${path}.making-4000000`, "half"), "");
  await cacheEntry(path, (target) => writeFile(join(target, "file"), "whole"));
  assert.deepEqual(await readdir(directory), ["entry"]);
  assert.deepEqual(await readdir(path), ["file"]);
});
