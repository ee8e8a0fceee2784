import { RecoveryError } from "../../model/recovery-error.ts";
import { fileCheckPage, type FileCheckDocument } from "../../render/file-check-page.ts";
import { textArgument, type CommandModule } from "../command-spec.ts";
import { runFileTask } from "../file-work/run-file-task.ts";
import { printResult } from "../print-result.ts";

export const command: CommandModule = {
  async run(invocation) {
    const { cli } = invocation;
    const path = textArgument(invocation, "file");
    if (path === undefined) throw new RecoveryError("USAGE", { subject: "argument file", detail: "which file?" });
    const check = await runFileTask(cli, "check", { path });
    const document: FileCheckDocument = { apiVersion: "requorum/v1", kind: "SnapshotCheck", ...check };
    printResult(cli, document, () => fileCheckPage(document));
    return check.verdict === "good" ? "done" : "verificationFailed";
  },
};
