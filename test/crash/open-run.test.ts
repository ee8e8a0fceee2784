/** What the verbs do while a run that was killed, stopped or never let in lies around. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { hostname } from "node:os";
import test, { after } from "node:test";
import { planExit } from "../../src/cli/commands/plan.ts";
import { executeRun } from "../../src/execute/executor/execute-run.ts";
import { Journal } from "../../src/execute/journal/journal.ts";
import { asHostName, asRunId, type RunId } from "../../src/model/ids.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import { planDocument } from "../../src/render/plan-document.ts";
import { planPage } from "../../src/render/plan-page.ts";
import { planSchema } from "../../src/schemas/output.ts";
import { writePlan } from "../../src/schemas/plan.ts";
import { cli, workDirectory, type CliOptions } from "../support/captured-cli.ts";
import { healthyKubeadm3 } from "../support/inventory-builder.ts";
import { planned } from "../support/planned.ts";
import { Killed } from "./crash-world.ts";
import { plan, ReplaceWorld } from "./replace-world.ts";

const work = workDirectory();
after(() => {
  work.remove();
});
const file = `${work.path}/plan.json`;
writeFileSync(file, writePlan(plan));
const approve = ["--approve", plan.digest] as const;
/** After the removal: the cluster is not as the plan was made for. */
const afterRemoval = 14;

async function begin(world: ReplaceWorld, run: RunId, create?: () => Promise<void>): Promise<unknown> {
  if (create === undefined) await world.runs.create(run, writePlan(plan));
  const context = { ...world.context(), operator: { by: "someone", host: hostname() } };
  const quiet = { signal: new AbortController().signal, report: () => undefined };
  return await executeRun({ plan, consent: world.consent(), run, context, ...quiet, ...(create === undefined ? {} : { create }) });
}

async function killedRun(): Promise<{ readonly world: ReplaceWorld; readonly options: CliOptions }> {
  const world = new ReplaceWorld();
  world.killAt = { append: afterRemoval, when: "after" };
  await assert.rejects(begin(world, world.run), Killed);
  world.revive();
  const { config, ports, localLock } = world.context();
  const { hostAccess, etcd, kube, clock, hashing } = ports;
  const runs = Object.assign(world.runs, { pathOf: (run: RunId) => `${work.path}/${run}` });
  return { world, options: { config, ports: { hostAccess, etcd, kube, clock, hashing, runs, localLock } } };
}

test("apply after kill -9 names the run to go on with before it looks or asks, and makes no run; resume then goes on with that one", async () => {
  const { world, options } = await killedRun();
  const before = world.machines.calls.length;
  for (const words of [["apply", file, ...approve], ["apply", file], ["recover"]]) {
    const { code, err } = await cli(words, options);
    assert.equal(code, 11, err);
    assert.match(err, /RUN_LOCKED/);
    assert.match(err, new RegExp(`requorum resume ${world.run}`));
    assert.match(err, /the program was killed/);
    assert.match(err, /its lock is\s+still on cp1/);
  }
  assert.equal(world.machines.calls.length, before);
  assert.deepEqual(await world.runs.list(), [world.run]);
  assert.equal((await cli(["resume"], options)).code, 0);
  assert.ok(world.effects().includes("joins 1"));
});

test("apply while the run is under way in another terminal says so, and does not call it killed", async () => {
  const { world, options } = await killedRun();
  const holder = `run ${world.run} of someone`;
  const { code, err } = await cli(["apply", file, ...approve], {
    ...options,
    ports: {
      ...options.ports,
      localLock: { acquire: () => Promise.reject(new RecoveryError("RUN_LOCKED", { subject: "lock", detail: holder })) },
    },
  });
  assert.equal(code, 11, err);
  assert.match(err, new RegExp(holder));
  assert.doesNotMatch(err, /killed/);
});

test("apply --break-lock is not held up by a killed run: the operator's word is asked for at the machines", async () => {
  const { options } = await killedRun();
  const { err } = await cli(["apply", file, ...approve, "--break-lock"], options);
  // The removal has happened: this plan no longer fits, and its own run is named as the likely reason.
  assert.match(err, /PLAN_STALE/);
});

