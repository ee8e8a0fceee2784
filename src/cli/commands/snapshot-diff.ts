import { logLossLines } from "../../render/log-loss-lines.ts";
import { fileDiffPage, type FileDiffDocument } from "../../render/file-diff-page.ts";
import { hasFlag, textArgument, textOption, type CommandModule } from "../command-spec.ts";
import { runFileTask } from "../file-work/run-file-task.ts";
import { walDirsOption } from "../file-work/wal-dir-option.ts";
import { revisionNumber } from "../file-work/whole-number.ts";
import { printNote, printResult } from "../print-result.ts";

export const command: CommandModule = {
  async run(invocation) {
    const { cli } = invocation;
    const from = textArgument(invocation, "from") ?? "";
    const to = textArgument(invocation, "to") ?? from;
    const committedOnly = hasFlag(invocation, "committed-only");
    const skipsHashCheck = hasFlag(invocation, "skip-hash-check");
    const revisionOf = (option: string): bigint => revisionNumber(textOption(invocation, option), option);
    const diff = await runFileTask(cli, "diff", {
      from: { path: from, revision: revisionOf("from-revision"), committedOnly, skipsHashCheck },
      to: { path: to, revision: revisionOf("to-revision"), committedOnly, skipsHashCheck },
      selection: { what: textOption(invocation, "only"), namespace: textOption(invocation, "namespace"), selector: undefined },
      includesNoise: hasFlag(invocation, "all"),
      encryptionConfig: textOption(invocation, "encryption-config"),
      walDirs: walDirsOption(invocation, [from, to]),
    });
    const document: FileDiffDocument = { apiVersion: "requorum/v1", kind: "SnapshotDiff", ...diff };
    printResult(cli, document, () => fileDiffPage(document));
    const losses = [diff.from, diff.to].flatMap(({ file, logLoss }) => logLossLines(file, logLoss));
    if (losses.length > 0) printNote(cli, losses);
    const isWhole = losses.length === 0 && [diff.from, diff.to].every(({ metaDamage }) => metaDamage?.isInLog !== false);
    return diff.objects.length === 0 && isWhole && diff.missing.length === 0 ? "done" : "findings";
  },
};
