import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { dropFileLock, fileLockHolder, takeFileLock } from "./file-lock.ts";

const directory = await mkdtemp(join(tmpdir(), "requorum-file-lock-"));
after(() => rm(directory, { recursive: true }));

test("takeFileLock: one of many gets it, it names its holder, and nothing is left when it is dropped", async () => {
  const path = join(directory, ".lock-many");
  const taken = await Promise.all(Array.from({ length: 8 }, () => takeFileLock(path)));
  assert.equal(taken.filter(Boolean).length, 1);
  assert.equal((await fileLockHolder(path))?.pid, process.pid);
  await dropFileLock(path);
  assert.deepEqual(await readdir(directory), []);
});

for (const [what, content] of [
  ["of a program that died", '{"pid":4194304,"startTicks":"1"}'],
  ["without content, as a power failure leaves it", ""],
  ["cut off in the middle", '{"pid":41'],
] as const) {
  test(`takeFileLock: a lock ${what} is taken over at the second attempt, by one`, async () => {
    const path = join(directory, ".lock-dead");
    await writeFile(path, content);
    assert.equal(await fileLockHolder(path).then((holder) => holder?.pid === process.pid), false);
    const attempt = async () => (await takeFileLock(path)) || (await takeFileLock(path));
    const taken = await Promise.all(Array.from({ length: 8 }, attempt));
    assert.equal(taken.filter(Boolean).length, 1);
    await dropFileLock(path);
    assert.deepEqual(await readdir(directory), []);
  });
}
