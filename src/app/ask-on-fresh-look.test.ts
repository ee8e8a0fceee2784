import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import type { Clock } from "../ports/clock.ts";
import { askOnFreshLook } from "./ask-on-fresh-look.ts";

async function order(clock: Clock, ask: () => void): Promise<readonly string[]> {
  const done: string[] = [];
  const answer = await askOnFreshLook(clock, {
    assertCurrent: () => void done.push("current"),
    look: () => Promise.resolve(void done.push("look")),
    ask: () => {
      done.push("ask");
      ask();
      return Promise.resolve("yes");
    },
  });
  assert.equal(answer, "yes");
  return done;
}

const once = ["current", "look", "ask", "current"];

test("askOnFreshLook: a quick answer rests on the look before it", async () => {
  assert.deepEqual(await order(new FakeClock(), () => undefined), once);
});

test("askOnFreshLook: an answer after minutes is looked at again", async () => {
  const clock = new FakeClock();
  const done = await order(clock, () => {
    clock.advance(240_000);
  });
  assert.deepEqual(done, [...once, "look"]);
});

test("askOnFreshLook: minutes in suspend count, which the monotonic clock does not see; so does a clock that was set back", async () => {
  for (const byMs of [240_000, -240_000]) {
    let wallMs = 1_000_000;
    const clock: Clock = {
      nowMs: () => wallMs,
      nowIso: () => new Date(wallMs).toISOString(),
      monotonicMs: () => 0,
      sleep: () => Promise.resolve(),
    };
    assert.deepEqual(await order(clock, () => void (wallMs += byMs)), [...once, "look"]);
  }
});

test("askOnFreshLook: what was repaired while the prompt stood open ends it, and nobody's answer is used", async () => {
  const clock = new FakeClock();
  let looks = 0;
  const call = askOnFreshLook(clock, {
    assertCurrent: () => undefined,
    look: () => ((looks += 1) === 1 ? Promise.resolve() : Promise.reject(new Error("repaired"))),
    ask: () => {
      clock.advance(240_000);
      return Promise.resolve("yes");
    },
  });
  await assert.rejects(call, /repaired/);
});

test("askOnFreshLook: a lid that was closed while the look went on makes it an old one", async () => {
  let wallMs = 1_000_000;
  const clock: Clock = { nowMs: () => wallMs, nowIso: () => "", monotonicMs: () => 0, sleep: () => Promise.resolve() };
  let looks = 0;
  await askOnFreshLook(clock, {
    assertCurrent: () => undefined,
    look: () => {
      looks += 1;
      wallMs += looks === 1 ? 3_600_000 : 0;
      return Promise.resolve();
    },
    ask: () => Promise.resolve("yes"),
  });
  assert.equal(looks, 2);
});
