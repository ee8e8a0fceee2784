import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { labPathsFrom, machinePaths } from "../../src/adapters/lab/lab-paths.ts";
import { NspawnLab } from "../../src/adapters/lab/nspawn-lab.ts";
import { leftoversOf } from "../../src/adapters/lab/take-down-lab.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";

const root = resolve(import.meta.dirname, "../..");
// A state directory of its own: a developer's labs are not in the way, and are not touched.
const stateHome = await mkdtemp(join(tmpdir(), "requorum-leaves-"));
const environment = { ...process.env, XDG_STATE_HOME: stateHome };
const paths = labPathsFrom(environment);
const lab = new NspawnLab({ paths, toolsDir: join(root, "tools") });
const report = () => undefined;
const name = "leaves";

after(async () => {
  await lab.down(name, { report }).catch((error: unknown) => {
    if (!(error instanceof RecoveryError && error.code === "LAB_NOT_FOUND")) throw error;
  });
  await rm(stateHome, { recursive: true, force: true });
});

/** Starts `lab up` as a program of its own and kills it with SIGKILL as soon as it says `words`. */
function killUpAt(words: string): Promise<void> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [join(root, "scripts/lab.ts"), "up", "--name", name, "--control-planes", "1", "--objects", "0"], {
      env: environment,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    let isKilled = false;
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (!isKilled && said.includes(words)) isKilled = child.kill("SIGKILL");
    });
    child.on("error", failed);
    child.on("close", () => {
      if (isKilled) done();
      else failed(new Error(`lab up ended before it said ${JSON.stringify(words)}:\n${said}`));
    });
  });
}

for (const words of ["network and keys", "machines' disks: done", "machines boot", "machines boot: done", "kubeadm init on cp1: done"]) {
  test(`lab down: leaves nothing after lab up was killed at "${words}"`, async () => {
    await killUpAt(words);
    assert.notDeepEqual(await leftoversOf(paths, name), [], "the kill came before anything was made: the test shows nothing");
    await lab.down(name, { report });
    assert.deepEqual(await leftoversOf(paths, name), []);
  });
}

test("lab up and down: a whole lab comes, is refused twice, refuses unmarked machines, and leaves nothing", async () => {
  const locksBefore = await readdir("/run/systemd/nspawn/locks").catch(() => []);
  const request = {
    name,
    controlPlanes: 1,
    workers: 0,
    etcdMachines: 0,
    spares: 0,
    versions: { kubernetes: "1.34", etcd: "3.6" },
    load: { seed: 1, objects: 60 },
  } as const;
  const { status } = await lab.up(request, { report });
  assert.equal(status.phase, "up");
  assert.deepEqual(
    status.machines.map((machine) => [machine.name, machine.isPoweredOn]),
    [["cp1", true]],
  );
  await assert.rejects(lab.up(request, { report }), (error: unknown) => error instanceof RecoveryError && error.code === "LAB_EXISTS");

  // What is frozen is listed while it is, and a power cycle ends it without anybody healing it.
  const kinds = async () => (await lab.status(name)).faults.map(({ kind }) => kind);
  await lab.inject(name, { kind: "freeze", machine: "cp1", settings: { process: "kubelet" } }, { report });
  await lab.inject(name, { kind: "freeze", machine: "cp1", settings: { process: "sshd" } }, { report });
  assert.deepEqual(await kinds(), ["freeze", "freeze"]);
  await lab.heal(name, { fault: "freeze" }, { report });
  await lab.inject(name, { kind: "freeze", machine: "cp1", settings: { process: "kubelet" } }, { report });
  await lab.inject(name, { kind: "power-off", machine: "cp1" }, { report });
  assert.deepEqual(await kinds(), ["power-off"]);
  await lab.inject(name, { kind: "power-on", machine: "cp1" }, { report });
  assert.deepEqual(await kinds(), []);
  const { healed, ended } = await lab.heal(name, {}, { report });
  assert.deepEqual([healed, ended.map(({ kind }) => kind)], [[], ["freeze"]]);

  const mark = join(machinePaths(join(paths.labsDir, name), "cp1").upper, "etc/requorum-lab");
  await rm(mark);
  await assert.rejects(
    lab.inject(name, { kind: "power-off", machine: "cp1" }, { report }),
    (error: unknown) => error instanceof RecoveryError && error.code === "LAB_MARK_MISSING",
  );
  assert.equal((await lab.status(name)).machines[0]?.isPoweredOn, true, "a refused fault must not touch the machine");

  await lab.down(name, { report });
  assert.deepEqual(await leftoversOf(paths, name), []);
  const locksAfter = await readdir("/run/systemd/nspawn/locks").catch(() => []);
  assert.ok(locksAfter.length <= locksBefore.length, "nspawn's lock files are left");
  await assert.rejects(lab.down(name, { report }), (error: unknown) => error instanceof RecoveryError && error.code === "LAB_NOT_FOUND");
});
