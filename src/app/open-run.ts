import type { RunId } from "../model/ids.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import type { AppContext } from "./app-ports.ts";
import { newestRun, type NewestRun } from "./run-records.ts";

/** The newest run that was let in, while it has not succeeded. undefined: there is nothing to go on with. */
export async function openRun(context: AppContext): Promise<NewestRun | undefined> {
  const newest = await newestRun(context);
  return newest?.outcome === "succeeded" ? undefined : newest;
}

/**
 * RUN_LOCKED when a run of this machine is under way, or was killed with its
 * lock on the machines: it is gone on with, or given up by --break-lock, before
 * another begins. Asked before anybody is asked for consent.
 */
export async function assertNoRunHoldsLock(context: AppContext): Promise<void> {
  const { cluster } = context.config;
  const open = await openRun(context);
  if (open === undefined || open.lockedOn.length === 0) return;
  // Under way in another terminal: then this names it. The lock dies with its program, so whoever gets it knows that none is.
  const local = await context.ports.localLock.acquire(cluster, `a look for runs by ${context.operator.by}`);
  await local.release();
  throw new RecoveryError("RUN_LOCKED", {
    subject: `run ${open.run}`,
    detail: `${openRunWords(open)}; its lock is still on ${open.lockedOn.join(", ")}`,
    remedies: [
      resumeRemedy(open.run),
      { why: "or give that run up: plan again, and let the new plan take its lock over", command: "requorum apply PLAN --break-lock" },
    ],
  });
}

/** "it was begun at … by …, is not finished (interrupted), 3 of 9 steps are done" */
export function openRunWords(open: NewestRun): string {
  const { openedAt, by, outcome, stepsDone, stepsTotal } = open;
  const begun = openedAt === undefined ? "it was made and not begun" : `it was begun at ${openedAt} by ${by ?? "somebody"}`;
  const end = outcome === "unfinished" ? "did not come to its end (the program was killed)" : `ended as ${outcome}`;
  return `${begun} and ${end} with ${String(stepsDone)} of ${String(stepsTotal)} steps done`;
}

export function resumeRemedy(run: RunId): { readonly why: string; readonly command: string } {
  return { why: "go on with it; it looks before it acts", command: `requorum resume ${run}` };
}
