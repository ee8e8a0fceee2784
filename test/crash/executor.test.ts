import assert from "node:assert/strict";
import test from "node:test";
import { executeRun, resumeRun } from "../../src/execute/executor/execute-run.ts";
import type { RunContext, RunResult } from "../../src/execute/executor/run-context.ts";
import { foldJournal } from "../../src/execute/journal/fold-journal.ts";
import { verifyJournal } from "../../src/execute/journal/verify-journal.ts";
import { asPlanDigest } from "../../src/model/ids.ts";
import { consentOf } from "../../src/model/plan.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import { consent, CrashWorld, Killed, planOf, run, wholeReplacePlan } from "./crash-world.ts";

const plan = wholeReplacePlan;
const quiet = { signal: new AbortController().signal, report: () => undefined };
const begin = (context: RunContext, of = plan): Promise<RunResult> => executeRun({ plan: of, consent, run, context, ...quiet });
const goOn = (context: RunContext, of = plan): Promise<RunResult> => resumeRun({ plan: of, consent, run, context, ...quiet });
const kindsOf = (world: CrashWorld) => world.lines.map((line) => (JSON.parse(line) as { event: { kind: string } }).event.kind);
const stateOf = (world: CrashWorld) => {
  const { journal } = world.context();
  const state = foldJournal(verifyJournal(world.lines, journal).lines);
  assert.ok(state);
  return state;
};

test("a run does every step once, in order, journals around each, and takes its locks away", async () => {
  const world = new CrashWorld();
  const result = await begin(world.context());
  assert.equal(result.outcome, "succeeded");
  assert.deepEqual(
    world.effects,
    plan.steps.map((step) => step.id),
  );
  assert.equal(world.markers.size, 0);
  assert.deepEqual(kindsOf(world).slice(0, 7), [
    "run-opened",
    "attested",
    "consent-given",
    "lock-acquired",
    "fact-recorded",
    "step-started",
    "step-succeeded",
  ]);
  assert.deepEqual(kindsOf(world).slice(-2), ["lock-released", "run-stopped"]);
});

test("killed before and after every durable event, the run resumes to the same end and does nothing twice", async () => {
  const whole = new CrashWorld();
  await begin(whole.context());
  const points = whole.appends;
  assert.ok(points > 2 * plan.steps.length);
  for (let append = 0; append < points; append++) {
    for (const when of ["before", "after"] as const) {
      const world = new CrashWorld();
      world.killAt = { append, when };
      await assert.rejects(begin(world.context()), Killed);
      world.revive();
      const result = await goOn(world.context());
      const where = `killed ${when} event ${append + 1} (${kindsOf(whole)[append] ?? ""})`;
      assert.equal(result.outcome, "succeeded", where);
      assert.deepEqual(world.effects, whole.effects, where);
      assert.equal(world.markers.size, 0, where);
      for (const step of plan.steps) assert.match(stateOf(world).steps.get(step.id)?.state ?? "", /succeeded|skipped/, where);
    }
  }
});

test("killed again and again, one durable event at a time, the run still ends and does nothing twice", async () => {
  const world = new CrashWorld();
  world.killAt = { append: 0, when: "after" };
  await assert.rejects(begin(world.context()), Killed);
  let isDone = false;
  for (let life = 0; life < 200 && !isDone; life++) {
    world.revive();
    world.killAt = { append: 4, when: "after" };
    isDone = await goOn(world.context()).then(
      (result) => result.outcome === "succeeded",
      (error: unknown) => {
        assert.ok(error instanceof Killed);
        return false;
      },
    );
  }
  assert.equal(isDone, true);
  assert.deepEqual(
    world.effects,
    plan.steps.map((step) => step.id),
  );
});

test("a step whose goal holds already is skipped, and nothing is performed", async () => {
  const world = new CrashWorld();
  world.effects.push("s02");
  await begin(world.context());
  assert.equal(stateOf(world).steps.get(plan.steps[1]!.id)?.state, "skipped");
  assert.deepEqual(
    world.effects.filter((step) => step === "s02"),
    ["s02"],
  );
});

test("a step whose precondition does not hold blocks the run with its reasons and performs nothing", async () => {
  const world = new CrashWorld();
  world.blocked.add("s02");
  const result = await begin(world.context());
  assert.equal(result.outcome, "blocked");
  assert.match(result.detail, /something is in the way/);
  assert.deepEqual(world.effects, ["s01"]);
  world.blocked.clear();
  assert.equal((await goOn(world.context())).outcome, "succeeded");
});

