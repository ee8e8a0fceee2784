import { rankingPage, type RankingDocument } from "../../render/ranking-page.ts";
import { isRemoteSource } from "../../app/files/remote-source.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { listArgument, listOption, type CommandModule } from "../command-spec.ts";
import { runFileTask } from "../file-work/run-file-task.ts";
import { printResult } from "../print-result.ts";

export const command: CommandModule = {
  async run(invocation) {
    const { cli } = invocation;
    const paths = listArgument(invocation, "dirs");
    const ranking = await runFileTask(cli, "rank", { paths, walDirs: walDirsOf(listOption(invocation, "wal-dir"), paths) });
    const document: RankingDocument = { apiVersion: "requorum/v1", kind: "SnapshotRanking", ...ranking };
    printResult(cli, document, () => rankingPage(document));
    if (ranking.ranks.every((rank) => rank.newest === undefined)) return "factsIncomplete";
    return ranking.isOneCluster === true && ranking.ranks.every((rank) => rank.problems.length === 0) ? "done" : "findings";
  },
};

/** `DIR=LOGDIR`, DIR as it was given to be ranked: either may have a "=" in it. Throws USAGE. */
function walDirsOf(texts: readonly string[], paths: readonly string[]): { readonly [path: string]: string } {
  const refuse = (detail: string): RecoveryError => new RecoveryError("USAGE", { subject: "option --wal-dir", detail });
  return Object.fromEntries(
    texts.map((text) => {
      const [path] = paths.filter((one) => text.startsWith(`${one}=`)).sort((one, other) => other.length - one.length);
      if (path === undefined)
        throw refuse(`${JSON.stringify(text)} is not DIR=LOGDIR, with DIR one of those to be ranked: ${paths.join(", ")}`);
      const walDir = text.slice(path.length + 1);
      if (walDir === "" || isRemoteSource(walDir))
        throw refuse(`${JSON.stringify(walDir)}: a log is read from a directory of this machine`);
      return [path, walDir];
    }),
  );
}
