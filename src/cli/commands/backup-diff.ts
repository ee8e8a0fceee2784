import { RecoveryError } from "../../model/recovery-error.ts";
import { shellWord } from "../../model/shell-word.ts";
import { textArgument, textOption, type CommandModule, type Invocation } from "../command-spec.ts";
import { calledWords } from "../backup/chosen-set.ts";
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
      const options = { sets: from.id === second.id ? [from] : sets, note: encryptionLines(sets) };
      return printFileDiff(invocation, request, options).catch((error: unknown) => {
        throw withSameDiff(error, invocation);
      });
    });
  },
};

/** The running cluster, or a path: names of sets have neither slash nor point. */
function isNoSet(text: string): boolean {
  return text === "live" || /[/.]/.test(text);
}

/** Where the cluster gives no state of its own, what another source shows is to be compared, and not only looked at. */
export function withSameDiff(error: unknown, invocation: Invocation): unknown {
  if (!(error instanceof RecoveryError)) return error;
  const { code, subject, detail } = error;
  const remedies = error.remedies.map((remedy) => {
    const source = /^requorum snapshot inspect (\S+:\/\/\S+)$/.exec(remedy.command ?? "")?.[1];
    return source === undefined ? remedy : { ...remedy, command: calledWords(invocation, { live: source }).map(shellWord).join(" ") };
  });
  return new RecoveryError(code, { subject, detail, remedies, cause: error });
}
