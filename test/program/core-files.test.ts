import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";

const program = join(import.meta.dirname, "../../bin/requorum.js");
const main = join(import.meta.dirname, "../../src/cli/main.ts");
const trial = join(import.meta.dirname, "../support/core-trial.ts");
const printFilter = `import { readFileSync } from "node:fs"; process.on("exit", () => process.stderr.write(readFileSync("/proc/self/coredump_filter", "latin1")));`;

test("bin: a core file of the program holds no content of its memory, however it is started", () => {
  for (const started of [program, main]) {
    const preload = `data:text/javascript,${encodeURIComponent(printFilter)}`;
    const { status, stderr } = spawnSync(process.execPath, ["--import", preload, started, "--version"], { encoding: "utf8" });
    assert.deepEqual([status, stderr], [0, "00000000\n"]);
  }
});

/** The filter that it had, and of each core file whether the word is in it; none where this machine allows none, or keeps them elsewhere. */
function coreOf(kind: "emptied" | "whole"): { readonly filter: string; readonly cores: readonly boolean[] } {
  const work = mkdtempSync(join(tmpdir(), "requorum-core-"));
  try {
    // One that is cut short proves nothing.
    const call = `ulimit -c unlimited 2>/dev/null || ulimit -c 0; exec "$0" "$@"`;
    const { stdout, signal } = spawnSync("sh", ["-c", call, process.execPath, trial, kind], { cwd: work, encoding: "utf8" });
    assert.equal(signal, "SIGQUIT");
    const statuses = readdirSync(work).map((name) => spawnSync("grep", ["-qaF", "core-planted-word", join(work, name)]).status);
    assert.ok(statuses.every((status) => status === 0 || status === 1));
    return { filter: stdout, cores: statuses.map((status) => status === 0) };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

test("core files: a word that the program holds in memory is not in what SIGQUIT leaves", () => {
  const emptied = coreOf("emptied");
  assert.equal(emptied.filter, "00000000\n");
  assert.ok(!emptied.cores.includes(true));
  // That such a file would show it otherwise: where this machine writes one into the working directory.
  const whole = coreOf("whole");
  assert.equal(whole.filter, "00000033\n");
  assert.equal(
    whole.cores.every((isThere) => isThere),
    true,
  );
});