test("apply of a plan whose own run was interrupted: what changed may be its own doing, and resume comes first", async () => {
  const { world, options } = await killedRun();
  const { ports, journal: tools } = world.context();
  const journal = await Journal.open({ runs: ports.runs, run: world.run, tools, clock: ports.clock });
  await journal.append({ kind: "lock-released", where: [asHostName("cp1")] });
  await journal.append({ kind: "run-stopped", outcome: "interrupted", detail: "Ctrl-C" });
  const { code, err } = await cli(["apply", file, ...approve], options);
  assert.equal(code, 16, err);
  assert.match(err, new RegExp(`Run ${world.run} carries\\s+out\\s+this\\s+very\\s+plan`));
  const resume = err.indexOf(`requorum resume ${world.run}`);
  assert.ok(resume > 0 && resume < err.indexOf("requorum plan"), err);
  const other = planned(healthyKubeadm3().freshMachine("cp3").build());
  writeFileSync(`${work.path}/other.json`, writePlan(other));
  const stale = await cli(["apply", `${work.path}/other.json`, "--approve", other.digest], options);
  assert.match(stale.err, /PLAN_STALE/);
  assert.match(stale.err, new RegExp(`Run ${world.run}: it was begun[^]*requorum resume ${world.run}`));
});

test("a run that was never let in is not the one to go on with; the killed one before it is", async () => {
  const { world, options } = await killedRun();
  const shutOut = asRunId("20261121-040000-ffff");
  await assert.rejects(begin(world, shutOut), { code: "RUN_LOCKED" });
  assert.deepEqual(await world.runs.list(), [world.run, shutOut]);
  const { code, err } = await cli(["resume"], options);
  assert.equal(code, 0, err);
  assert.ok(world.effects().includes("joins 1"));
  assert.match(err, new RegExp(world.run));
});

test("executeRun makes its run only when no machine carries another's marker", async () => {
  const { world } = await killedRun();
  const shutOut = asRunId("20261121-040000-ffff");
  await assert.rejects(
    begin(world, shutOut, () => world.runs.create(shutOut, writePlan(plan))),
    { code: "RUN_LOCKED" },
  );
  assert.deepEqual(await world.runs.list(), [world.run]);
});

test("plan with an unfinished run says so, in its document and first of what is next", async () => {
  const { world, options } = await killedRun();
  // Nobody answers: the plan's own verdict does not matter here.
  const silent = { config: healthyKubeadm3().build().config, ports: { runs: world.runs } };
  const { out } = await cli(["plan", "-o", "json"], silent);
  const document = planSchema.parse(JSON.parse(out));
  assert.deepEqual(document.openRun, { run: world.run, outcome: "unfinished" });
  assert.match((await cli(["plan"], silent)).out, new RegExp(`requorum resume ${world.run}`));
  assert.equal((await cli(["resume"], options)).code, 0);
  assert.equal(planSchema.parse(JSON.parse((await cli(["plan", "-o", "json"], silent)).out)).openRun, null);
});

test("a plan without work is no all-clear half-way through a run: neither its headline nor its exit says so", () => {
  const nothing = planned(healthyKubeadm3().build());
  assert.equal(nothing.verdict, "nothing-to-do");
  const open = { run: asRunId("20261121-030000-abcd"), outcome: "unfinished" } as const;
  const page = JSON.stringify(planPage(planDocument(nothing, undefined, open), { showsNext: true }));
  assert.doesNotMatch(page, /NOTHING TO DO/);
  assert.match(page, /requorum resume 20261121-030000-abcd/);
  assert.match(JSON.stringify(planPage(planDocument(nothing, undefined), { showsNext: true })), /NOTHING TO DO/);
  assert.equal(planExit(nothing, open), "blocked");
  assert.equal(planExit(nothing, undefined), "done");
  // It said at its end how it ended, and what was seen since counts.
  const failed = { ...open, outcome: "failed" } as const;
  assert.equal(planExit(nothing, failed), "done");
  const after = JSON.stringify(planPage(planDocument(nothing, undefined, failed), { showsNext: true }));
  assert.match(after, /NOTHING TO DO/);
  assert.match(after, /requorum resume 20261121-030000-abcd/);
});
