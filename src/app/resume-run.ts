import { resumeRun as resumeExecution } from "../execute/executor/execute-run.ts";
import { asRunId, type RunId } from "../model/ids.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { readPlan } from "../schemas/plan.ts";
import type { AppContext } from "./app-ports.ts";
import { runContextOf, type AppliedRun, type AskConsent } from "./apply-plan.ts";
import { assertChecked } from "./make-plan.ts";
import { listRuns, readRun } from "./run-records.ts";

/**
 * Goes on with a run: by name, or the newest one that is not finished.
 * Consent is asked only if the run was stopped before it journalled any.
 */
export async function resumeRun(context: AppContext, request: { readonly run: string | undefined; readonly askConsent: AskConsent; readonly breakLock?: boolean; readonly onRun?: (run: RunId) => void }): Promise<AppliedRun> {
  const run = request.run === undefined ? await newestUnfinished(context) : await knownRun(context, request.run);
  const plan = readPlan(await context.ports.runs.readPlan(run), `plan of run ${run}`, (text) => context.ports.hashing.sha256Hex(text));
  assertChecked(plan);
  const record = await readRun(context, run);
  const consent = record.state?.consent === undefined ? await request.askConsent(plan) : undefined;
  request.onRun?.(run);
  const result = await resumeExecution({
    plan, run, context: runContextOf(context), signal: context.signal, report: context.report,
    ...(consent === undefined ? {} : { consent }),
    ...(request.breakLock === undefined ? {} : { breakLock: request.breakLock }),
  });
  return { run, result };
}

async function newestUnfinished(context: AppContext): Promise<RunId> {
  const records = await listRuns(context);
  const open = records.find((record) => record.problem === undefined && record.outcome !== "succeeded");
  if (open === undefined) {
    throw new RecoveryError("RUN_NOT_FOUND", { subject: `cluster ${context.config.cluster}`, detail: "every run known on this machine is finished; there is nothing to resume" });
  }
  return open.run;
}

/** RUN_NOT_FOUND for a name that is no run's. */
export async function knownRun(context: AppContext, name: string): Promise<RunId> {
  const runs = await context.ports.runs.list();
  const found = runs.find((run) => run === name);
  if (found !== undefined) return found;
  const detail = runs.length === 0 ? "no run is known on this machine for this cluster" : `known: ${[...runs].sort().reverse().slice(0, 5).join(", ")}`;
  throw new RecoveryError("RUN_NOT_FOUND", { subject: `run ${name}`, detail });
}

/** The named run, or the newest. */
export async function chosenRun(context: AppContext, name: string | undefined): Promise<RunId> {
  if (name !== undefined) return await knownRun(context, name);
  const newest = [...(await context.ports.runs.list())].sort().at(-1);
  if (newest === undefined) throw new RecoveryError("RUN_NOT_FOUND", { subject: `cluster ${context.config.cluster}`, detail: "no run is known on this machine for this cluster" });
  return asRunId(newest);
}
