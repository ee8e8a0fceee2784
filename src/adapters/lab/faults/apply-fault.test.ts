import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { RecoveryError } from "../../../model/recovery-error.ts";
import { machinePaths } from "../lab-paths.ts";
import { assertLabMark } from "./apply-fault.ts";
import { faults } from "./faults.ts";
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
