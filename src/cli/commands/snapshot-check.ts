import { errorCatalogue, exitCodes, type ExitName } from "../../model/error-catalogue.ts";
import type { FileCheck } from "../../model/file-inspection.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { fileCheckPage } from "../../render/file-check-page.ts";
import { fileChecksPage, type CheckedFile, type FileChecksDocument } from "../../render/file-checks-page.ts";
import type { CliContext } from "../cli-context.ts";
import { listArgument, type CommandModule } from "../command-spec.ts";
import { runFileTask } from "../file-work/run-file-task.ts";
import { walDirOption } from "../file-work/wal-dir-option.ts";
import { printResult } from "../print-result.ts";

export const command: CommandModule = {
  async run(invocation) {
    const { cli } = invocation;
    const paths = [...new Set(listArgument(invocation, "files"))];
    const [path, ...more] = paths;
    if (path === undefined) throw new RecoveryError("USAGE", { subject: "argument files", detail: "which file?" });
    const walDir = walDirOption(invocation);
    if (more.length > 0 && walDir !== undefined)
      throw new RecoveryError("USAGE", { subject: "option --wal-dir", detail: "it is the log of one data dir: check that one alone" });
    // A program gets one form, however many files a pattern has found.
    if (more.length > 0 || cli.global.output !== "text") return checkSeveral(cli, paths, walDir);
    const check = await runFileTask(cli, "check", { path, walDir });
    printResult(cli, check, () => fileCheckPage(check));
    return exitOf(check.verdict);
  },
};

function exitOf(verdict: FileCheck["verdict"]): ExitName {
  switch (verdict) {
    case "good":
      return "done";
    case "damaged":
      return "verificationFailed";
    case "incomplete":
      return "findings";
    default:
      return verdict satisfies never;
  }
}

/** One that cannot be read must not hide what the others are. */
async function checkSeveral(cli: CliContext, paths: readonly string[], walDir: string | undefined): Promise<ExitName> {
  const files: CheckedFile[] = [];
  let worst: ExitName = "done";
  const note = (exit: ExitName): void => {
    if (exitCodes[exit] > exitCodes[worst]) worst = exit;
  };
  for (const path of paths) {
    try {
      const check = await runFileTask(cli, "check", { path, walDir });
      files.push({ file: path, check, error: undefined });
      note(exitOf(check.verdict));
    } catch (error) {
      cli.signal.throwIfAborted();
      if (!(error instanceof RecoveryError)) throw error;
      const { code, detail } = error;
      files.push({ file: path, check: undefined, error: { code, detail } });
      note(errorCatalogue[code].exit);
    }
  }
  const document: FileChecksDocument = { apiVersion: "requorum/v1", kind: "SnapshotChecks", files };
  printResult(cli, document, () => fileChecksPage(document));
  return worst;
}
