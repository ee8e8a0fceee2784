import type { AppliedRun } from "../app/apply-plan.ts";
import type { AppContext } from "../app/app-ports.ts";
import { readRun } from "../app/run-records.ts";
import type { ExitName } from "../model/error-catalogue.ts";
import type { RunOutcome } from "../model/journal-event.ts";
import { runDocument } from "../render/run-document.ts";
import { runPage } from "../render/run-page.ts";
import { line, strong } from "../render/page.ts";
import type { CliContext } from "./cli-context.ts";
import { printProblem, printResult } from "./print-result.ts";
import { writeReport } from "./write-report.ts";

/** Shows how a run ended, writes its report, and says with which exit. */
export async function finishRun(cli: CliContext, app: AppContext, applied: AppliedRun): Promise<ExitName> {
  const record = await readRun(app, applied.run);
  const document = runDocument(record);
  const report = await writeReport(app, record, undefined);
  // On a terminal the steps were shown as they went; in a log or pipe the result stands alone.
  const showsSteps = !(cli.terminal.outIsTty && cli.terminal.errIsTty);
  printResult(cli, document, () => runPage(document, { showsSteps, showsNext: document.outcome !== "succeeded" }));
  printProblem(cli, [line([strong("report  "), report.html])]);
  return exitOfOutcome(applied.result.outcome, record.state?.steps.values());
}

/** A run that failed in its last, proving step did its work but not its proof: that has an exit of its own. */
function exitOfOutcome(outcome: RunOutcome, steps: Iterable<{ readonly errorCode: string | undefined }> | undefined): ExitName {
  switch (outcome) {
    case "succeeded":
      return "done";
    case "failed":
      return [...(steps ?? [])].some((step) => step.errorCode === "VERIFICATION_FAILED" || step.errorCode === "SNAPSHOT_BAD") ? "verificationFailed" : "failed";
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
