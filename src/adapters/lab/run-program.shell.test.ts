import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { RecoveryError } from "../../model/recovery-error.ts";
import { runProgram } from "./run-program.ts";
import { waitUntil } from "./wait-until.ts";

const sh = (script: string, more: { readonly timeoutMs?: number; readonly acceptsFailure?: boolean } = {}) =>
  runProgram({ reason: "the test's program", program: "/bin/sh", args: ["-c", script], timeoutMs: 10_000, ...more });

function labFailure(words: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof RecoveryError);
    assert.deepEqual([error.code, error.subject], ["LAB_FAILED", "the test's program"]);
    assert.match(error.detail, words);
    return true;
  };
}

test("runProgram: a failing program is LAB_FAILED with its code and what it said last", async () => {
  await assert.rejects(sh("seq 1 40 >&2; exit 7"), labFailure(/^\/bin\/sh ended with code 7:\n26\n.*\n40$/s));
  await assert.rejects(sh("kill -9 $$"), labFailure(/ended with SIGKILL/));
});

test("runProgram: a program that cannot be started, and one that does not end, are LAB_FAILED", async () => {
  await assert.rejects(
    runProgram({ reason: "the test's program", program: "/nowhere/x", args: [], timeoutMs: 1_000 }),
    labFailure(/could not be started: .*ENOENT/),
  );
  await assert.rejects(
    sh("echo half a line; exec sleep 60", { timeoutMs: 200 }),
    labFailure(/did not end within 0.2 s and was killed:\nhalf a line/),
  );
});

test("runProgram: a failure that was asked for is a result", async () => {
  assert.deepEqual(await sh("echo out; echo err >&2; exit 3", { acceptsFailure: true }), { exitCode: 3, stdout: "out\n", stderr: "err\n" });
});

test("waitUntil of the lab: over its limit it is TIMED_OUT_WAITING with the last answer as cause", async () => {
  const last = new Error("connection refused");
  await assert.rejects(
    waitUntil({ what: "sshd of cp1", timeoutMs: 30, intervalMs: 5 }, () => Promise.reject(last)),
    { code: "TIMED_OUT_WAITING", subject: "sshd of cp1", cause: last, detail: /not within 0.03 s; last answer: connection refused/ },
  );
  let looks = 0;
  assert.equal(await waitUntil({ what: "x", timeoutMs: 1_000, intervalMs: 1 }, () => Promise.resolve(++looks > 2 && "there")), "there");
});

test("runProgram: what still runs when the process ends, ends with it", async () => {
  const module = JSON.stringify(new URL("run-program.ts", import.meta.url).href);
  const script = `const { runProgram } = await import(${module});
    void runProgram({ reason: "x", program: "/bin/sh", args: ["-c", "echo $$; exec sleep 60"], timeoutMs: 60000,
      onLine: (line) => { process.stdout.write(line, () => process.exit(0)); } });`;
  const pid = await new Promise<number>((resolve, reject) => {
    execFile(process.execPath, ["--input-type=module", "-e", script], { timeout: 20_000 }, (error, stdout) => {
      if (error === null) resolve(Number(stdout));
      else reject(new Error("the script failed", { cause: error }));
    });
  });
  assert.ok(pid > 1);
  await waitUntil({ what: "the program's end", timeoutMs: 5_000, intervalMs: 20 }, () => Promise.resolve(!isRunning(pid)));
});

/** A killed process whose parent is gone may stay in the table until somebody collects it: that is an end, too. */
function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${String(pid)}/stat`, "utf8"));
  } catch {
    return false;
  }
}
