import { RecoveryError } from "../../model/recovery-error.ts";
import { inspectionPage, type InspectionDocument } from "../../render/inspection-page.ts";
import { logLossLines } from "../../render/log-loss-lines.ts";
import { textArgument, type CommandModule } from "../command-spec.ts";
import { runFileTask } from "../file-work/run-file-task.ts";
import { walDirOption } from "../file-work/wal-dir-option.ts";
import { printNote, printResult } from "../print-result.ts";

export const command: CommandModule = {
  async run(invocation) {
    const { cli } = invocation;
    const path = textArgument(invocation, "file");
    if (path === undefined) throw new RecoveryError("USAGE", { subject: "argument file", detail: "which file?" });
    const inspection = await runFileTask(cli, "inspect", { path, walDir: walDirOption(invocation) });
    const document: InspectionDocument = { apiVersion: "requorum/v1", kind: "SnapshotInspection", ...inspection };
    printResult(cli, document, () => inspectionPage(document));
    if (inspection.logLoss !== undefined) printNote(cli, logLossLines(path, inspection.logLoss));
    return inspection.logLoss === undefined && inspection.structure.verdict === "good" && inspection.sha256.valid !== false
      ? "done"
      : "findings";
  },
};
