import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { executeRun, resumeRun } from "../../src/execute/executor/execute-run.ts";
import type { RunContext } from "../../src/execute/executor/run-context.ts";
import { stepHandlers } from "../../src/execute/handlers/step-handlers.ts";
import { asBackupSetId, asHostName } from "../../src/model/ids.ts";
import type { PlannedStep, RecoveryPlan } from "../../src/model/plan.ts";
import type { FileState } from "../../src/model/restored-file.ts";
import { stepSpecs } from "../../src/plan/steps/step-specs.ts";
import type { SetParts } from "../../src/ports/set-parts.ts";
import { RestoringMachines } from "../support/restoring-machines.ts";
import { consent, CrashWorld, Killed, planOf, run, sha256 } from "./crash-world.ts";

const path = "/etc/haproxy/haproxy.cfg";
const secret = "planted-secret-77aa";
const tag: SetParts["tag"] = (kind, content) => sha256(`${kind} keyed ${Buffer.from(content).toString("hex")}`);
const parts: SetParts = { manifestSha256: "d".repeat(64), parts: [], tag, read: () => Promise.resolve(Buffer.from(`new ${secret}`)) };
const state = (text: string, mode: number) => ({ kind: "file" as const, tag: tag("file", Buffer.from(text)), mode, uid: 0, gid: 0 });

function restorePlan(was: FileState = state(`old ${secret}`, 0o600)): RecoveryPlan {
  const plan = planOf(["host.restoreFiles"]);
  const args = {
    host: asHostName("cp1"),
    set: asBackupSetId("20260301-030000-aaaaaa"),
    manifestSha256: parts.manifestSha256,
    directories: [],
    files: [{ path, kind: "load-balancer", was, becomes: state(`new ${secret}`, 0o640) }],
    companions: [],
    authorities: [],
    accepts: [],
  };
  return { ...plan, attestations: [], steps: plan.steps.map((step) => ({ ...step, args }) as unknown as PlannedStep) };
}

function contextOf(world: CrashWorld, machines: Pick<RestoringMachines, "run">): RunContext {
  const base = world.context();
  const own = { run: machines.run.bind(machines) };
  const hostAccess: typeof base.ports.hostAccess = {
    ...base.ports.hostAccess,
    run: (host, request) =>
      (/files/.test(request.reason) || request.reason === "look at the machine" ? own : base.ports.hostAccess).run(host, request),
  };
  return {
    ...base,
    specs: stepSpecs,
    handlers: stepHandlers,
    ports: { ...base.ports, hostAccess, setParts: { open: () => Promise.resolve(parts) } },
  };
}

test("a run that restores files, killed before or after any of its journal's events: resumed, the file is the set's, the old one is aside, no secret is in the journal", async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "requorum-restore-crash-"));
  context.after(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  const plan = restorePlan();
  let kills = 0;
  for (const when of ["before", "after"] as const) {
    for (let append = 0; ; append += 1) {
      const world = new CrashWorld();
      const machines = new RestoringMachines(join(directory, `${when}${String(append)}`));
      machines.set("cp1", path, { text: `old ${secret}` });
      machines.beforeRun = () => {
        world.alive();
      };
      const runContext = contextOf(world, machines);
      const request = { plan, run, context: runContext, signal: new AbortController().signal, report: () => undefined };
      world.killAt = { append, when };
      const first = await executeRun({ ...request, consent }).catch((error: unknown) => error);
      assert.ok([`old ${secret}`, `new ${secret}`].includes(machines.text("cp1", path)));
      const isKilled = world.isDead;
      if (isKilled) {
        kills += 1;
        assert.ok(first instanceof Killed || first instanceof Error);
        world.revive();
        assert.equal((await resumeRun({ ...request, consent })).outcome, "succeeded");
      }
      assert.deepEqual([machines.text("cp1", path), machines.mode("cp1", path)], [`new ${secret}`, "640"]);
      assert.equal(JSON.stringify([world.lines, machines.words]).includes(secret), false);
      if (!isKilled) break;
    }
  }
  assert.ok(kills >= 14, `only ${String(kills)} kills`);
});

test("a run that restores files, whose script is killed on the machine while the program lives: nothing of it is left, and what to restart is said when all files are there", async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "requorum-restore-script-"));
  context.after(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  const plan = restorePlan({ kind: "absent" });
  let settled = 0;
  for (let at = 1; ; at += 1) {
    const machines = new RestoringMachines(join(directory, String(at)));
    mkdirSync(machines.place("cp1", "/etc/haproxy"), { recursive: true });
    machines.killBefore = at;
    const request = {
      plan,
      run,
      context: contextOf(new CrashWorld(), {
        // The shell around it lives, and says how it ended.
        run: (host, request) =>
          machines.run(host, request).catch((error: unknown) => {
            if (request.reason !== "put files of a backup set back") throw error;
            return { exitCode: 137, stdout: "", stderr: "Killed" };
          }),
      }),
      signal: new AbortController().signal,
      report: () => undefined,
    };
    const { outcome, state: ended } = await executeRun({ ...request, consent });
    const left = readdirSync(machines.rootOf("cp1"), { recursive: true, encoding: "utf8" }).filter((name) => name.includes(".staged."));
    assert.deepEqual(left, [], `kill ${String(at)}: ${outcome}`);
    assert.equal(existsSync(machines.place("cp1", path)), outcome === "succeeded");
    assert.equal(
      ended.facts.some(({ name }) => name === "to-take-effect"),
      outcome === "succeeded",
    );
    const [words = ""] = [...ended.steps.values()].map((step) => step.words);
    if (outcome === "succeeded" && !words.includes("it said")) break;
    if (outcome === "succeeded") settled += 1;
  }
  assert.ok(settled > 0, "no kill came after the file was in its place");
});
