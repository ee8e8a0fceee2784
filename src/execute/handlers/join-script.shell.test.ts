import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { listJoinsScript, pollJoinScript, startJoinScript } from "./join-script.ts";

/** A folder for files, and programs of the machine in front of the real ones. */
function machine(
  context: TestContext,
  programs: { readonly [name: string]: string },
): {
  readonly root: string;
  readonly run: (script: string, args: readonly string[], input?: string) => { readonly status: number | null; readonly stdout: string };
} {
  const root = mkdtempSync(join(tmpdir(), "requorum-join-"));
  context.after(() => {
    rmSync(root, { recursive: true, force: true });
  });
  mkdirSync(join(root, "bin"));
  for (const [name, text] of Object.entries(programs)) writeFileSync(join(root, "bin", name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return {
    root,
    run: (script, args, input = "") => {
      writeFileSync(join(root, "input"), input);
      const env = { ...process.env, PATH: `${join(root, "bin")}:${process.env["PATH"] ?? ""}`, REQUORUM_INPUT: join(root, "input") };
      return spawnSync("sh", ["-s", "--", ...args], { input: script, encoding: "utf8", env, timeout: 10_000 });
    },
  };
}

test("listJoinsScript: units that run are listed; a systemd that does not answer is a failure, not an empty list", (context) => {
  const units = machine(context, {
    systemctl: "echo 'stem-1.service loaded inactive dead x'; echo 'stem-2.service loaded active running x'",
  });
  assert.equal(units.run(listJoinsScript, ["stem"]).stdout, "stem-2\n");
  const none = machine(context, { systemctl: "exit 0" }).run(listJoinsScript, ["stem"]);
  assert.deepEqual([none.status, none.stdout.trim()], [0, ""]);
  assert.notEqual(machine(context, { systemctl: "exit 1" }).run(listJoinsScript, ["stem"]).status, 0);
});

test("pollJoinScript: without an answer of systemd a join is not called lost", (context) => {
  const { root, run } = machine(context, { systemctl: "exit 1" });
  const answer = run(pollJoinScript, ["unit", root, join(root, "log")]);
  assert.deepEqual([answer.status !== 0, answer.stdout], [true, ""]);
  const gone = machine(context, { systemctl: "echo inactive" });
  assert.match(gone.run(pollJoinScript, ["unit", gone.root, join(gone.root, "log")]).stdout, /^ended lost/);
});

test("startJoinScript: a unit that does not come into being leaves no token and no key on the machine", (context) => {
  const input = "the token\n---8<---\nthe key\n";
  const args = (root: string) => ["unit", join(root, "run"), join(root, "log", "join.log"), "https://cp1:6443"];
  const refused = machine(context, { systemctl: "exit 1", "systemd-run": "exit 1" });
  assert.notEqual(refused.run(startJoinScript, args(refused.root), input).status, 0);
  for (const name of ["join.yaml", "discovery.conf"]) assert.equal(existsSync(join(refused.root, "run", name)), false, name);
  const started = machine(context, { systemctl: "exit 1", "systemd-run": "exit 0" });
  assert.deepEqual(
    [started.run(startJoinScript, args(started.root), input).stdout, existsSync(join(started.root, "run", "join.yaml"))],
    ["started\n", true],
  );
});
