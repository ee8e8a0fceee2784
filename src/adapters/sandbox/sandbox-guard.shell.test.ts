import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { guardScript } from "./sandbox-directory.ts";

test("the guard ends programs that it saw begin, and nobody who was given the number of one that ended", async () => {
  const path = mkdtempSync(join(tmpdir(), "requorum-guard-test-"));
  const own = spawn("sleep", ["60"], { stdio: "ignore" });
  const other = spawn("sleep", ["60"], { stdio: "ignore" });
  const ended = once(own, "exit");
  // Its number as that of a program of another start, as after the number was given out again.
  const script = guardScript.replace('programs="$programs $word:$(began "$word")"', 'programs="$programs $word:$(began "$word")$2"');
  const guard = async (text: string, started: string) => {
    const shell = spawn("/bin/sh", ["-c", script, "guard", path, started], { stdio: ["pipe", "ignore", "inherit"] });
    shell.stdin.end(text);
    await once(shell, "exit");
  };
  await guard(`${String(other.pid)}\n`, "1");
  assert.equal(other.exitCode ?? other.signalCode, null);
  assert.ok(!existsSync(path));
  await guard(`${String(own.pid)}\n2147483647\n`, "");
  const [, signal] = (await ended) as [unknown, string];
  assert.equal(signal, "SIGKILL");
  process.kill(other.pid ?? 0);
});