test("a step about which nothing is known blocks before it starts", async () => {
  const world = new CrashWorld();
  world.blind.add("s03");
  const result = await begin(world.context());
  assert.equal(result.outcome, "blocked");
  assert.match(result.detail, /not known: everything/);
  assert.deepEqual(world.effects, ["s01", "s02"]);
});

test("an outcome that cannot be seen after the step started stops the run, and resuming settles it without repeating", async () => {
  const world = new CrashWorld();
  world.onPerform = (step) => {
    if (step === "s02") world.blind.add("s02");
  };
  const result = await begin(world.context());
  assert.equal(result.outcome, "outcome-unknown");
  assert.equal(stateOf(world).steps.get(plan.steps[1]!.id)?.state, "unknown");
  assert.equal((await goOn(world.context())).outcome, "outcome-unknown");
  world.blind.clear();
  world.onPerform = undefined;
  assert.equal((await goOn(world.context())).outcome, "succeeded");
  assert.deepEqual(
    world.effects.filter((step) => step === "s02"),
    ["s02"],
  );
});

test("whatever perform threw, observation decides: an error after the effect is a success", async () => {
  const world = new CrashWorld();
  world.onPerform = (step) => {
    if (step === "s02") {
      world.effects.push("s02");
      world.failing.set("s02", new RecoveryError("REMOTE_TIMEOUT", { subject: "host cp1", detail: "lost answer" }));
    }
  };
  const result = await begin(world.context());
  assert.equal(result.outcome, "succeeded");
  assert.match(stateOf(world).steps.get(plan.steps[1]!.id)?.words ?? "", /lost answer/);
});

test("a write that lands late is seen within the settle time and is not repeated", async () => {
  const world = new CrashWorld();
  world.onPerform = (step) => {
    if (step === "s02") world.failing.set("s02", new RecoveryError("REMOTE_TIMEOUT", { subject: "host cp1", detail: "lost answer" }));
  };
  const context = world.context();
  const sleep = context.ports.clock.sleep.bind(context.ports.clock);
  const late: RunContext = {
    ...context,
    ports: {
      ...context.ports,
      clock: {
        ...context.ports.clock,
        sleep: async (durationMs, signal) => {
          await sleep(durationMs, signal);
          if (world.sleeps === 2) world.effects.push("s02");
        },
      },
    },
  };
  assert.equal((await begin(late)).outcome, "succeeded");
  assert.deepEqual(
    world.effects.filter((step) => step === "s02"),
    ["s02"],
  );
});

test("a step that fails ends the run with its error code; resuming tries again only as often as the plan allows", async () => {
  const world = new CrashWorld();
  world.failing.set("s02", new RecoveryError("ETCD_REFUSED", { subject: "member x", detail: "no" }));
  assert.equal((await begin(world.context())).outcome, "failed");
  assert.equal(stateOf(world).steps.get(plan.steps[1]!.id)?.errorCode, "ETCD_REFUSED");
  assert.equal((await goOn(world.context())).outcome, "failed");
  world.failing.clear();
  const third = await goOn(world.context());
  assert.equal(third.outcome, "failed");
  assert.match(third.detail, /started 2 times, the plan allows 2/);
  assert.deepEqual(world.effects, ["s01"]);
});

test("consent for another plan is refused before anything is written", async () => {
  const world = new CrashWorld();
  const other = consentOf({ digest: asPlanDigest("b".repeat(64)), by: "someone", how: "approved-digest", at: "2026-01-01T00:00:00.000Z" });
  await assert.rejects(executeRun({ plan, consent: other, run, context: world.context(), ...quiet }), { code: "CONSENT_MISSING" });
  assert.deepEqual(world.lines, []);
});

test("an expired plan and a plan that says wait are refused", async () => {
  const world = new CrashWorld();
  await assert.rejects(begin(world.context(), { ...plan, expiresAt: "2025-12-31T00:00:00.000Z" }), { code: "PLAN_STALE" });
  await assert.rejects(begin(world.context(), { ...plan, verdict: "wait" }), { code: "PLAN_REFUSED" });
  assert.deepEqual(world.lines, []);
});

