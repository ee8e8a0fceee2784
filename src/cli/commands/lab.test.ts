import assert from "node:assert/strict";
import test, { after, type TestContext } from "node:test";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cli, workDirectory } from "../../../test/support/captured-cli.ts";
import { labRecord } from "../../../test/support/lab-record.ts";
import { FileLastSeenStore } from "../../adapters/local-fs/file-last-seen-store.ts";
import { machinePaths } from "../../adapters/lab/lab-paths.ts";
import { writeLabState } from "../../adapters/lab/lab-state.ts";
import { readProcessIdentity, type ProcessIdentity } from "../../adapters/lab/process-identity.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { labSchema } from "../../schemas/lab-output.ts";

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

test("lab status: a machine that was wiped is said not to be in the cluster, until it has joined again", async (context) => {
  const { path } = workDirectory();
  context.after(() => {
    rmSync(path, { recursive: true, force: true });
  });
  const paths = { cacheDir: join(path, "cache"), labsDir: join(path, "state", "labs") };
  const names = [["cp1", "control-plane"] as const, ["cp2", "control-plane"] as const, ["spare1", "spare"] as const];
  await writeLabState(paths, labRecord({ machines: names.map(([name, role]) => ({ name, address: "10.150.0.11", role })) }));
  const status = async () => (await cli(["lab", "status", "--name", "dev"], {}, path)).out;
  const markJoined = (machine: string): void => {
    const kubernetes = join(machinePaths(join(paths.labsDir, "dev"), machine).upper, "etc/kubernetes");
    mkdirSync(kubernetes, { recursive: true });
    writeFileSync(join(kubernetes, "kubelet.conf"), "");
  };
  markJoined("cp1");
  const wiped = await status();
  assert.match(wiped, /cp2 .*wiped or new: not joined to the cluster/);
  assert.equal(wiped.split("not joined").length, 2, wiped);
  const document = labSchema.parse(JSON.parse((await cli(["lab", "status", "--name", "dev", "-o", "json"], {}, path)).out));
  assert.deepEqual(
    document.machines.map(({ isJoined }) => isJoined),
    [true, false, undefined],
  );
  markJoined("cp2");
  assert.ok(!(await status()).includes("not joined"));
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

test("lab ssh: the command's exit code is the program's, whatever it means elsewhere; a signal counts as in a shell", async (context) => {
  const { path, supervisor } = fakeSsh(context, 'for word; do last=$word; done; eval "$last"');
  const machines = [{ name: "cp1", address: "10.150.0.11", role: "control-plane", supervisor }] as const;
  await writeLabState({ cacheDir: join(path, "cache"), labsDir: join(path, "state", "labs") }, labRecord({ machines }));
  const ssh = async (...words: readonly string[]) => (await cli(["lab", "ssh", "--name", "dev", ...words], {}, path)).code;
  assert.deepEqual([await ssh("cp1", "--", "exit 7"), await ssh("cp1", "--", "true"), await ssh("cp1", "--", "kill -9 $$")], [7, 0, 137]);
  assert.equal(await ssh("cp9", "--", "exit 7"), 2);
});

test("lab ssh: a machine that is off is an error with a way on before ssh is asked; so is a lab that was never finished", async () => {
  const { code, err } = await lab("ssh", "cp1");
  assert.equal(code, 13);
  assert.match(err, /LAB_FAILED[^]*cp1 is off[^]*requorum lab break power-on cp1 --name dev/);
  const paths = { cacheDir: join(work.path, "cache"), labsDir: join(work.path, "state", "labs") };
  await writeLabState(paths, labRecord({ name: "half", phase: "making" }));
  const half = await cli(["lab", "ssh", "cp1", "--name", "half"], {}, work.path);
  assert.match(half.err, /never finished[^]*requorum lab down --name half/);
});

test("lab ssh: when it is stopped, ssh is, and the reason is what is said", async (context) => {
  const { path, supervisor } = fakeSsh(context, ': > "${0%/*}/runs"; exec sleep 60');
  const machines = [{ name: "cp1", address: "10.150.0.11", role: "control-plane", supervisor }] as const;
  await writeLabState({ cacheDir: join(path, "cache"), labsDir: join(path, "state", "labs") }, labRecord({ machines }));
  const stop = new AbortController();
  const running = setInterval(() => {
    if (existsSync(join(path, "runs"))) stop.abort(new RecoveryError("INTERRUPTED", { subject: "requorum", detail: "stopped by SIGTERM" }));
  }, 10);
  context.after(() => {
    clearInterval(running);
  });
  const { code, err } = await cli(["lab", "ssh", "cp1", "--name", "dev", "--", "true"], { signal: stop.signal }, path);
  assert.equal(code, 130, err);
});

/** An `ssh` first in PATH, and a machine that is on: this process supervises it, a child of it is its first process. */
function fakeSsh(context: TestContext, script: string): { readonly path: string; readonly supervisor: ProcessIdentity } {
  const temporary = workDirectory();
  const { path } = temporary;
  writeFileSync(join(path, "ssh"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const before = process.env["PATH"] ?? "";
  process.env["PATH"] = `${path}:${before}`;
  const init = spawn("sleep", ["60"], { stdio: "ignore" });
  context.after(() => {
    process.env["PATH"] = before;
    init.kill("SIGKILL");
    temporary.remove();
  });
  const supervisor = readProcessIdentity(process.pid);
  assert.ok(supervisor);
  return { path, supervisor };
}
