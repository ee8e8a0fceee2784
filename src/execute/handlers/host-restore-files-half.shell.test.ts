import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { argsOf, becomes, restoreFilesWorld, type RestoreFilesWorld } from "../../../test/support/restore-files-world.ts";
import { shellWord } from "../../model/shell-word.ts";
import type { StepArgs } from "../../model/step.ts";
import { hostRestoreFilesHandler } from "./host-restore-files.ts";

const crt = "/etc/kubernetes/pki/apiserver.crt";
const key = "/etc/kubernetes/pki/apiserver.key";
const isRootWithMounts = spawnSync("unshare", ["-m", "true"]).status === 0;

/** A machine with the old pair, and a step that puts the set's pair back. */
async function pairWorld(context: TestContext): Promise<RestoreFilesWorld & { readonly args: StepArgs["host.restoreFiles"] }> {
  const world = restoreFilesWorld(context, { [crt]: "CRT\n", [key]: "KEY\n" });
  world.machines.set("cp1", crt, { text: "old crt\n" });
  world.machines.set("cp1", key, { text: "old key\n" });
  return { ...world, args: await argsOf(world, { [crt]: becomes("CRT\n"), [key]: becomes("KEY\n") }) };
}

function pair({ machines }: RestoreFilesWorld): readonly string[] {
  return [crt, key].map((path) => machines.text("cp1", path));
}

function contentsBelow(directory: string): readonly string[] {
  const names = existsSync(directory) ? readdirSync(directory, { recursive: true, encoding: "utf8" }) : [];
  return names
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, "utf8"));
}

/** Puts another file in the place of one, as an editor or a renewal does. */
function replacing({ machines }: RestoreFilesWorld, path: string): string {
  const place = shellWord(machines.place("cp1", path));
  return `{ echo edited > ${place}.new; command mv -- ${place}.new ${place}; }`;
}

test("host.restoreFiles: a file that is replaced before any look, link or sync of the script is not lost", async (context) => {
  let replaced = 0;
  for (let at = 1; ; at += 1) {
    const world = restoreFilesWorld(context, { [key]: "KEY\n" });
    const { machines } = world;
    machines.set("cp1", key, { text: "old key\n" });
    const args = await argsOf(world, { [key]: becomes("KEY\n") });
    const count = shellWord(machines.place("cp1", "/ticks"));
    const tick = `tick() { echo >> ${count}; if [ "$(wc -l < ${count})" = ${String(at)} ]; then ${replacing(world, key)}; fi; }`;
    machines.functions = [tick, ...["sync", "ln", "stat"].map((word) => `${word}() { tick; command ${word} "$@"; }`)].join("\n");
    const end = await hostRestoreFilesHandler.perform(args, world.step).then(
      () => "done",
      () => "refused",
    );
    if (machines.text("cp1", "/ticks").split("\n").length - 1 < at) break;
    replaced += 1;
    const held = [machines.text("cp1", key), ...contentsBelow(machines.place("cp1", "/var/lib/requorum/aside/R"))];
    assert.ok(held.includes("edited\n"), `replaced before command ${String(at)}, ${end}: ${JSON.stringify(held)}`);
  }
  assert.ok(replaced > 6, `only ${String(replaced)} commands`);
});

test("host.restoreFiles: while one old file cannot be kept aside, none is replaced, and nothing says that something must be restarted", async (context) => {
  const world = await pairWorld(context);
  const { machines, facts, args, step } = world;
  machines.functions = `ln() { case "$*" in *apiserver.key*) echo "ln: Operation not permitted" >&2; return 1 ;; esac; command ln "$@"; }`;
  await assert.rejects(
    hostRestoreFilesHandler.perform(args, step),
    /ln: Operation not permitted .*keeping \S+apiserver\.key aside below \S+ failed .*; nothing was written/,
  );
  assert.deepEqual(pair(world), ["old crt\n", "old key\n"]);
  assert.doesNotMatch(facts.join("\n"), /to-take-effect|half-written/);
  machines.functions = undefined;
  await hostRestoreFilesHandler.perform(args, step);
  assert.deepEqual(pair(world), ["CRT\n", "KEY\n"]);
  assert.match(facts.join("\n"), /to-take-effect: cp1: all files are in their places/);
  // What the first attempt kept was not kept again.
  const aside = contentsBelow(machines.place("cp1", "/var/lib/requorum/aside/R"));
  assert.deepEqual(aside.filter((text) => text.startsWith("old")).sort(), ["old crt\n", "old key\n"]);
});

