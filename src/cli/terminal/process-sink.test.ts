import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import test from "node:test";

const program = join(import.meta.dirname, "../../../bin/requorum.js");

test("bin: a reader that goes away early is no error", () => {
  const result = spawnSync("bash", ["-c", `set -o pipefail; "${program}" explain | head -1`], { encoding: "utf8", timeout: 30_000 });
  assert.equal(result.status, 0, result.stderr);
  assert.equal(result.stderr, "");
  assert.equal(result.stdout.trim(), "findings");
});

test("bin: started by whatever node is in front, the result is the same", () => {
  for (const [command, words] of [
    [program, []],
    [process.execPath, [program]],
    ["node", [program]],
  ] as const) {
    const result = spawnSync(command, [...words, "--version"], { encoding: "utf8", timeout: 30_000 });
    assert.equal(result.status, 0, result.stderr);
    assert.equal(result.stdout.trim(), "0.1.0");
  }
});

test("bin: the exit code of a wrong call reaches the shell through every way of starting", () => {
  for (const [command, words] of [
    [program, []],
    ["node", [program]],
  ] as const)
    assert.equal(spawnSync(command, [...words, "nonsense"], { timeout: 30_000 }).status, 2);
});
