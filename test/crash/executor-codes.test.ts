/** Which code the journal gets, and which exit the operator, when a step does not do what it should. */
import assert from "node:assert/strict";
import test from "node:test";
import { executeRun, resumeRun } from "../../src/execute/executor/execute-run.ts";
import type { RunResult } from "../../src/execute/executor/run-context.ts";
import { consent, CrashWorld, planOf, run } from "./crash-world.ts";

const plan = planOf(["etcd.saveSnapshot", "etcd.removeMember", "cluster.verify"]);
const quiet = { plan, consent, run, signal: new AbortController().signal, report: () => undefined };

/** Performing this step says that it worked, and nothing came of it. */
function withoutEffect(world: CrashWorld, step: string): void {
  world.onPerform = (performed) => {
    // The fake records the effect after this: an array that takes nothing more in.
    if (performed === step) world.effects.push = () => world.effects.length;
  };
}

function works(world: CrashWorld): void {
  world.onPerform = undefined;
  delete (world.effects as { push?: unknown }).push;
}

function stateOf(result: RunResult, step: string): unknown {
  const record = [...result.state.steps].find(([id]) => id === step)?.[1];
  return { state: record?.state, errorCode: record?.errorCode };
}

test("a step that says it worked and whose goal does not hold is STEP_FAILED, and resuming does it", async () => {
  const world = new CrashWorld();
  withoutEffect(world, "s02");
  const result = await executeRun({ ...quiet, context: world.context() });
  assert.equal(result.outcome, "failed");
  assert.deepEqual(stateOf(result, "s02"), { state: "failed", errorCode: "STEP_FAILED" });
  works(world);
  assert.equal((await resumeRun({ ...quiet, context: world.context() })).outcome, "succeeded");
  assert.deepEqual(world.effects, ["s01", "s02", "s03"]);
});

test("exit rules that do not hold at the end are VERIFICATION_FAILED, and resuming proves them again", async () => {
  const world = new CrashWorld();
  withoutEffect(world, "s03");
  const result = await executeRun({ ...quiet, context: world.context() });
  assert.equal(result.outcome, "failed");
  assert.deepEqual(stateOf(result, "s03"), { state: "failed", errorCode: "VERIFICATION_FAILED" });
  works(world);
  assert.equal((await resumeRun({ ...quiet, context: world.context() })).outcome, "succeeded");
});
