import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chown, mkdir, mkdtemp, readdir, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { unfinishedName } from "../../model/unfinished-name.ts";
import { LocalPlainTreeWriter } from "./local-plain-tree.ts";

const owner = { host: "h", pid: 1, bootId: "b" };
const ownerFile = ".requorum-unsealing.json";

test("what others put beside a target is neither waited for, followed, nor read without bound; what one's own dead run left goes", async () => {
  const dir = await mkdtemp(join(tmpdir(), "requorum-tree-"));
  const elsewhere = await mkdtemp(join(tmpdir(), "requorum-tree-"));
  try {
    const beside = (name: string) => join(dir, unfinishedName(name, "0123456789ab"));
    for (const name of ["pipe", "link", "large", "dead", "foreign"]) await mkdir(beside(name));
    execFileSync("mkfifo", [join(beside("pipe"), ownerFile)]);
    await writeFile(join(elsewhere, ownerFile), JSON.stringify(owner));
    await symlink(join(elsewhere, ownerFile), join(beside("link"), ownerFile));
    await symlink(elsewhere, beside("out"));
    await writeFile(join(beside("large"), ownerFile), JSON.stringify(owner));
    await truncate(join(beside("large"), ownerFile), 8 * 2 ** 30);
    for (const name of ["dead", "foreign"]) await writeFile(join(beside(name), ownerFile), JSON.stringify(owner));
    const isRoot = process.getuid?.() === 0;
    if (isRoot) await chown(beside("foreign"), 65_534, 65_534);
    else await rm(beside("foreign"), { recursive: true });
    const tree = new LocalPlainTreeWriter({ owner, isRunning: () => Promise.resolve(false) });
    const begun = await tree.begin(join(dir, "out"));
    assert.deepEqual(begun.cleared, [beside("dead")]);
    assert.deepEqual(begun.leftovers, [beside("out")]);
    await begun.discard();
    const names = (await readdir(dir)).map((name) => name.split(".")[1]);
    assert.deepEqual(names.sort(), [...(isRoot ? ["foreign"] : []), "large", "link", "out", "pipe"]);
    assert.deepEqual(await readdir(elsewhere), [ownerFile]);
  } finally {
    for (const one of [dir, elsewhere]) await rm(one, { recursive: true });
  }
});
