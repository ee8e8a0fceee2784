import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { labRecord } from "../../../test/support/lab-record.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { assertLabName, freeLabIndex, parseLabState, readLabState, takeLabIndex, writeLabState } from "./lab-state.ts";

const codeOf = (code: string) => (error: unknown) => error instanceof RecoveryError && error.code === code;

test("lab state: what is written is read back", async (context) => {
  const paths = await temporaryPaths(context);
  await writeLabState(paths, labRecord());
  assert.deepEqual(await readLabState(paths, "dev"), labRecord());
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
  await writeLabState(paths, labRecord({ name: "one" }));
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