test("a machine marker of another run locks this one out, names its holder, and leaves no marker of ours", async () => {
  const world = new CrashWorld();
  world.markers.set(
    "cp2",
    JSON.stringify({ cluster: "test", run: "20250101-000000-aaaa", by: "colleague", host: "other-laptop", at: "2025-01-01T00:00:00Z" }),
  );
  await assert.rejects(begin(world.context()), (error: unknown) => {
    assert.ok(error instanceof RecoveryError);
    assert.equal(error.code, "RUN_LOCKED");
    assert.match(error.detail, /colleague on other-laptop/);
    assert.ok(error.remedies.some((remedy) => remedy.command === "requorum resume 20250101-000000-aaaa"));
    return true;
  });
  assert.deepEqual([...world.markers.keys()], ["cp2"]);
  assert.deepEqual(world.effects, []);
  assert.equal((await resumeRun({ plan, consent, run, context: world.context(), breakLock: true, ...quiet })).outcome, "succeeded");
});

test("Ctrl-C during a step stops the run as interrupted, releases the locks, and resuming finishes it", async () => {
  const world = new CrashWorld();
  const control = new AbortController();
  world.onPerform = (step) => {
    if (step === "s04") control.abort(new Error("Ctrl-C"));
  };
  const result = await executeRun({ plan, consent, run, context: world.context(), report: () => undefined, signal: control.signal });
  assert.equal(result.outcome, "interrupted");
  assert.equal(world.markers.size, 0);
  assert.deepEqual(world.effects, ["s01", "s02", "s03", "s04"]);
  assert.equal((await goOn(world.context())).outcome, "succeeded");
  assert.deepEqual(
    world.effects,
    plan.steps.map((step) => step.id),
  );
});

test("a bug in a handler stops the run, is thrown, and leaves it resumable", async () => {
  const world = new CrashWorld();
  world.failing.set("s03", new TypeError("undefined is not a function"));
  await assert.rejects(begin(world.context()), TypeError);
  assert.equal(stateOf(world).stopped?.outcome, "failed");
  assert.equal(world.markers.size, 0);
  world.failing.clear();
  assert.equal((await goOn(world.context())).outcome, "succeeded");
});

test("resuming a run that has succeeded changes nothing and takes no lock", async () => {
  const world = new CrashWorld();
  await begin(world.context());
  const lines = world.lines.length;
  assert.equal((await goOn(world.context())).outcome, "succeeded");
  assert.equal(world.lines.length, lines);
});

test("a journal of another plan is not continued", async () => {
  const world = new CrashWorld();
  world.blocked.add("s02");
  await begin(world.context());
  const other = { ...planOf(["etcd.saveSnapshot"]), digest: asPlanDigest("c".repeat(64)) };
  await assert.rejects(goOn(world.context(), other), { code: "PLAN_INVALID" });
});

test("a run whose lock was taken over starts no step that changes something, names the taker, and leaves the taker's lock alone", async () => {
  const world = new CrashWorld();
  const theirs = JSON.stringify({ run: "20260101-000000-bbbb", by: "someone else", host: "other laptop", at: "later" });
  const changing = plan.steps.filter((step) => step.risk !== "read-only").map((step) => step.id);
  const last = changing[1] ?? "";
  world.onPerform = (step) => {
    if (step === changing[0]) for (const host of world.markers.keys()) world.markers.set(host, theirs);
  };
  const result = await begin(world.context());
  assert.equal(result.outcome, "blocked");
  assert.match(result.detail, new RegExp(`^${last} .*someone else on other laptop`));
  assert.ok(!world.effects.includes(last));
  assert.deepEqual([...new Set(world.markers.values())], [theirs]);
});

test("a run whose lock is gone from every machine starts no step that changes something", async () => {
  const world = new CrashWorld();
  world.onPerform = () => {
    world.markers.clear();
  };
  const result = await begin(world.context());
  assert.equal(result.outcome, "blocked");
  assert.match(result.detail, /no longer carries this run's lock/);
});

test("a secret that a machine's own words hold does not reach the journal", async () => {
  const world = new CrashWorld();
  const key = "ab".repeat(32);
  world.failing.set(
    plan.steps[0]?.id ?? "",
    new RecoveryError("REMOTE_COMMAND_FAILED", { subject: "host cp1", detail: `it said: using certificate key: ${key}` }),
  );
  await begin(world.context());
  assert.ok(world.lines.some((line) => line.includes("it said")));
  assert.ok(!world.lines.join("\n").includes(key));
});
