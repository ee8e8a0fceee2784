/** The verbs of runs over the real executor and a cluster in memory: what a person sees on both streams, and the published JSON. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import test, { after } from "node:test";
import { executeRun } from "../../src/execute/executor/execute-run.ts";
import { asHostName, asRunId } from "../../src/model/ids.ts";
import type { RunStore } from "../../src/ports/run-store.ts";
import { journalVerificationSchema, reportSchema, runListSchema, runSchema } from "../../src/schemas/output.ts";
import { writePlan } from "../../src/schemas/plan.ts";
import { cli, workDirectory, type CliOptions } from "../support/captured-cli.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { Killed } from "./crash-world.ts";
import { plan, plantedKey, ReplaceWorld } from "./replace-world.ts";

const work = workDirectory();
after(() => {
  work.remove();
});

/** A run that was created, and killed before its `append`-th event, or before its first. */
async function stoppedRun(append: number | undefined): Promise<{ readonly world: ReplaceWorld; readonly options: CliOptions }> {
  const world = new ReplaceWorld();
  await world.runs.create(world.run, writePlan(plan));
  if (append !== undefined) {
    world.killAt = { append, when: "after" };
    await assert.rejects(
      executeRun({
        plan,
        consent: world.consent(),
        run: world.run,
        // The lock knows a run by its laptop, too: the one that the verbs below run on.
        context: { ...world.context(), operator: { by: "someone", host: hostname() } },
        signal: new AbortController().signal,
        report: () => undefined,
      }),
      Killed,
    );
    world.revive();
  }
  const { config, ports, localLock } = world.context();
  const { hostAccess, etcd, kube, clock, hashing } = ports;
  const runs: RunStore = {
    create: (run, text) => world.runs.create(run, text),
    list: () => world.runs.list(),
    readPlan: (run) => world.runs.readPlan(run),
    readJournal: (run) => world.runs.readJournal(run),
    appendJournal: (run, text) => ports.runs.appendJournal(run, text),
    writeArtifact: (run, name) => world.runs.writeArtifact(run, name),
    readArtifact: (run, name) => world.runs.readArtifact(run, name),
    statArtifact: (run, name) => world.runs.statArtifact(run, name),
    openArtifact: (run, name) => world.runs.openArtifact(run, name),
    pathOf: (run, name) => `${work.path}/${run}${name === undefined ? "" : `/artifacts/${name}`}`,
  };
  return { world, options: { config, ports: { hostAccess, etcd, kube, clock, hashing, runs, localLock } } };
}

test("resume without a terminal and without --approve asks for consent by naming the exact command, and changes nothing", async () => {
  const { world, options } = await stoppedRun(undefined);
  const { code, out, err } = await cli(["resume"], options);
  assert.equal(code, 16, err);
  assert.equal(out, "");
  assert.match(err, new RegExp(`requorum resume ${world.run} --approve ${plan.digest.slice(0, 12)}`));
  assert.deepEqual(world.effects(), ["joins 0"]);
});

test("resume with another plan's digest, or too few digits of the right one, is refused", async () => {
  for (const approve of ["0123456789ab", plan.digest.slice(0, 11)]) {
    const { world, options } = await stoppedRun(undefined);
    assert.equal((await cli(["resume", "--approve", approve], options)).code, 16);
    assert.deepEqual(world.effects(), ["joins 0"]);
  }
});

test("resume on a terminal: another word than the cluster's name changes nothing, the name starts the run", async () => {
  const wrong = await stoppedRun(undefined);
  assert.equal((await cli(["resume"], { ...wrong.options, isTty: true, answers: ["yes"] })).code, 16);
  assert.deepEqual(wrong.world.effects(), ["joins 0"]);
  const right = await stoppedRun(undefined);
  const { code, err } = await cli(["resume"], { ...right.options, isTty: true, answers: [plan.cluster] });
  assert.equal(code, 0, err);
  assert.match(err, /type the name of the cluster/);
});

