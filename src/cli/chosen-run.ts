import type { AppContext } from "../app/app-ports.ts";
import { knownRun } from "../app/resume-run.ts";
import { listRuns } from "../app/run-records.ts";
import type { RunId } from "../model/ids.ts";
import { RecoveryError } from "../model/recovery-error.ts";

/** The named run, or the newest one that has not succeeded. RUN_NOT_FOUND. */
export async function chosenUnfinishedRun(app: AppContext, name: string | undefined): Promise<RunId> {
  if (name !== undefined) return await knownRun(app, name);
  const open = (await listRuns(app)).find((run) => run.problem === undefined && run.outcome !== "succeeded");
  if (open === undefined) throw new RecoveryError("RUN_NOT_FOUND", { subject: `cluster ${app.config.cluster}`, detail: "no run is unfinished; there is nothing to resume" });
  return open.run;
}
