import type { AppliedRun } from "../app/apply-plan.ts";
import type { AppContext } from "../app/app-ports.ts";
import { readRun, type RunRecord } from "../app/run-records.ts";
import { errorCatalogue, type ExitName } from "../model/error-catalogue.ts";
import type { RunOutcome } from "../model/journal-event.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { runDocument } from "../render/run-document.ts";
import { runPage } from "../render/run-page.ts";
import { bad, command, dim, line, strong } from "../render/page.ts";
import type { CliContext } from "./cli-context.ts";
import { printNote, printResult, printShortfall } from "./print-result.ts";
import { writeReport } from "./write-report.ts";

/** Shows how a run ended, writes its report, and says with which exit. */
export async function finishRun(cli: CliContext, app: AppContext, applied: AppliedRun): Promise<ExitName> {
  const record = await readRun(app, applied.run);
  const document = runDocument(record);
  // On a terminal the steps were shown as they went; in a log or pipe the result stands alone.
  const showsSteps = !(cli.terminal.outIsTty && cli.terminal.errIsTty);
  printResult(cli, document, () => runPage(document, { showsSteps, showsNext: document.outcome !== "succeeded" }));
  await report(cli, app, record);
  return exitOfOutcome(applied.result.outcome, record.state?.steps.values());
}

/** What became of the run was said and stands, also when this machine's disk has no room for the report. */
async function report(cli: CliContext, app: AppContext, record: RunRecord): Promise<void> {
  try {
    printNote(cli, [line([strong("report  "), (await writeReport(app, record, undefined)).html])]);
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    const remedy = {
      why: "the run is as said above; write its report when that is settled",
      command: `requorum runs report ${record.run}`,
    };
    printShortfall(cli, new RecoveryError(error.code, { subject: error.subject, detail: error.detail, cause: error, remedies: [remedy] }), [
      line([bad("report not written: "), `${errorCatalogue[error.code].summary}: ${error.subject}`, dim(`  [${error.code}]`)]),
      command(remedy.command, remedy.why),
    ]);
  }
}

/** A run that failed in its last, proving step did its work but not its proof: that has an exit of its own. */
function exitOfOutcome(outcome: RunOutcome, steps: Iterable<{ readonly errorCode: string | undefined }> | undefined): ExitName {
  switch (outcome) {
    case "succeeded":
      return "done";
    case "failed":
      return [...(steps ?? [])].some((step) => step.errorCode === "VERIFICATION_FAILED" || step.errorCode === "SNAPSHOT_BAD")
        ? "verificationFailed"
        : "failed";
    case "blocked":
      return "blocked";
    case "outcome-unknown":
      return "outcomeUnknown";
    case "interrupted":
      return "interrupted";
    default:
      return outcome satisfies never;
  }
}