test("resume after the plan has expired removes nobody: the loss must be seen anew; what comes after the removal is still finished", async () => {
  const early = await stoppedRun(6);
  await early.world.clock.sleep(24 * 3_600_000);
  const { code, err } = await cli(["resume"], early.options);
  assert.equal(code, 16, err);
  assert.match(err, /PLAN_STALE/);
  assert.match(err, /has yet to remove a member/);
  assert.deepEqual(early.world.effects(), ["joins 0"]);
  const late = await stoppedRun(14);
  assert.match(late.world.effects()[0] ?? "", /^memberRemove/);
  await late.world.clock.sleep(24 * 3_600_000);
  assert.equal((await cli(["resume"], late.options)).code, 0);
});

test("resume and apply with a clock that was set back do not take an old plan for a fresh one", async () => {
  const { world, options } = await stoppedRun(6);
  const lastAt = (await world.runs.readJournal(world.run)).lines.at(-1)?.match(/"at":"([^"]+)"/)?.[1] ?? "";
  const at = (iso: string): CliOptions => ({ ...options, ports: { ...options.ports, clock: new FakeClock(iso) } });
  // Within the plan's hour, and before what the run itself has recorded.
  const between = await cli(["resume"], { ...at(plan.createdAt), columns: 400 });
  assert.equal(between.code, 16, between.err);
  assert.match(between.err, new RegExp(`PLAN_STALE[^]*its run recorded its last event at ${lastAt}: the clock was set back`));
  const file = `${work.path}/early.json`;
  writeFileSync(file, writePlan(plan));
  const early = await cli(["apply", file, "--approve", plan.digest, "--break-lock"], { ...at("2026-11-20T03:00:00.000Z"), columns: 400 });
  assert.equal(early.code, 16, early.err);
  assert.match(early.err, new RegExp(`PLAN_STALE[^]*it was made at ${plan.createdAt}: the clock was set back`));
  assert.deepEqual(world.effects(), ["joins 0"]);
});

test("resume looks whether somebody else changed the cluster while the run was down: a member that nobody planned stops it", async () => {
  const { world, options } = await stoppedRun(6);
  world.etcd.addMember({ host: asHostName("cp9"), peerUrl: "https://10.150.0.99:2380", isLearner: true });
  const { code, err } = await cli(["resume"], options);
  assert.equal(code, 16, err);
  assert.match(err, /PLAN_STALE/);
  assert.match(err, /10\.150\.0\.99:2380, learner was\s+not in the list when the plan was made/);
  assert.deepEqual(world.effects(), ["joins 0"]);
});

test("resume without a name takes the newest run or none: a newer one that succeeded means there is nothing to go on with", async () => {
  const { world, options } = await stoppedRun(undefined);
  await cli(["resume", "--approve", plan.digest], options);
  const older = asRunId("20251121-030000-abcd");
  await world.runs.create(older, writePlan(plan));
  const { code, err } = await cli(["resume", "--approve", plan.digest], options);
  assert.notEqual(code, 0);
  assert.match(err, /RUN_NOT_FOUND/);
  assert.deepEqual((await world.runs.readJournal(older)).lines, []);
});

test("resume of a killed run goes on, shows each step on standard error and the run on standard output, and writes a report", async () => {
  const { world, options } = await stoppedRun(14);
  const { code, out, err } = await cli(["resume"], options);
  assert.equal(code, 0, err);
  assert.match(out, /^run 20261121-030000-abcd {2}succeeded/);
  assert.match(err, / {2}ok s0\d /);
  assert.ok(world.effects().includes("joins 1"));
  const html = readFileSync(`${work.path}/${world.run}/report.html`, "utf8");
  assert.match(html, /Failures it now survives<\/dt><dd>1</);
  assert.ok(!html.includes(plantedKey) && !out.includes(plantedKey) && !err.includes(plantedKey));
});

