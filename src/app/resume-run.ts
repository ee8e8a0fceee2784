import { resumeRun as resumeExecution } from "../execute/executor/execute-run.ts";
import { stepStateOf } from "../execute/journal/fold-journal.ts";
import { asRunId, type RunId } from "../model/ids.ts";
import type { StepState } from "../model/journal-event.ts";
import { planAgeProblem } from "../model/plan-age.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { fingerprintProblems } from "../plan/fingerprint.ts";
import { readPlan } from "../schemas/plan.ts";
import type { AppContext } from "./app-ports.ts";
import type { AppliedRun, AskConsent } from "./apply-plan.ts";
import { askOnFreshLook } from "./ask-on-fresh-look.ts";
import { assertChecked } from "./make-plan.ts";
import { observeOnce } from "./observe-cluster.ts";
import { runContextOf } from "./run-context-of.ts";
import { newestRun, readRun, type RunRecord } from "./run-records.ts";

/**
 * Goes on with a run: by name, or the newest one if it is not finished.
 * Consent is asked only if the run was stopped before it journalled any.
 * PLAN_STALE when the plan has expired with a removal still ahead, or when the
 * cluster is not as the plan and the run left it.
 */
export async function resumeRun(
  context: AppContext,
  request: {
    readonly run: string | undefined;
    readonly askConsent: AskConsent;
    readonly breakLock?: boolean;
    readonly onRun?: (run: RunId) => void;
  },
): Promise<AppliedRun> {
  const run = await unfinishedRun(context, request.run);
  const plan = readPlan(await context.ports.runs.readPlan(run), `plan of run ${run}`, (text) => context.ports.hashing.sha256Hex(text));
  assertChecked(plan);
  const record = await readRun(context, run);
  const consent = await askOnFreshLook(context.ports.clock, {
    assertCurrent: () => {
      assertStillProven(context, record);
    },
    look: () => assertStillFits(context, record),
    ask: () => (record.state?.consent === undefined ? request.askConsent(plan) : Promise.resolve(undefined)),
  });
  request.onRun?.(run);
  const result = await resumeExecution({
    plan,
    run,
    context: runContextOf(context),
    signal: context.signal,
    report: context.report,
    ...(consent === undefined ? {} : { consent }),
    ...(request.breakLock === undefined ? {} : { breakLock: request.breakLock }),
  });
  return { run, result };
}

/**
 * Whatever is left is done by looking, with one exception: that a member is
 * lost was seen, or said, when the plan was made (I-G1, I-G2), and a look at a
 * silent machine cannot tell whether it was back in between. So a removal is
 * not begun on the word of a plan that has expired, or whose age a clock that
 * was set back hides; a new plan finishes the rest.
 */
function assertStillProven(context: AppContext, { run, plan, state }: RunRecord): void {
  const age = planAgeProblem(plan, context.ports.clock.nowIso(), state?.lastAt);
  if (age === undefined) return;
  const ahead = plan.steps.find((step) => {
    const at = state === undefined ? "pending" : stepStateOf(state, step.id);
    return step.kind === "etcd.removeMember" && at !== "succeeded" && at !== "skipped";
  });
  if (ahead === undefined) return;
  throw new RecoveryError("PLAN_STALE", {
    subject: `run ${run}`,
    detail:
      `of its plan: ${age}; and ${ahead.id} has yet to remove a member: that it is lost must be seen anew. ` +
      `Plan again; the new plan finishes what this run began. If its lock is still on the machines, apply takes it over with --break-lock`,
  });
}

/**
 * I-G8 for what is left: somebody may have repaired the cluster while the run
 * was down. What the run itself may have changed does not count, and nothing
 * is asked when only verification is left. PLAN_STALE.
 */
async function assertStillFits(context: AppContext, { run, plan, state }: RunRecord): Promise<void> {
  const records = [...(state?.steps.values() ?? [])];
  const begun = new Set(records.filter((step) => step.attempts > 0 || isDone(step.state)).map((step) => step.id));
  const changes = plan.steps.filter((step) => step.risk !== "read-only" && step.kind !== "cluster.verify");
  if (changes.every((step) => isDone(state === undefined ? "pending" : stepStateOf(state, step.id)))) return;
  context.report({ kind: "phase", text: "looking whether the cluster is still as the plan and this run left it" });
  const look = await observeOnce(context, { depth: "full" });
  const problems = fingerprintProblems(plan, look.inventory, begun);
  if (problems.length === 0) return;
  throw new RecoveryError("PLAN_STALE", {
    subject: `run ${run}`,
    detail:
      `since the run stopped, somebody or something else has changed the cluster. ${problems.join(" ")} Nothing more was changed. ` +
      `Plan again; if the run's lock is still on the machines, apply takes it over with --break-lock`,
  });
}

function isDone(state: StepState): boolean {
  return state === "succeeded" || state === "skipped";
}

/**
 * The named run, or the newest if it has not succeeded. An older one is never
 * gone on with by accident: what came after it has changed the cluster.
 */
export async function unfinishedRun(context: AppContext, name: string | undefined): Promise<RunId> {
  if (name !== undefined) return await knownRun(context, name);
  const newest = await newestRun(context);
  if (newest === undefined) {
    throw new RecoveryError("RUN_NOT_FOUND", {
      subject: `cluster ${context.config.cluster}`,
      detail: "no run is known on this machine for this cluster",
    });
  }
  if (newest.outcome === "succeeded") {
    throw new RecoveryError("RUN_NOT_FOUND", {
      subject: `cluster ${context.config.cluster}`,
      detail: `the newest run, ${newest.run}, is finished; there is nothing to resume. An older one is resumed only by its name`,
    });
  }
  return newest.run;
}

/** RUN_NOT_FOUND for a name that is no run's. */
export async function knownRun(context: AppContext, name: string): Promise<RunId> {
  const runs = await context.ports.runs.list();
  const found = runs.find((run) => run === name);
  if (found !== undefined) return found;
  const detail =
    runs.length === 0 ? "no run is known on this machine for this cluster" : `known: ${[...runs].sort().reverse().slice(0, 5).join(", ")}`;
  throw new RecoveryError("RUN_NOT_FOUND", { subject: `run ${name}`, detail });
}

/** The run that is to be looked at: the named one, by its beginning where only one begins so, or the newest. */
export async function chosenRun(context: AppContext, name: string | undefined): Promise<RunId> {
  if (name !== undefined) return await knownRun(context, await fullName(context, name));
  const newest = [...(await context.ports.runs.list())].sort().at(-1);
  if (newest === undefined)
    throw new RecoveryError("RUN_NOT_FOUND", {
      subject: `cluster ${context.config.cluster}`,
      detail: "no run is known on this machine for this cluster",
    });
  return asRunId(newest);
}

/** The only run that begins with these words, else the words. RUN_NOT_FOUND that lists them when several do. */
async function fullName(context: AppContext, name: string): Promise<string> {
  const beginSo = (await context.ports.runs.list()).filter((run) => name !== "" && run.startsWith(name));
  const [first, second] = beginSo;
  if (first === undefined || beginSo.some((run) => run === name)) return name;
  if (second === undefined) return first;
  throw new RecoveryError("RUN_NOT_FOUND", {
    subject: `run ${name}`,
    detail: `several runs begin so: ${[...beginSo].sort().reverse().slice(0, 5).join(", ")}${beginSo.length > 5 ? ", …" : ""}`,
  });
}
