import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { labRecord } from "../../../../test/support/lab-record.ts";
import { RecoveryError } from "../../../model/recovery-error.ts";
import { machinePaths } from "../lab-paths.ts";
import { labDirectory, readLabState, writeLabState } from "../lab-state.ts";
import { applyFault, assertLabMark } from "./apply-fault.ts";
import type { FaultContext } from "./fault.ts";
import { faults } from "./faults.ts";
import { powerOn } from "./machine-cycle.ts";
import { renderPartition } from "./partition.ts";

const isRefusal = (error: unknown) => error instanceof RecoveryError && error.code === "LAB_MARK_MISSING";

test("assertLabMark: a machine without the mark, or with another lab's, is refused", async (context) => {
  const directory = await mkdtemp(join(tmpdir(), "requorum-mark-"));
  context.after(() => rm(directory, { recursive: true }));
  await assert.rejects(assertLabMark(directory, "dev", "cp1"), isRefusal);
  const file = join(machinePaths(directory, "cp1").upper, "etc/requorum-lab");
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, "lab=other\n");
  await assert.rejects(assertLabMark(directory, "dev", "cp1"), isRefusal);
  await writeFile(file, "lab=dev\nmachine=cp1\n");
  await assertLabMark(directory, "dev", "cp1");
});

test("faults: every kind is listed once and says what it does", () => {
  assert.equal(new Set(faults.map((fault) => fault.kind)).size, faults.length);
  for (const fault of faults) assert.match(fault.summary, /^\S.{10,}/, fault.kind);
});

test("renderPartition: one way drops one direction between machines and leaves the operator alone", () => {
  const rules = renderPartition("partition_cp3", "vb-cp3", "in");
  assert.match(rules, /hook forward priority 0; policy accept;\n {4}oifname "vb-cp3" drop\n/);
  assert.equal(rules.match(/drop/g)?.length, 1);
});

test("renderPartition: full cuts both directions and the operator", () => {
  assert.equal(renderPartition("partition_cp3", "vb-cp3", "full").match(/drop/g)?.length, 4);
});

test("powerOn: a machine that runs is not booted a second time, whatever the record says of it", async (context) => {
  const group = await mkdtemp(join(tmpdir(), "requorum-group-"));
  context.after(() => rm(group, { recursive: true }));
  await mkdir(join(group, "cp1"));
  await writeFile(join(group, "cp1", "cgroup.procs"), `${String(process.pid)}\n`);
  const machine = { name: "cp1", address: "10.150.0.11", role: "control-plane" } as const;
  // Only what is looked at before anything is done.
  const given = { machine, state: { cgroups: [group] } } as unknown as FaultContext;
  await assert.rejects(powerOn(given), { code: "LAB_FAILED", detail: /cp1 is on .*nothing was done/ });
});

test("lab break: a machine that is off says how to switch it on", async (context) => {
  const root = await mkdtemp(join(tmpdir(), "requorum-off-"));
  context.after(() => rm(root, { recursive: true }));
  const paths = { cacheDir: join(root, "cache"), labsDir: join(root, "labs") };
  await writeLabState(paths, labRecord());
  const mark = join(machinePaths(labDirectory(paths, "dev"), "cp1").upper, "etc/requorum-lab");
  await mkdir(dirname(mark), { recursive: true });
  await writeFile(mark, "lab=dev\n");
  for (const kind of ["freeze", "full-disk"]) {
    const error = await applyFault("dev", { kind, machine: "cp1" }, { paths, report: () => undefined }).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof RecoveryError && error.code === "LAB_FAILED", kind);
    assert.match(error.detail, /cp1 is off .*nothing was done/);
    assert.equal(error.remedies[0]?.command, "requorum lab break power-on cp1 --name dev");
  }
  assert.deepEqual((await readLabState(paths, "dev")).faults, []);
});
