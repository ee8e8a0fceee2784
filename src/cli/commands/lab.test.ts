import assert from "node:assert/strict";
import test, { after } from "node:test";
import { join } from "node:path";
import { cli, workDirectory } from "../../../test/support/captured-cli.ts";
import { labRecord } from "../../../test/support/lab-record.ts";
import { writeLabState } from "../../adapters/lab/lab-state.ts";
import { labSchema } from "../../schemas/output.ts";

const work = workDirectory();
after(() => {
  work.remove();
});
await writeLabState({ cacheDir: join(work.path, "cache"), labsDir: join(work.path, "state", "labs") }, labRecord());
const lab = (...words: readonly string[]) => cli(["lab", ...words, "--name", "dev"], {}, work.path);

test("lab heal: that nothing was healed is said, and a machine that is off without a fault has its way on", async () => {
  const { code, out } = await lab("heal");
  assert.equal(code, 0);
  assert.match(out, /^nothing to heal: /);
  assert.match(out, /requorum lab break power-on cp1 --name dev/);
  const document = labSchema.parse(JSON.parse((await lab("heal", "-o", "json")).out));
  assert.deepEqual([document.healed, document.ended], [[], []]);
});

test("lab heal: a wipe cannot be healed; that is an error with a way on", async () => {
  const { code, err } = await lab("heal", "wipe-machine", "cp1");
  assert.equal(code, 2);
  assert.match(err, /cannot take back wipe-machine/);
  assert.match(err, /requorum plan --config/);
});
