import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { labRecord } from "../../../../test/support/lab-record.ts";
import { machinePaths, type LabPaths } from "../lab-paths.ts";
import { labDirectory, readLabState, writeLabState, type ActiveFault } from "../lab-state.ts";
import { NspawnLab } from "../nspawn-lab.ts";
import { readProcessIdentity, readProcessState } from "../process-identity.ts";
import { waitUntil } from "../wait-until.ts";
import { withFault } from "./apply-fault.ts";
import { faults } from "./faults.ts";
import { programIn } from "./machine-look.ts";

const report = (): void => undefined;
const since = "2026-01-01T00:00:00.000Z";

interface Machine {
  readonly paths: LabPaths;
  readonly lab: NspawnLab;
  /** Stands for the machine's first process, and for its etcd. */
  readonly etcd: ChildProcess;
}

/** A lab's record with one machine, cp1, that runs: this process is its supervisor. Nothing is run on it. */
async function machineWith(context: TestContext, fault: Omit<ActiveFault, "machine" | "since" | "details">): Promise<Machine> {
  const root = await mkdtemp(join(tmpdir(), "requorum-heal-"));
  const etcd = spawn("sleep", ["60"], { argv0: "/usr/local/bin/etcd", stdio: "ignore" });
  context.after(async () => {
    etcd.kill("SIGKILL");
    await rm(root, { recursive: true });
  });
  const paths = { cacheDir: join(root, "cache"), labsDir: join(root, "labs") };
  const supervisor = readProcessIdentity(process.pid);
  assert.ok(supervisor);
  await mkdir(join(root, "group", "cp1"), { recursive: true });
  await writeFile(join(root, "group", "cp1", "cgroup.procs"), `${String(etcd.pid)}\n`);
  const mark = join(machinePaths(labDirectory(paths, "dev"), "cp1").upper, "etc/requorum-lab");
  await mkdir(dirname(mark), { recursive: true });
  await writeFile(mark, "lab=dev\n");
  await writeLabState(
    paths,
    labRecord({
      cgroups: [join(root, "group")],
      machines: [{ name: "cp1", address: "10.150.0.11", role: "control-plane", supervisor }],
      faults: [{ machine: "cp1", since, details: { process: "etcd" }, ...fault }],
    }),
  );
  return { paths, lab: new NspawnLab({ paths, toolsDir: join(root, "tools") }), etcd };
}

const kindsOf = async (lab: NspawnLab): Promise<readonly string[]> => (await lab.status("dev")).faults.map(({ kind }) => kind);

test("freeze: it is listed while the process is stopped, and no longer when it goes on by itself", async (context) => {
  const { lab, etcd } = await machineWith(context, { kind: "freeze" });
  etcd.kill("SIGSTOP");
  const isStopped = () => Promise.resolve(readProcessState(etcd.pid ?? 0) === "T");
  await waitUntil({ what: "the process is stopped", timeoutMs: 5_000, intervalMs: 5 }, isStopped);
  assert.deepEqual(await kindsOf(lab), ["freeze"]);
  etcd.kill("SIGCONT");
  await waitUntil({ what: "the process goes on", timeoutMs: 5_000, intervalMs: 5 }, async () => !(await isStopped()));
  assert.deepEqual(await kindsOf(lab), []);
});

test("lab heal: what a power cycle has undone is not called healed; it says so, and the record is right afterwards", async (context) => {
  // The boot at which it was injected is over: another process is the machine's first one.
  for (const kind of ["freeze", "stop-service"]) {
    const { paths, lab } = await machineWith(context, { kind, boot: { pid: 1, startTicks: "0" } });
    assert.deepEqual(await kindsOf(lab), []);
    const { healed, ended } = await lab.heal("dev", {}, { report });
    assert.deepEqual([healed, ended.map(({ kind: one, machine }) => `${one} ${machine}`)], [[], [`${kind} cp1`]]);
    assert.match(ended[0]?.because ?? "", /switched off or booted since/);
    assert.deepEqual((await readLabState(paths, "dev")).faults, []);
    assert.deepEqual(await lab.heal("dev", {}, { report }), { healed: [], ended: [] });
  }
});

test("lab heal: a machine that a reboot has switched on is not switched on again", async (context) => {
  const { lab } = await machineWith(context, { kind: "power-off" });
  assert.deepEqual(await kindsOf(lab), []);
  assert.deepEqual(await lab.heal("dev", { fault: "power-off", machine: "cp1" }, { report }), {
    healed: [],
    ended: [{ kind: "power-off", machine: "cp1", since, because: "the machine is on" }],
  });
});

test("lab heal: a fault without a way back is refused with its reason and the way on; every fault has one or the other", async (context) => {
  for (const fault of faults) assert.notEqual(fault.heal === undefined, fault.noWayBack === undefined, fault.kind);
  const { lab } = await machineWith(context, { kind: "power-off" });
  await assert.rejects(lab.heal("dev", { fault: "wipe-machine", machine: "cp1" }, { report }), (error: unknown) => {
    assert.ok(error instanceof Error && "code" in error && "remedies" in error);
    assert.equal(error.code, "USAGE");
    assert.match(error.message, /cannot take back wipe-machine: the disk's content is gone/);
    assert.match(JSON.stringify(error.remedies), /requorum plan --config .*\/labs\/dev\/requorum\.yaml/);
    return true;
  });
});

test("lab break: a second frozen process does not hide the first one; what takes its place does", () => {
  const fault = (kind: string, details: ActiveFault["details"], at = since): ActiveFault => ({ kind, machine: "cp1", since: at, details });
  const etcd = fault("freeze", { process: "etcd" });
  const kubelet = fault("freeze", { process: "kubelet" });
  assert.deepEqual(withFault([etcd], kubelet), [etcd, kubelet]);
  const again = fault("freeze", { process: "etcd" }, "2026-01-01T00:01:00.000Z");
  assert.deepEqual(withFault([etcd, kubelet], again), [kubelet, again]);
  const oneWay = fault("partition", { port: "vb-cp1", mode: "in" });
  assert.deepEqual(withFault([fault("partition", { port: "vb-cp1", mode: "full" }), etcd], oneWay), [etcd, oneWay]);
});

test("programIn: the program that an argv[0] names, also where the program has written over it", () => {
  assert.equal(programIn("/usr/local/bin/etcd"), "etcd");
  assert.equal(programIn("kube-apiserver"), "kube-apiserver");
  assert.equal(programIn("sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"), "sshd");
});
