import { readRunState } from "../execute/journal/journal.ts";
import type { RunState } from "../execute/journal/fold-journal.ts";
import type { VerifiedJournal } from "../execute/journal/verify-journal.ts";
import type { RunId } from "../model/ids.ts";
import type { RunOutcome } from "../model/journal-event.ts";
import type { RecoveryPlan } from "../model/plan.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { readPlan } from "../schemas/plan.ts";
import type { AppContext } from "./app-ports.ts";
import { runContextOf } from "./apply-plan.ts";

/** One run, folded from its journal. */
export interface RunRecord {
  readonly run: RunId;
  readonly plan: RecoveryPlan;
  /** undefined: created, but killed before the first event. */
  readonly state: RunState | undefined;
  readonly journal: VerifiedJournal;
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

/** JOURNAL_CORRUPT, PLAN_INVALID or RUN_NOT_FOUND when it cannot be read. */
export async function readRun(context: AppContext, run: RunId): Promise<RunRecord> {
  const { runs, hashing } = context.ports;
  const plan = readPlan(await runs.readPlan(run), `plan of run ${run}`, (text) => hashing.sha256Hex(text));
  const { state, journal } = await readRunState(runs, run, runContextOf(context).journal);
  return { run, plan, state, journal, directory: runs.pathOf(run) };
}

/** Newest first. A damaged run is listed with its problem. */
export async function listRuns(context: AppContext): Promise<readonly RunSummary[]> {
  const runs = [...(await context.ports.runs.list())].sort().reverse();
  return await Promise.all(runs.map((run) => summariseRun(context, run)));
}

/** undefined: no run is known here. A damaged one is told with its problem. */
export async function newestRun(context: AppContext): Promise<RunSummary | undefined> {
  const newest = [...(await context.ports.runs.list())].sort().at(-1);
  return newest === undefined ? undefined : await summariseRun(context, newest);
}

async function summariseRun(context: AppContext, run: RunId): Promise<RunSummary> {
  try {
    const { plan, state } = await readRun(context, run);
    const done = [...(state?.steps.values() ?? [])].filter((step) => step.state === "succeeded" || step.state === "skipped");
    return {
      run,
      openedAt: state?.openedAt,
      by: state?.by,
      strategy: plan.strategy,
      outcome: state?.stopped?.outcome ?? "unfinished",
      stepsDone: done.length,
      stepsTotal: plan.steps.length,
      problem: undefined,
    };
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    return {
      run,
      openedAt: undefined,
      by: undefined,
      strategy: undefined,
      outcome: "unfinished",
      stepsDone: 0,
      stepsTotal: 0,
      problem: error.message,
    };
  }
}
