import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { argsOf, becomes, restoreFilesWorld } from "../../../test/support/restore-files-world.ts";
import { stepSpecs } from "../../plan/steps/step-specs.ts";
import { hostRestoreFilesHandler } from "./host-restore-files.ts";

const cfg = "/etc/haproxy/haproxy.cfg";
const key = "/etc/kubernetes/pki/ca.key";
const isRootWithMounts = spawnSync("unshare", ["-m", "true"]).status === 0;

/** Names of `.staged.*` anywhere below a directory. */
function stagedBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) => name.includes(".staged."));
}

test("host.restoreFiles: killed anywhere, then settled by looking: no second name of a key that was put back is left", async (context) => {
  let seconds = 0;
  for (let at = 1; ; at += 1) {
    const world = restoreFilesWorld(context, { [key]: "KEY\n", [cfg]: "new\n" });
    const { machines } = world;
    machines.set("cp1", cfg, { text: "old\n" });
    mkdirSync(machines.place("cp1", "/etc/kubernetes/pki"), { recursive: true });
    const args = await argsOf(world, { [key]: becomes("KEY\n"), [cfg]: becomes("new\n") });
    machines.killBefore = at;
    const end = await hostRestoreFilesHandler.perform(args, world.step).then(
      () => "done",
      () => "killed",
    );
    machines.killBefore = undefined;
    const place = machines.place("cp1", key);
    if (existsSync(place) && lstatSync(place).nlink > 1) seconds += 1;
    await hostRestoreFilesHandler.cleanUp?.(args, world.step, { goalHolds: false });
    assert.deepEqual(stagedBelow(machines.rootOf("cp1")), [], `kill ${String(at)}`);
    if (existsSync(place)) assert.equal(lstatSync(place).nlink, 1);
    if (end === "done") break;
  }
  assert.ok(seconds > 0, "no kill came between the second name and the removal of the first");
});

test("host.restoreFiles: while another script is at work, tidying up waits for nobody and says what may be left", async (context) => {
  const world = restoreFilesWorld(context, { [cfg]: "new\n" });
  world.machines.flockFails = 75;
  await hostRestoreFilesHandler.cleanUp?.(await argsOf(world, {}), world.step, { goalHolds: false });
  assert.match(world.facts.join(), /left-behind: cp1: .*\.staged/);
});

test("host.restoreFiles: a flock that fails is not taken for a script that runs, and nothing is written", async (context) => {
  const world = restoreFilesWorld(context, { [cfg]: "new\n" });
  const { machines } = world;
  machines.set("cp1", cfg, { text: "old\n" });
  const args = await argsOf(world, { [cfg]: becomes("new\n") });
  for (const status of [1, 71, 127]) {
    machines.beforeRun = (_host, request) => {
      machines.flockFails = request.reason.startsWith("put files") ? status : undefined;
    };
    await assert.rejects(hostRestoreFilesHandler.perform(args, world.step), (error: Error) => {
      assert.match(error.message, /flock .*failed with exit status.*nothing was written/);
      assert.doesNotMatch(error.message, /still running/);
      return true;
    });
    machines.beforeRun = undefined;
    machines.flockFails = status;
    const spec = stepSpecs["host.restoreFiles"];
    const verdict = JSON.stringify(spec.post(await hostRestoreFilesHandler.observe(args, world.step), args));
    assert.match(verdict, /unknown.*cannot be told: flock .*no locks here/);
    assert.doesNotMatch(verdict, /is still running there: wait/);
    machines.flockFails = undefined;
  }
  assert.equal(machines.text("cp1", cfg), "old\n");
});

test("host.restoreFiles: what a killed script made and did not use is gone after the next one", async (context) => {
  const world = restoreFilesWorld(context, { [cfg]: "new\n" });
  const { machines } = world;
  machines.set("cp1", cfg, { text: "old\n" });
  const left = machines.place("cp1", "/var/lib/requorum/aside/OLDER/.staged.abcdef");
  mkdirSync(left, { recursive: true });
  writeFileSync(join(left, "1"), "KEY\n");
  await hostRestoreFilesHandler.perform(await argsOf(world, { [cfg]: becomes("new\n") }), world.step);
  assert.equal(existsSync(left), false);
});

test("host.restoreFiles: killed before any command that names or removes, each file is the old or the new one, and going on ends it", async (context) => {
  const missing = "/etc/kubernetes/pki/etcd/ca.key";
  let kills = 0;
  for (let at = 1; ; at += 1) {
    const world = restoreFilesWorld(context, { [cfg]: "new\n", [missing]: "KEY\n" });
    const { machines } = world;
    machines.set("cp1", cfg, { text: "old\n", mode: 0o644 });
    mkdirSync(machines.place("cp1", "/etc/kubernetes"), { recursive: true });
    const directories = ["/etc/kubernetes/pki", "/etc/kubernetes/pki/etcd"].map((path) => ({ path, mode: 0o755, uid: 0, gid: 0 }));
    const args = { ...(await argsOf(world, { [cfg]: becomes("new\n", { mode: 0o640 }), [missing]: becomes("KEY\n") })), directories };
    machines.killBefore = at;
    const end = await hostRestoreFilesHandler.perform(args, world.step).then(
      () => "done",
      () => "killed",
    );
    const tree = machines.tree("cp1");
    assert.ok(
      ["old\n 644", "new\n 640"].includes(`${tree[cfg] ?? ""} ${machines.mode("cp1", cfg)}`),
      `kill ${String(at)}: ${tree[cfg] ?? "gone"}`,
    );
    assert.ok([undefined, "KEY\n"].includes(tree[missing]));
    machines.killBefore = undefined;
    await hostRestoreFilesHandler.perform(args, world.step);
    assert.deepEqual(machines.tree("cp1"), { [cfg]: "new\n", [missing]: "KEY\n" });
    assert.deepEqual(
      [machines.mode("cp1", cfg), machines.mode("cp1", missing), machines.mode("cp1", "/etc/kubernetes/pki")],
      ["640", "600", "755"],
    );
    const aside = join(machines.rootOf("cp1"), "var/lib/requorum/aside/R");
    assert.equal(readFileSync(join(aside, machines.place("cp1", cfg)), "utf8"), "old\n");
    if (end === "done") break;
    kills += 1;
  }
  assert.ok(kills > 6, `only ${String(kills)} kills`);
});

test(
  "host.restoreFiles: what a killed script left on another mount is removed by a later call that writes nothing there",
  { skip: !isRootWithMounts },
  async (context) => {
    const conf = "/etc/kubernetes/a.conf";
    const world = restoreFilesWorld(context, { [conf]: "NEW\n" });
    const { machines } = world;
    mkdirSync(machines.place("cp1", "/data"), { recursive: true });
    mkdirSync(machines.place("cp1", "/etc/kubernetes"), { recursive: true });
    machines.bound = { from: "/data", at: "/etc/kubernetes" };
    const args = await argsOf(world, { [conf]: becomes("NEW\n") });
    let left = 0;
    for (let at = 1; left === 0 && at < 20; at += 1) {
      machines.killBefore = at;
      await hostRestoreFilesHandler.perform(args, world.step).catch(() => undefined);
      left = existsSync(machines.place("cp1", "/data/.requorum-aside")) ? stagedBelow(machines.place("cp1", "/data")).length : 0;
    }
    assert.ok(left > 0);
    machines.killBefore = undefined;
    await hostRestoreFilesHandler.cleanUp?.(args, world.step, { goalHolds: false });
    assert.deepEqual(stagedBelow(machines.rootOf("cp1")), []);
  },
);
