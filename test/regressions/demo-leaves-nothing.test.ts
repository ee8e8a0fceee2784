/** `npm run demo` left its plan in /tmp/requorum-demo-*: one directory per demo, and per demo that failed. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { withScratchDirectory } from "../../scripts/scratch-directory.ts";

test("demo: its scratch directory is gone afterwards, also when what was done in it failed", async () => {
  let seen = "";
  const play = async (directory: string): Promise<void> => {
    seen = directory;
    writeFileSync(join(directory, "plan.json"), "{}");
    await Promise.reject(new Error("apply ended with 13"));
  };
  await assert.rejects(withScratchDirectory("requorum-demo-", play), /apply ended with 13/);
  assert.equal(dirname(seen), tmpdir());
  assert.equal(existsSync(seen), false);
  assert.equal(await withScratchDirectory("requorum-demo-", () => Promise.resolve("done")), "done");
});

test("demo: it makes no temporary directory in another way", () => {
  assert.doesNotMatch(readFileSync(join(import.meta.dirname, "../../scripts/demo.ts"), "utf8"), /mkdtemp|tmpdir/);
});
