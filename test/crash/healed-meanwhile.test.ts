/** Somebody makes the world better between the plan and a step: nothing that works is stopped, removed or moved. */
import assert from "node:assert/strict";
import test from "node:test";
import { executeRun, resumeRun } from "../../src/execute/executor/execute-run.ts";
import type { RunResult } from "../../src/execute/executor/run-context.ts";
import { Killed } from "./crash-world.ts";
import { healPlan as plan, HealWorld } from "./heal-world.ts";

const signal = new AbortController().signal;

async function begin(world: HealWorld, report: (event: { readonly text: string }) => void = () => undefined): Promise<RunResult> {
  await world.runs.create(world.run, "the plan");
  return await executeRun({ plan, consent: world.consent(), run: world.run, context: world.context(), signal, report });
}

async function goOn(world: HealWorld): Promise<RunResult> {
  return await resumeRun({ plan, run: world.run, context: world.context(), signal, report: () => undefined });
}

/** Killed right after the journal says that this step is done. */
async function killedAfter(kind: (typeof plan.steps)[number]["kind"]): Promise<HealWorld> {
  const id = plan.steps.find((step) => step.kind === kind)?.id;
  assert.ok(id);
  for (let append = 4; append < 40; append++) {
    const world = new HealWorld();
    world.killAt = { append, when: "after" };
    await assert.rejects(begin(world), Killed);
    const last = (await world.lines()).at(-1) ?? "";
    if (!/step-(succeeded|skipped)/.test(last) || !last.includes(`"${id}"`)) continue;
    world.revive();
    return world;
  }
  throw new Error(`the run never came past ${id}`);
}

test("nobody repairs anything: the run stops etcd on the machine without data, removes its member and joins it again", async () => {
  const world = new HealWorld();
  const result = await begin(world);
  assert.equal(result.outcome, "succeeded", result.detail);
  assert.deepEqual(world.done, ["etcd stopped (it was stopped)", "state moved aside without data"]);
});

test("killed at every event with nothing repaired, resuming finishes: the run's own steps do not look like a repair", async () => {
  const whole = new HealWorld();
  await begin(whole);
  for (let append = 0; append < whole.appends; append++) {
    const world = new HealWorld();
    world.killAt = { append, when: "after" };
    await assert.rejects(begin(world), Killed);
    world.revive();
    const consent = world.consent();
    const request = { plan, consent, run: world.run, context: world.context(), signal, report: () => undefined };
    const result = await resumeRun(request);
    assert.equal(result.outcome, "succeeded", `event ${String(append + 1)}: ${result.detail}`);
    assert.deepEqual(world.effects(), whole.effects(), `event ${String(append + 1)}`);
  }
});

test("the disk is put back by hand while the run is down: resuming neither stops nor removes the voter that works", async () => {
  const world = await killedAfter("etcd.saveSnapshot");
  world.heal("serving");
  const result = await goOn(world);
  assert.equal(result.outcome, "blocked", result.detail);
  assert.match(result.detail, /answers: a voter that works is not stopped/);
  assert.deepEqual([world.done, world.effects()], [[], ["joins 0"]]);
});

test("the disk is back and etcd has not answered yet: its data is seen before it is stopped", async () => {
  const world = await killedAfter("etcd.saveSnapshot");
  world.heal("starting");
  const result = await goOn(world);
  assert.equal(result.outcome, "blocked", result.detail);
  assert.match(result.detail, /there is etcd data on cp2 again/);
  assert.deepEqual([world.done, world.effects()], [[], ["joins 0"]]);
});

test("killed after etcd was proved stopped, then repaired by hand: the proof is made again before the removal", async () => {
  const world = await killedAfter("etcd.proveStopped");
  const before = [...world.done];
  world.heal("starting");
  const result = await goOn(world);
  assert.equal(result.outcome, "blocked", result.detail);
  assert.match(result.detail, /does not hold any more: etcd is running on host cp2/);
  assert.match(result.detail, /there is etcd data on cp2 again/);
  assert.deepEqual([world.done, world.effects()], [before, ["joins 0"]]);
});

test("repaired within the same run, between the proof and the removal: nothing is removed", async () => {
  const world = new HealWorld();
  const result = await begin(world, (event) => {
    if (event.text.startsWith("Remove member")) world.heal("starting");
  });
  assert.equal(result.outcome, "blocked", result.detail);
  assert.deepEqual(world.effects(), ["joins 0"]);
});

test("what the kubelet's etcd begins in the emptied data dir after the plan is no data that came back", async () => {
  for (const isNewborn of [true, false]) {
    const world = new HealWorld();
    world.hasData = true;
    world.isNewborn = isNewborn;
    const result = await begin(world);
    assert.equal(result.outcome, isNewborn ? "succeeded" : "blocked", result.detail);
    assert.deepEqual(world.done, isNewborn ? ["etcd stopped (it was stopped)", "state moved aside with data"] : []);
  }
});
