import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { SandboxProcess } from "./sandbox-process.ts";

test("a program that ends fails; one that is not ready in time, or is killed from outside, decides nothing", async () => {
  const path = mkdtempSync(join(tmpdir(), "requorum-process-test-"));
  const pids: number[] = [];
  const directory = { path, isInMemory: false, guardProcess: (pid: number) => void pids.push(pid), remove: () => Promise.resolve() };
  const waited = async (file: string, timeoutMs: number, kill: boolean): Promise<unknown> => {
    const program = { kind: "etcd", version: "3.6.16", path: file } as const;
    const started = await SandboxProcess.start({ program, args: ["60"], directory, user: undefined, hasSetpriv: false });
    const pid = pids.pop();
    if (kill && pid !== undefined) process.kill(pid, "SIGKILL");
    const options = { timeoutMs, intervalMs: 10, signal: new AbortController().signal };
    const error = await started.until("it served", options, () => Promise.resolve(false)).catch((cause: unknown) => cause);
    await started.end();
    return (error as { readonly code: string }).code;
  };
  const script = (name: string, text: string): string => {
    writeFileSync(join(path, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return join(path, name);
  };
  assert.equal(await waited("/bin/false", 10_000, false), "SANDBOX_FAILED");
  assert.equal(await waited(script("full", 'echo "wal: no space left on device" >&2; exit 1'), 10_000, false), "SANDBOX_UNDECIDED");
  assert.equal(await waited(script("not-begun", "exit 126"), 10_000, false), "SANDBOX_UNDECIDED");
  assert.equal(await waited(script("ended", "kill -TERM $$"), 10_000, false), "SANDBOX_UNDECIDED");
  assert.equal(await waited(script("panicked", 'echo "panic: page 3 already freed" >&2; exit 2'), 10_000, false), "SANDBOX_FAILED");
  assert.equal(await waited("/bin/sleep", 50, false), "SANDBOX_UNDECIDED");
  assert.equal(await waited("/bin/sleep", 10_000, true), "SANDBOX_UNDECIDED");
  rmSync(path, { recursive: true });
});
