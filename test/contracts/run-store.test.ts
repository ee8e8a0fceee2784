import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { FileRunStore } from "../../src/adapters/local-fs/file-run-store.ts";
import { asRunId } from "../../src/model/ids.ts";
import { FakeRunStore } from "../support/fake-run-store.ts";
import { runStoreContract } from "./run-store.contract.ts";

runStoreContract("FakeRunStore", () => {
  const store = new FakeRunStore();
  return Promise.resolve({
    store,
    tearJournal: (run, text) => {
      store.tear(asRunId(run), text);
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  });
});

runStoreContract("FileRunStore", () => {
  const stateDirectory = mkdtempSync(join(tmpdir(), "requorum-state-"));
  const store = new FileRunStore({ stateDirectory, cluster: "c1" });
  return Promise.resolve({
    store,
    tearJournal: (run, text) => {
      appendFileSync(join(store.pathOf(asRunId(run)), "journal.jsonl"), text);
      return Promise.resolve();
    },
    close: () => {
      rmSync(stateDirectory, { recursive: true });
      return Promise.resolve();
    },
  });
});

const run = asRunId("20260301-030000-aaaa");

test("FileRunStore: files are 0600 and directories 0700, and nothing half written lies about", async () => {
  const stateDirectory = mkdtempSync(join(tmpdir(), "requorum-state-"));
  const store = new FileRunStore({ stateDirectory, cluster: "c1" });
  await store.create(run, "plan");
  await store.appendJournal(run, "line");
  const left = await store.writeArtifact(run, "a"); // never finished, as by a killed program
  await left.write(new Uint8Array([1]));
  const writer = await store.writeArtifact(run, "a");
  await writer.commit();
  for (const directory of ["c1", "c1/runs", `c1/runs/${run}`, `c1/runs/${run}/artifacts`])
    assert.equal(statSync(join(stateDirectory, directory)).mode & 0o777, 0o700, directory);
  for (const file of ["plan.json", "journal.jsonl", "artifacts/a"])
    assert.equal(statSync(join(store.pathOf(run), file)).mode & 0o777, 0o600, file);
  assert.deepEqual(readdirSync(join(store.pathOf(run), "artifacts")), ["a"]);
  assert.deepEqual(readdirSync(store.pathOf(run)).sort(), ["artifacts", "journal.jsonl", "plan.json"]);
  rmSync(stateDirectory, { recursive: true });
});

test("FileRunStore: a run that was cut off while it was made is not listed", async () => {
  const stateDirectory = mkdtempSync(join(tmpdir(), "requorum-state-"));
  const store = new FileRunStore({ stateDirectory, cluster: "c1" });
  await store.create(run, "plan");
  execFileSync("mkdir", [join(stateDirectory, "c1/runs/20260301-040000-bbbb")]);
  assert.deepEqual(await store.list(), [run]);
  rmSync(stateDirectory, { recursive: true });
});

/** A 256 KiB disk of its own in a private mount namespace; the body runs in another process because namespaces belong to processes. */
function onTinyDisk(body: string): string {
  const directory = mkdtempSync(join(tmpdir(), "requorum-full-"));
  const source = join(import.meta.dirname, "../..");
  const script = `
    import { FileRunStore } from "${source}/src/adapters/local-fs/file-run-store.ts";
    import { asRunId } from "${source}/src/model/ids.ts";
    import { readdirSync, writeFileSync, rmSync } from "node:fs";
    const store = new FileRunStore({ stateDirectory: "${directory}/disk/state", cluster: "c1" });
    const run = asRunId("${run}");
    const codeOf = (promise) => promise.then(() => "none", (error) => error.code);
    ${body}`;
  try {
    return execFileSync(
      "unshare",
      [
        "-m",
        "sh",
        "-c",
        'mkdir "$1/disk" && mount -t tmpfs -o size=256k tmpfs "$1/disk" && exec "$2" --input-type=module -e "$3"',
        "sh",
        directory,
        process.execPath,
        script,
      ],
      { encoding: "utf8" },
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
}
const mayMount = process.getuid?.() === 0 || process.env["CI"] !== undefined ? false : "a full disk can be made only by root";

test(
  "FileRunStore: on a full disk an append is LOCAL_DISK_FULL, the journal stays whole and goes on when there is room",
  { skip: mayMount },
  () => {
    const out = onTinyDisk(`
    await store.create(run, "plan");
    await store.appendJournal(run, "first");
    writeFileSync(store.pathOf(run) + "/filler", Buffer.alloc(150000));
    let code = "none";
    for (let i = 0; i < 100 && code === "none"; i += 1) code = await codeOf(store.appendJournal(run, "x".repeat(30000)));
    const during = await store.readJournal(run);
    rmSync(store.pathOf(run) + "/filler");
    await store.appendJournal(run, "last");
    const after = await store.readJournal(run);
    console.log(JSON.stringify([code, during.tornTail, during.lines.every((line) => line === "first" || line.length === 30000), after.lines.at(-1), after.lines.length - during.lines.length]));`);
    assert.deepEqual(JSON.parse(out), ["LOCAL_DISK_FULL", "", true, "last", 1]);
  },
);

test("FileRunStore: on a full disk an artifact is LOCAL_DISK_FULL and leaves nothing behind; so is a plan", { skip: mayMount }, () => {
  const out = onTinyDisk(`
    await store.create(run, "plan");
    const writer = await store.writeArtifact(run, "snapshot.db");
    const code = await codeOf((async () => { for (let i = 0; i < 100; i += 1) await writer.write(new Uint8Array(30000)); await writer.commit(); })());
    const planCode = await codeOf(store.create(asRunId("20260301-030001-bbbb"), "p".repeat(400000)));
    console.log(JSON.stringify([code, planCode, readdirSync(store.pathOf(run) + "/artifacts"), await store.list()]));`);
  assert.deepEqual(JSON.parse(out), ["LOCAL_DISK_FULL", "LOCAL_DISK_FULL", [], [run]]);
});
