import { RecoveryError } from "../../model/recovery-error.ts";
import { textArgument, textOption, type CommandModule } from "../command-spec.ts";
import { encryptionLines, withSourceSets } from "../backup/readable-sets.ts";
import { askedDiff, printFileDiff } from "../file-work/print-file-diff.ts";

export const command: CommandModule = {
  run(invocation) {
    const set = textArgument(invocation, "set");
    const to = textArgument(invocation, "to");
    if (to === undefined && textOption(invocation, "from-revision") === undefined && textOption(invocation, "to-revision") === undefined)
      throw new RecoveryError("USAGE", {
        subject: "argument to",
        detail:
          "say what the set is compared with: live, another set, or a file; or give --from-revision or --to-revision for the set at two revisions",
        remedies: [{ why: "what a restore of it would lose", command: `requorum backup diff ${set ?? "latest"} live` }],
      });
    const isOther = to !== undefined && isNoSet(to);
    return withSourceSets(invocation, to === undefined || isOther ? [set] : [set, to], (sets) => {
      const [from, second = from] = sets;
      if (from === undefined || second === undefined) throw new Error("a name gave no set");
      const keys = sets.flatMap(({ encryption }) => encryption.keys);
      const request = {
        ...askedDiff(invocation, { from: from.id, to: isOther ? to : second.id }),
        sealKeys: keys.length === 0 ? undefined : keys,
      };
      return printFileDiff(invocation, request, { sets: from.id === second.id ? [from] : sets, note: encryptionLines(sets) });
    });
  },
};

/** The running cluster, or a path: names of sets have neither slash nor point. */
function isNoSet(text: string): boolean {
  return text === "live" || /[/.]/.test(text);
}
