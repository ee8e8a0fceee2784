import { readRunState } from "../execute/journal/journal.ts";
import type { RunState } from "../execute/journal/fold-journal.ts";
import type { VerifiedJournal } from "../execute/journal/verify-journal.ts";
import type { PlanDigest, RunId } from "../model/ids.ts";
import type { RunOutcome } from "../model/journal-event.ts";
import type { RecoveryPlan } from "../model/plan.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { readPlan } from "../schemas/plan.ts";
import type { AppContext } from "./app-ports.ts";
import { runContextOf } from "./run-context-of.ts";

/** One run, folded from its journal. */
export interface RunRecord {
  readonly run: RunId;
  readonly plan: RecoveryPlan;
  /** undefined: created, but killed before the first event. */
  readonly state: RunState | undefined;
  readonly journal: VerifiedJournal;
  /** What stands behind the last whole line; "" in a journal that nobody cut. */
  readonly tornTail: string;
  readonly directory: string;
}

export interface RunSummary {
  readonly run: RunId;
  readonly openedAt: string | undefined;
  readonly by: string | undefined;
  readonly strategy: string | undefined;
  /** "unfinished": under way, or the program was killed. */
  readonly outcome: RunOutcome | "unfinished";
  readonly stepsDone: number;
  readonly stepsTotal: number;
  /** Why it could not be read; such a run is listed, not hidden. */
  readonly problem: string | undefined;
}

/** The run that goes on, if any does. */
export interface NewestRun extends RunSummary {
  /** Where its lock is, as far as its journal knows; not empty: it is under way, or was killed. */
  readonly lockedOn: readonly string[];
  /** Of the plan that it carries out. */
  readonly plan: PlanDigest | undefined;
}

/** JOURNAL_CORRUPT, PLAN_INVALID or RUN_NOT_FOUND when it cannot be read. */
export async function readRun(context: AppContext, run: RunId): Promise<RunRecord> {
  const { runs, hashing } = context.ports;
  const plan = readPlan(await runs.readPlan(run), `plan of run ${run}`, (text) => hashing.sha256Hex(text));
  const read = await readRunState(runs, run, runContextOf(context).journal);
  return { run, plan, ...read, directory: runs.pathOf(run) };
}

/** Newest first. A damaged run is listed with its problem. */
export async function listRuns(context: AppContext): Promise<readonly RunSummary[]> {
  const runs = [...(await context.ports.runs.list())].sort().reverse();
  return await Promise.all(runs.map(async (run) => (await summariseRun(context, run)).summary));
}

/**
 * undefined: no run is known here. A damaged one is told with its problem. One
 * that ended before it was let in does not count: it did nothing, and what
 * kept it out may be the very run that is to go on.
 */
export async function newestRun(context: AppContext): Promise<NewestRun | undefined> {
  for (const run of [...(await context.ports.runs.list())].sort().reverse()) {
    const { summary, state } = await summariseRun(context, run);
    if (state?.stopped !== undefined && !state.wasLocked) continue;
    return { ...summary, lockedOn: state?.lock?.where ?? [], plan: state?.plan };
  }
  return undefined;
}

async function summariseRun(
  context: AppContext,
  run: RunId,
): Promise<{ readonly summary: RunSummary; readonly state: RunState | undefined }> {
  try {
    const { plan, state } = await readRun(context, run);
    const done = [...(state?.steps.values() ?? [])].filter((step) => step.state === "succeeded" || step.state === "skipped");
    const summary: RunSummary = {
      run,
      openedAt: state?.openedAt,
      by: state?.by,
      strategy: plan.strategy,
      outcome: state?.stopped?.outcome ?? "unfinished",
      stepsDone: done.length,
      stepsTotal: plan.steps.length,
      problem: undefined,
    };
    return { summary, state };
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    const summary: RunSummary = {
      run,
      openedAt: undefined,
      by: undefined,
      strategy: undefined,
      outcome: "unfinished",
      stepsDone: 0,
      stepsTotal: 0,
      problem: error.message,
    };
    return { summary, state: undefined };
  }
}
