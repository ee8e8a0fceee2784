/** The real ssh program, and an address where nobody listens. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { after } from "node:test";
import { cli, workDirectory } from "../../test/support/captured-cli.ts";

const work = workDirectory();
after(() => {
  work.remove();
});

test("init with nobody reached leaves no file that would stand in the way, and replaces none by a guess", async () => {
  const file = join(work.path, "requorum.yaml");
  const words = ["init", "--host", "nobody1=127.0.0.1"];
  const first = await cli(words, {}, work.path);
  assert.equal(first.code, 10, first.err);
  assert.match(first.err, /FACTS_INCOMPLETE/);
  assert.ok(!existsSync(file));
  writeFileSync(file, "# written by hand\n");
  assert.equal((await cli([...words, "--force"], {}, work.path)).code, 10);
  assert.equal(readFileSync(file, "utf8"), "# written by hand\n");
});
