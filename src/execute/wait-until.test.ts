import assert from "node:assert/strict";
import test from "node:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import type { ProgressEvent } from "../model/progress-event.ts";
import type { StepContext } from "./step-handler.ts";
import { waitUntil } from "./wait-until.ts";

const wait = { text: "the learner is promoted", limitMs: 5_000 };

function open(): {
  readonly clock: FakeClock;
  readonly shown: ProgressEvent[];
  readonly control: AbortController;
  readonly context: StepContext;
} {
  const [clock, shown, control] = [new FakeClock(), [] as ProgressEvent[], new AbortController()];
  const context = {
    ports: { clock },
    signal: control.signal,
    step: "s07",
    report: (event: ProgressEvent) => shown.push(event),
  } as unknown as StepContext;
  return { clock, shown, control, context };
}

test("waitUntil: over its limit it is TIMED_OUT_WAITING with what was last seen, and every wait was shown", async () => {
  const { clock, shown, context } = open();
  await assert.rejects(
    waitUntil(context, wait, (say) => {
      say("it is 812 entries behind");
      return Promise.resolve(undefined);
    }),
    { code: "TIMED_OUT_WAITING", subject: wait.text, detail: "the learner is promoted: not within 5 s; last: it is 812 entries behind" },
  );
  assert.equal(clock.monotonicMs(), 5_000);
  assert.equal(shown.length, 5);
});

test("waitUntil: expected failures are waited out and named when time is up; the answer after them counts", async () => {
  const { context } = open();
  const down = () => Promise.reject(new RecoveryError("ETCD_UNREACHABLE", { subject: "host cp2", detail: "no connection to cp2" }));
  await assert.rejects(waitUntil(context, wait, down), { code: "TIMED_OUT_WAITING", detail: /last: .*no connection to cp2/ });
  let asked = 0;
  assert.equal(await waitUntil(context, wait, () => (++asked < 3 ? down() : Promise.resolve("up"))), "up");
});

test("waitUntil: a bug is not waited out, and Ctrl-C ends the wait at once", async () => {
  const { control, context, clock } = open();
  await assert.rejects(
    waitUntil(context, wait, () => Promise.reject(new TypeError("a bug"))),
    TypeError,
  );
  const stopped = new RecoveryError("INTERRUPTED", { subject: "requorum", detail: "Ctrl-C" });
  await assert.rejects(
    waitUntil(context, wait, () => {
      control.abort(stopped);
      return Promise.resolve(undefined);
    }),
    stopped,
  );
  assert.equal(clock.monotonicMs(), 0);
});

test("waitUntil: who says nothing at all for longer than the silence limit ends the wait with its own error; an answer counts as life", async () => {
  const { clock, context } = open();
  const silent = new RecoveryError("SSH_UNREACHABLE", { subject: "host cp3", detail: "no answer" });
  const patient = { ...wait, limitMs: 1_200_000, silenceLimitMs: 60_000 };
  await assert.rejects(
    waitUntil(context, patient, () => Promise.reject(silent)),
    silent,
  );
  assert.equal(clock.monotonicMs(), 60_000);
  let asked = 0;
  const faltering = () => (++asked % 50 === 0 ? Promise.resolve(asked === 200 ? "done" : undefined) : Promise.reject(silent));
  assert.equal(await waitUntil(context, patient, faltering), "done");
});
