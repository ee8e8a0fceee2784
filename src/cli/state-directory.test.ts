import assert from "node:assert/strict";
import test from "node:test";
import { cli } from "../../test/support/captured-cli.ts";
import { healthyKubeadm3 } from "../../test/support/inventory-builder.ts";
import { FileLastSeenStore } from "../adapters/local-fs/file-last-seen-store.ts";
import { FileLocalLock } from "../adapters/local-fs/file-local-lock.ts";
import { FileRunStore } from "../adapters/local-fs/file-run-store.ts";
import { doctorSchema, errorSchema, statusSchema } from "../schemas/output.ts";

const { config } = healthyKubeadm3().build();
/** As with XDG_STATE_HOME=/dev/null: no directory, and none can be made. */
const stateDirectory = "/dev/null/state";
const ports = {
  runs: new FileRunStore({ stateDirectory, cluster: config.cluster }),
  localLock: new FileLocalLock({ stateDirectory }),
  lastSeen: new FileLastSeenStore({ stateDirectory }),
};
const json = (words: readonly string[]) => cli([...words, "-o", "json"], { config, ports }, "/dev/null");

test("cli: without a state directory what only looks goes on, and says what it could not compare with", async () => {
  const status = await json(["status"]);
  assert.equal(status.code, 10, status.err);
  const { unknown } = statusSchema.parse(JSON.parse(status.out));
  assert.ok(unknown.some((words) => words.startsWith("the last good look could not be read")));
  assert.ok(unknown.some((words) => words.startsWith("whether a run is unfinished (LOCAL_FILE_FAILED")));
  assert.equal((await json(["diagnose"])).code, 3);
  for (const words of [["explain"], ["version"], ["completion", "bash"]]) assert.equal((await json(words)).code, 0);
  const doctor = doctorSchema.parse(JSON.parse((await json(["doctor"])).out));
  assert.equal(doctor.checks.find((check) => check.name === "state directory")?.state, "problem");
  assert.equal(doctor.checks.find((check) => check.name === "configuration")?.state, "ok");
});

test("cli: what needs the state directory ends with the file, why, and a way out", async () => {
  for (const words of [
    ["plan"],
    ["recover"],
    ["resume"],
    ["runs", "list"],
    ["runs", "show"],
    ["runs", "report"],
    ["runs", "verify-journal"],
    ["lab", "down"],
    ["lab", "break", "power-off", "cp1"],
    ["lab", "heal"],
  ]) {
    const { code, out, err } = await json(words);
    assert.equal(code, 13, `${words.join(" ")}: ${out}${err}`);
    const { error } = errorSchema.parse(JSON.parse(err));
    assert.equal(error.code, "LOCAL_FILE_FAILED", words.join(" "));
    assert.match(error.subject, /\/dev\/null\/state/);
    assert.match(error.detail, /ENOTDIR/);
    assert.equal(error.remedies[0]?.command, "requorum doctor");
  }
});