test("runs list, show, report and verify-journal print documents of the published form", async () => {
  const { world, options } = await stoppedRun(undefined);
  await cli(["resume", "--approve", plan.digest], options);
  const printed = async (...words: readonly string[]): Promise<unknown> => {
    const { code, out, err } = await cli([...words, "-o", "json"], options);
    assert.equal(code, 0, err);
    return JSON.parse(out);
  };
  const list = await printed("runs", "list");
  assert.deepEqual(runListSchema.parse(list), list);
  const run = await printed("runs", "show", world.run);
  assert.deepEqual(runSchema.parse(run), run);
  assert.deepEqual(await printed("runs", "show", world.run.slice(0, 4)), run);
  assert.equal((await cli(["resume", world.run.slice(0, 4)], options)).code, 2, "what changes things takes no abbreviation");
  await world.runs.create(asRunId("20261122-030000-efgh"), writePlan(plan));
  const several = await cli(["runs", "show", "2026"], options);
  assert.equal(several.code, 2);
  assert.match(several.err, /several runs begin so: 20261122-030000-efgh, 20261121-030000-abcd/);
  assert.deepEqual(await printed("runs", "show", "20261121"), run);
  const report = await printed("runs", "report", world.run, "--out", `${work.path}/elsewhere`);
  assert.deepEqual(reportSchema.parse(report), report);
  const journal = await printed("runs", "verify-journal", world.run);
  assert.deepEqual(journalVerificationSchema.parse(journal), journal);
});

test("apply refuses a plan that was changed by one letter, and one that has expired, before any machine is asked", async () => {
  const { world, options } = await stoppedRun(undefined);
  const file = `${work.path}/plan.json`;
  writeFileSync(file, writePlan(plan).replace("cp3", "cp1"));
  assert.equal((await cli(["apply", file, "--approve", plan.digest], options)).code, 15);
  writeFileSync(file, writePlan(plan));
  await world.clock.sleep(24 * 3_600_000);
  const { code, err } = await cli(["apply", file, "--approve", plan.digest], options);
  assert.equal(code, 16, err);
  assert.match(err, /PLAN_STALE/);
  assert.equal(world.machines.calls.length, 0);
});

test("runs verify-journal: a journal that is empty, torn, or without its end is not called intact, and its exit says so", async () => {
  const verify = async (options: CliOptions) => {
    const { code, out } = await cli(["runs", "verify-journal", "-o", "json"], options);
    const { isIntact, doubts } = journalVerificationSchema.parse(JSON.parse(out));
    assert.equal(isIntact, doubts.length === 0);
    return { code, doubts: doubts.join("; ") };
  };
  const empty = await stoppedRun(undefined);
  assert.match((await verify(empty.options)).doubts, /no line in it/);
  const cut = await stoppedRun(6);
  const unended = await verify(cut.options);
  assert.match(unended.doubts, /^it has no end/);
  assert.equal(unended.code, 10);
  assert.match((await cli(["runs", "verify-journal"], cut.options)).out, /^NO DAMAGE SEEN/);
  assert.equal((await cli(["resume"], cut.options)).code, 0);
  assert.deepEqual(await verify(cut.options), { code: 0, doubts: "" });
  cut.world.runs.tear(cut.world.run, '{"version":"1.0","seq');
  const torn = await verify(cut.options);
  assert.match(torn.doubts, /is no whole line/);
  assert.equal(torn.code, 10);
});

test("a damaged journal is an error that names the run, its file, the line and what to do next", async () => {
  const { world, options } = await stoppedRun(6);
  const { lines } = await world.runs.readJournal(world.run);
  const readJournal = () => Promise.resolve({ lines: lines.with(2, (lines[2] ?? "").replace("2026", "2027")), tornTail: "" });
  const damaged = { ...options, ports: { ...options.ports, runs: Object.assign(world.runs, { readJournal, pathOf: () => "/state/run" }) } };
  for (const words of [["resume"], ["runs", "verify-journal"], ["runs", "show"]]) {
    const { code, err } = await cli(words, { ...damaged, columns: 400 });
    assert.equal(code, 15, err);
    assert.match(err, new RegExp(`run ${world.run}: the journal is damaged`));
    assert.match(err, /\/state\/run\/journal\.jsonl: line 4: it does not carry the hash of the line before/);
    assert.match(err, /requorum plan\n[^]*requorum apply PLAN --break-lock/);
  }
});
