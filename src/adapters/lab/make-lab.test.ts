import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { labRecord } from "../../../test/support/lab-record.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { LabUpRequest } from "../../ports/lab.ts";
import { labDirectory, writeLabState } from "./lab-state.ts";
import { makeLab } from "./make-lab.ts";
import { NspawnLab } from "./nspawn-lab.ts";
import { PhaseTimer } from "./phase-timer.ts";
import { readProcessIdentity } from "./process-identity.ts";
import { ensureHostPrograms } from "./programs/host-programs.ts";

const silent = (): void => undefined;
// Optional in its type: Windows has no such thing.
const user = process as { getuid(): number };

test("makeLab: what is there under the name is LAB_EXISTS, and it is left as it is", async (context) => {
  const root = await mkdtemp(join(tmpdir(), "requorum-make-lab-"));
  context.after(() => rm(root, { recursive: true }));
  const paths = { cacheDir: join(root, "cache"), labsDir: join(root, "labs") };
  await mkdir(join(labDirectory(paths, "dev"), "mine"), { recursive: true });
  const request = {
    name: "dev",
    versions: { kubernetes: "1.34", etcd: "3.6" },
    shape: { controlPlanes: 3, workers: 0, etcdMachines: 0, spares: 0 },
  } as const;
  await assert.rejects(makeLab(request, { paths, toolsDir: join(root, "tools"), report: silent }, new PhaseTimer(silent)), {
    code: "LAB_EXISTS",
    subject: "lab dev",
    detail: /no record that can be read: its `lab up` was killed early/,
  });
  assert.deepEqual([await readdir(root), await readdir(labDirectory(paths, "dev"))], [["labs"], ["mine"]]);
});

test("makeLab: LAB_EXISTS says whether that lab is up or was never finished, and what to do", async (context) => {
  const { root, paths } = await wouldBeLab(context);
  const environment = { paths, toolsDir: join(root, "tools"), report: silent };
  const { name, versions, shape } = labRecord();
  for (const [phase, words] of [
    ["making", /its `lab up` failed or was killed before it was finished: 1 machine, since 2026-01-01/],
    ["up", /it is up: 1 machine, since 2026-01-01/],
  ] as const) {
    await writeLabState(paths, labRecord({ phase }));
    const error = await makeLab({ name, versions, shape }, environment, new PhaseTimer(silent)).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof RecoveryError && error.code === "LAB_EXISTS");
    assert.match(error.detail, words);
    assert.deepEqual(
      error.remedies.map(({ command }) => command),
      ["requorum lab status", "requorum lab down --name dev"],
    );
  }
});

test("lab up: a name, size or version that no lab can have is wrong usage with a way on, before anything is installed or made", async (context) => {
  const { root, up } = await wouldBeLab(context);
  // ensureHostPrograms would say LAB_UNSUPPORTED first.
  context.mock.method(user, "getuid", () => 1000);
  const wrong = [
    [{ name: "Bad_1" }, /small letter/, []],
    [{ workers: 10 }, /at most 9/, ["requorum help lab up"]],
    [{ versions: { kubernetes: "1.99", etcd: "3.6" } }, /knows 1\.34\.4, 1\.35/, ["requorum lab up --name dev --kubernetes 1.34.4"]],
    [{ versions: { kubernetes: "1.34", etcd: "2.2" } }, /knows 3\.5/, ["requorum lab up --name dev --etcd 3.6.16"]],
  ] as const;
  for (const [request, detail, commands] of wrong) {
    const error = await up(request).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof RecoveryError && error.code === "USAGE", String(error));
    assert.match(error.detail, detail);
    assert.deepEqual(
      error.remedies.map(({ command }) => command),
      commands,
    );
  }
  assert.deepEqual(await readdir(root), []);
});

test("lab status and down: a lab that another program is making is not called unfinished; one that was left so is", async (context) => {
  const { paths, lab } = await wouldBeLab(context);
  // Of a name that no real lab has: `down` looks for its machines on this computer.
  const name = "rq-unit";
  await writeLabState(paths, labRecord({ name, phase: "making" }));
  const other = spawn("sleep", ["60"], { stdio: "ignore" });
  context.after(() => other.kill("SIGKILL"));
  const lock = join(paths.labsDir, `.lock-${name}`);
  await writeFile(lock, JSON.stringify(readProcessIdentity(other.pid ?? 0)));
  assert.equal((await lab.status(name)).workedOnBy, other.pid);
  await assert.rejects(lab.down(name, { report: silent }), { code: "LAB_FAILED", detail: /is working on it; wait until it has ended/ });
  await writeFile(lock, '{"pid":4194304,"startTicks":"1"}');
  assert.equal((await lab.status(name)).workedOnBy, undefined);
  const said: string[] = [];
  await lab.down(name, { report: ({ text }) => said.push(text) });
  assert.deepEqual(said, ["taking down lab rq-unit, which was never finished"]);
  assert.deepEqual(await readdir(paths.labsDir), []);
});

/** Of an empty directory: nothing of the lab `dev` is there. */
async function wouldBeLab(context: TestContext) {
  const root = await mkdtemp(join(tmpdir(), "requorum-make-lab-"));
  context.after(() => rm(root, { recursive: true }));
  const paths = { cacheDir: join(root, "cache"), labsDir: join(root, "labs") };
  const lab = new NspawnLab({ paths, toolsDir: join(root, "tools") });
  const request = {
    name: "dev",
    controlPlanes: 1,
    workers: 0,
    etcdMachines: 0,
    spares: 0,
    versions: { kubernetes: "1.34", etcd: "3.6" },
  } as const;
  return { root, paths, lab, up: (differing: Partial<LabUpRequest>) => lab.up({ ...request, ...differing }, { report: silent }) };
}

test("ensureHostPrograms: without root or Linux it is LAB_UNSUPPORTED before anything is installed", async (context) => {
  let uid = 1000;
  context.mock.method(user, "getuid", () => uid);
  await assert.rejects(ensureHostPrograms(silent), { code: "LAB_UNSUPPORTED", detail: /must be run as root/ });
  uid = 0;
  const { platform } = process;
  Object.defineProperty(process, "platform", { value: "darwin" });
  context.after(() => Object.defineProperty(process, "platform", { value: platform }));
  await assert.rejects(ensureHostPrograms(silent), { code: "LAB_UNSUPPORTED", detail: "the lab needs Linux; this is darwin" });
});

test("ensureHostPrograms: programs that are missing without apt-get are LAB_UNSUPPORTED, each with its package", async (context) => {
  context.mock.method(user, "getuid", () => 0);
  const path = process.env["PATH"];
  process.env["PATH"] = "/nowhere";
  context.after(() => {
    process.env["PATH"] = path;
  });
  await assert.rejects(ensureHostPrograms(silent), { code: "LAB_UNSUPPORTED", subject: /systemd-nspawn/, detail: /systemd-container/ });
});
