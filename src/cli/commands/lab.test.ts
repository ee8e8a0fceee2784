import assert from "node:assert/strict";
import test, { after } from "node:test";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { cli, workDirectory } from "../../../test/support/captured-cli.ts";
import { labRecord } from "../../../test/support/lab-record.ts";
import { FileLastSeenStore } from "../../adapters/local-fs/file-last-seen-store.ts";
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

test("lab down: what was remembered of its cluster goes with it, so that the next lab of this name is a new cluster; runs stay", async () => {
  const down = workDirectory();
  after(() => {
    down.remove();
  });
  const state = join(down.path, "state");
  await writeLabState({ cacheDir: join(down.path, "cache"), labsDir: join(state, "labs") }, labRecord({ name: "rq-unit" }));
  const lastSeen = new FileLastSeenStore({ stateDirectory: state });
  for (const cluster of ["rq-unit", "prod"]) await lastSeen.write(cluster, "facts");
  mkdirSync(join(state, "rq-unit", "runs", "one"), { recursive: true });
  const { code, err } = await cli(["lab", "down", "--name", "rq-unit"], {}, down.path);
  assert.equal(code, 0, err);
  assert.deepEqual([await lastSeen.read("rq-unit"), await lastSeen.read("prod")], [undefined, "facts"]);
  assert.deepEqual([readdirSync(join(state, "rq-unit")), readdirSync(join(state, "labs"))], [["runs"], []]);
  // Nothing of the lab was there: what bears the same name is not the lab's.
  assert.equal((await cli(["lab", "down", "--name", "prod"], {}, down.path)).code, 2);
  assert.equal(await lastSeen.read("prod"), "facts");
});
