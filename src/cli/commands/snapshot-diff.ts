import { textArgument, type CommandModule } from "../command-spec.ts";
import { askedDiff, printFileDiff } from "../file-work/print-file-diff.ts";
import { walDirsOption } from "../file-work/wal-dir-option.ts";

export const command: CommandModule = {
  run(invocation) {
    const from = textArgument(invocation, "from") ?? "";
    const to = textArgument(invocation, "to") ?? from;
    return printFileDiff(invocation, { ...askedDiff(invocation, { from, to }), walDirs: walDirsOption(invocation, [from, to]) });
  },
};