test("host.restoreFiles: when half is written, error and record list what is and what is not, and no restart is advised until a later attempt ends it", async (context) => {
  const world = await pairWorld(context);
  const { machines, facts, args, step } = world;
  machines.functions = `mv() { command mv "$@"; ${replacing(world, key)}; }`;
  const listed = /written: \S+apiserver\.crt; not written: \S+apiserver\.key\. Restart nothing that reads them/;
  await assert.rejects(hostRestoreFilesHandler.perform(args, step), (error: Error) => {
    assert.match(error.message, /apiserver\.key is not what was .* a moment ago; it was left as it is/);
    assert.match(error.message, listed);
    assert.doesNotMatch(error.message, /nothing was written/);
    return true;
  });
  assert.deepEqual(pair(world), ["CRT\n", "edited\n"]);
  assert.match(facts.join("\n"), new RegExp(`half-written: cp1: ${listed.source}`));
  assert.doesNotMatch(facts.join("\n"), /to-take-effect/);
  machines.set("cp1", key, { text: "old key\n" });
  machines.functions = "sync() { return 1; }";
  // This attempt wrote nothing; that the pair is half the set's is said all the same.
  await assert.rejects(
    hostRestoreFilesHandler.perform(args, step),
    /nothing was written\. when this attempt began, in place: \S+apiserver\.crt; not in place: \S+apiserver\.key\. Restart nothing/,
  );
  machines.functions = undefined;
  await hostRestoreFilesHandler.perform(args, step);
  assert.deepEqual(pair(world), ["CRT\n", "KEY\n"]);
  assert.match(facts.join("\n"), /to-take-effect: cp1: all files are in their places/);
});

test("host.restoreFiles: what a script that was killed half-way has written is seen and recorded when it is tidied up", async (context) => {
  const world = await pairWorld(context);
  const { machines, facts, args, step } = world;
  machines.functions = `mv() { command mv "$@"; kill -9 $$; }`;
  await assert.rejects(hostRestoreFilesHandler.perform(args, step));
  await hostRestoreFilesHandler.cleanUp?.(args, step, { goalHolds: false });
  assert.match(
    facts.join("\n"),
    /half-written: cp1: .*in place: \S+apiserver\.crt; not in place, or not known: \S+apiserver\.key\. Restart nothing/,
  );
  assert.doesNotMatch(facts.join("\n"), /to-take-effect/);
});

test("host.restoreFiles: a shutdown of the machine that asks the script to end between two files does not leave half of them", async (context) => {
  const world = await pairWorld(context);
  world.machines.functions = `mv() { command mv "$@"; kill -TERM $$; }`;
  await hostRestoreFilesHandler.perform(world.args, world.step);
  assert.deepEqual(pair(world), ["CRT\n", "KEY\n"]);
});

test(
  "host.restoreFiles: a filesystem that is full is named with the file that had no room",
  { skip: !isRootWithMounts },
  async (context) => {
    const world = restoreFilesWorld(context, { [key]: "KEY\n".repeat(32 * 1024) });
    const { machines } = world;
    mkdirSync(machines.place("cp1", "/etc/kubernetes/pki"), { recursive: true });
    machines.tmpfs = { at: "/etc/kubernetes/pki", options: "size=64k" };
    const args = await argsOf(world, { [key]: becomes("KEY\n".repeat(32 * 1024)) });
    await assert.rejects(
      hostRestoreFilesHandler.perform(args, world.step),
      /making the new content of \S+apiserver\.key failed \(free on the filesystem \S+\/etc\/kubernetes\/pki: 0 KiB and \d+ inodes\); nothing was written/,
    );
  },
);

test(
  "host.restoreFiles: a directory that cannot be written to is found out before the first file is written",
  { skip: !isRootWithMounts },
  async (context) => {
    const conf = "/etc/kubernetes/admin.conf";
    const world = restoreFilesWorld(context, { [conf]: "CONF\n", [key]: "KEY\n" });
    const { machines } = world;
    machines.set("cp1", conf, { text: "old\n" });
    mkdirSync(machines.place("cp1", "/etc/kubernetes/pki"), { recursive: true });
    machines.tmpfs = { at: "/etc/kubernetes/pki", options: "ro" };
    const args = await argsOf(world, { [conf]: becomes("CONF\n"), [key]: becomes("KEY\n") });
    await assert.rejects(
      hostRestoreFilesHandler.perform(args, world.step),
      /pki cannot be written to: it is mounted read-only, .*nothing was written/,
    );
    assert.equal(machines.text("cp1", conf), "old\n");
  },
);
