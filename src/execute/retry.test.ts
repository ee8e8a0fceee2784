import assert from "node:assert/strict";
import test from "node:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { RecoveryError, type RecoveryErrorOptions } from "../model/recovery-error.ts";
import { retryTransient } from "./retry.ts";

const about: RecoveryErrorOptions = { subject: "member x", detail: "no answer" };
const signal = new AbortController().signal;

test("retryTransient: a transient failure is repeated after growing pauses until it works", async () => {
  const clock = new FakeClock();
  let calls = 0;
  const answer = await retryTransient({ clock, signal }, () =>
    ++calls < 4 ? Promise.reject(new RecoveryError("ETCD_TIMEOUT", about)) : Promise.resolve("yes"),
  );
  assert.equal(answer, "yes");
  assert.deepEqual(clock.sleepsMs, [500, 1000, 2000]);
});

test("retryTransient: it gives up after its number of attempts with the last error", async () => {
  let calls = 0;
  await assert.rejects(
    retryTransient({ clock: new FakeClock(), signal }, () => {
      calls++;
      return Promise.reject(new RecoveryError("ETCD_TIMEOUT", about));
    }),
    { code: "ETCD_TIMEOUT" },
  );
  assert.equal(calls, 4);
});

test("retryTransient: it starts no attempt after its time", async () => {
  const clock = new FakeClock();
  let calls = 0;
  await assert.rejects(
    retryTransient({ clock, signal }, () => {
      calls++;
      clock.advance(20_000);
      return Promise.reject(new RecoveryError("ETCD_TIMEOUT", about));
    }),
  );
  assert.equal(calls, 1);
});

test("retryTransient: permanent failures, unknown outcomes and bugs are never repeated", async () => {
  for (const error of [new RecoveryError("ETCD_REFUSED", about), new RecoveryError("REMOTE_TIMEOUT", about), new TypeError("bug")]) {
    let calls = 0;
    await assert.rejects(
      retryTransient({ clock: new FakeClock(), signal }, () => {
        calls++;
        return Promise.reject(error);
      }),
      error,
    );
    assert.equal(calls, 1);
  }
});

test("retryTransient: an abort ends the pause", async () => {
  const control = new AbortController();
  const reason = new Error("Ctrl-C");
  await assert.rejects(
    retryTransient({ clock: new FakeClock(), signal: control.signal }, () => {
      control.abort(reason);
      return Promise.reject(new RecoveryError("ETCD_TIMEOUT", about));
    }),
    reason,
  );
});
