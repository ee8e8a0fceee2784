import assert from "node:assert/strict";
import { test } from "node:test";
import { SystemClock } from "../../adapters/system/system-clock.ts";
import { asHostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { changeOnHost, readOnHost, type HostContext } from "./run-on-host.ts";

const script = { reason: "change a thing", script: "", timeoutMs: 1000 };

function endingWith(exitCode: number): HostContext {
  const run = () => Promise.resolve({ exitCode, stdout: "half", stderr: "words" });
  return { ports: { hostAccess: { run }, clock: new SystemClock() }, signal: new AbortController().signal } as unknown as HostContext;
}

test("a script that changes something and was ended by a signal is of unknown outcome; one that says that it failed has failed", async () => {
  for (const [exitCode, retry] of [
    [1, "permanent"],
    [128, "permanent"],
    [129, "unknown-outcome"],
    [137, "unknown-outcome"],
    [192, "unknown-outcome"],
    [193, "permanent"],
    [255, "permanent"],
  ] as const) {
    const more = (stdout: string) => `it came as far as ${stdout}`;
    await assert.rejects(changeOnHost(endingWith(exitCode), asHostName("cp1"), { ...script, more }), (error: unknown) => {
      assert.ok(error instanceof RecoveryError);
      assert.deepEqual(
        [error.code, error.retry, error.detail],
        ["REMOTE_COMMAND_FAILED", retry, `change a thing: exit ${String(exitCode)}: words. it came as far as half`],
      );
      return true;
    });
  }
  await assert.rejects(readOnHost(endingWith(137), asHostName("cp1"), script), { retry: "permanent" });
});
