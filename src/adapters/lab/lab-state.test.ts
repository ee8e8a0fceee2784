import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { RecoveryError } from "../../model/recovery-error.ts";
import { assertLabName, freeLabIndex, parseLabState, readLabState, takeLabIndex, writeLabState, type LabState } from "./lab-state.ts";

const state: LabState = {
  apiVersion: "requorum-lab/v1",
  name: "dev",
  index: 0,
  createdAt: "2026-01-01T00:00:00.000Z",
  versions: { kubernetes: "1.34.4", etcd: "3.6.16" },
  shape: { controlPlanes: 1, workers: 0, etcdMachines: 0, spares: 0 },
  sources: { baseImage: "/image", programs: { kubenodeDir: "/k", etcdDir: "/e" }, containerStore: "/c" },
  cgroups: [],
  virtualAddress: "10.150.0.10",
  gateway: "10.150.0.1",
  machines: [{ name: "cp1", address: "10.150.0.11", role: "control-plane" }],
  faults: [],
  phase: "up",
};

const codeOf = (code: string) => (error: unknown) => error instanceof RecoveryError && error.code === code;

test("lab state: what is written is read back", async (context) => {
  const paths = await temporaryPaths(context);
  await writeLabState(paths, state);
  assert.deepEqual(await readLabState(paths, "dev"), state);
});

test("lab state: a lab that does not exist is LAB_NOT_FOUND", async (context) => {
  await assert.rejects(readLabState(await temporaryPaths(context), "none"), codeOf("LAB_NOT_FOUND"));
});

test("lab state: a damaged file is named, not believed", () => {
  assert.throws(() => parseLabState("{", "lab.json"), codeOf("LOCAL_FILE_FAILED"));
  assert.throws(() => parseLabState('{"apiVersion":"other"}', "lab.json"), codeOf("LOCAL_FILE_FAILED"));
});

test("assertLabName: names that cannot become interface names or paths are refused", () => {
  for (const name of ["", "A", "1a", "../x", "waytoolong1", "a b"])
    assert.throws(
      () => {
        assertLabName(name);
      },
      codeOf("USAGE"),
      name,
    );
  assertLabName("dev-2");
});

test("takeLabIndex: two labs get two indexes, and a claim without a lab is taken over", async (context) => {
  const paths = await temporaryPaths(context);
  assert.equal(await takeLabIndex(paths, "one", 9), 0);
  await writeLabState(paths, { ...state, name: "one" });
  assert.equal(await takeLabIndex(paths, "one", 9), 0);
  assert.equal(await takeLabIndex(paths, "two", 9), 1);
  assert.equal(await takeLabIndex(paths, "three", 9), 1, "two never made its directory");
  await freeLabIndex(paths, "one");
  assert.equal(await takeLabIndex(paths, "four", 9), 0);
});

async function temporaryPaths(context: {
  after(work: () => Promise<void>): void;
}): Promise<{ readonly cacheDir: string; readonly labsDir: string }> {
  const directory = await mkdtemp(join(tmpdir(), "requorum-lab-state-"));
  context.after(() => rm(directory, { recursive: true }));
  return { cacheDir: join(directory, "cache"), labsDir: join(directory, "labs") };
}
