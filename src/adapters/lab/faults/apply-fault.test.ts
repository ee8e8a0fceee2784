import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { RecoveryError } from "../../../model/recovery-error.ts";
import { machinePaths } from "../lab-paths.ts";
import { assertLabMark } from "./apply-fault.ts";
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
