import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { FileLocalLock } from "../../src/adapters/local-fs/file-local-lock.ts";
import type { LocalLock } from "../../src/ports/local-lock.ts";
import { FakeLocalLock } from "../support/fake-local-lock.ts";

const module = join(import.meta.dirname, "../../src/adapters/local-fs/file-local-lock.ts");

async function withDirectory(body: (stateDirectory: string) => Promise<void>): Promise<void> {
  const stateDirectory = mkdtempSync(join(tmpdir(), "requorum-lock-"));
  try {
    await body(stateDirectory);
  } finally {
    rmSync(stateDirectory, { recursive: true });
  }
}

async function contract(lock: LocalLock): Promise<void> {
  const first = await lock.acquire("c1", "run 1 by alice since 03:00");
  await assert.rejects(lock.acquire("c1", "run 2"), { code: "RUN_LOCKED", detail: /run 1 by alice since 03:00/ });
  const other = await lock.acquire("c2", "another cluster");
  await other.release();
  await first.release();
  const again = await lock.acquire("c1", "run 3");
  await again.release();
}

test("FakeLocalLock: one holder per name, who is named to the next; released, it can be taken again", () => contract(new FakeLocalLock()));

test("FileLocalLock: one holder per name, who is named to the next; released, it can be taken again", () =>
  withDirectory((stateDirectory) => contract(new FileLocalLock({ stateDirectory }))));

/** Another process that takes the lock, says so, and holds it. */
function holdElsewhere(stateDirectory: string) {
  const script = `import { FileLocalLock } from "${module}"; await new FileLocalLock({ stateDirectory: "${stateDirectory}" }).acquire("c1", "the other process"); console.log("held"); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  const held = new Promise((resolve) => child.stdout.once("data", resolve));
  const kill = async () => {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  };
  return { held, kill };
}

test("FileLocalLock: it keeps other processes out, and is free at once when its holder is killed", { timeout: 30_000 }, () =>
  withDirectory(async (stateDirectory) => {
    const other = holdElsewhere(stateDirectory);
    await other.held;
    const lock = new FileLocalLock({ stateDirectory });
    await assert.rejects(lock.acquire("c1", "we"), { code: "RUN_LOCKED", detail: /the other process/ });
    await other.kill();
    const ours = await lock.acquire("c1", "we");
    await ours.release();
  }),
);

test("FileLocalLock: of many processes that try at the same time exactly one gets it", { timeout: 60_000 }, () =>
  withDirectory(async (stateDirectory) => {
    const script = `import { FileLocalLock } from "${module}"; try { await new FileLocalLock({ stateDirectory: "${stateDirectory}" }).acquire("c1", "x"); console.log("got"); setTimeout(() => {}, 3000); } catch (error) { console.log(error.code); }`;
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => {
        const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "inherit"] });
        return new Promise<string>((resolve) => child.stdout.once("data", (data) => resolve(String(data).trim())));
      }),
    );
    assert.deepEqual(answers.sort(), ["RUN_LOCKED", "RUN_LOCKED", "RUN_LOCKED", "RUN_LOCKED", "RUN_LOCKED", "got"]);
  }),
);

test("FileLocalLock: a child of the holder does not keep the lock alive", { timeout: 30_000 }, () =>
  withDirectory(async (stateDirectory) => {
    const script = `import { spawn } from "node:child_process"; import { FileLocalLock } from "${module}"; await new FileLocalLock({ stateDirectory: "${stateDirectory}" }).acquire("c1", "x"); const c = spawn("sleep", ["20"], { detached: true, stdio: "ignore" }); console.log(c.pid); process.kill(process.pid, "SIGKILL");`;
    const out = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
    const lock = new FileLocalLock({ stateDirectory });
    const ours = await lock.acquire("c1", "we");
    await ours.release();
    process.kill(Number(out.stdout.trim()));
  }),
);

test("FileLocalLock: a lock file that cannot be made is an error, never a lock", () =>
  withDirectory(async (stateDirectory) => {
    writeFileSync(join(stateDirectory, "locks"), "not a directory");
    await assert.rejects(new FileLocalLock({ stateDirectory }).acquire("c1", "we"), { code: "LOCAL_FILE_FAILED" });
  }));
