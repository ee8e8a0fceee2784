import { rankingPage, type RankingDocument } from "../../render/ranking-page.ts";
import { listArgument, type CommandModule } from "../command-spec.ts";
import { runFileTask } from "../file-work/run-file-task.ts";
import { walDirsOption } from "../file-work/wal-dir-option.ts";
import { printResult } from "../print-result.ts";

export const command: CommandModule = {
  async run(invocation) {
    const { cli } = invocation;
    const paths = listArgument(invocation, "dirs");
    const ranking = await runFileTask(cli, "rank", { paths, walDirs: walDirsOption(invocation, paths) });
    const document: RankingDocument = { apiVersion: "requorum/v1", kind: "SnapshotRanking", ...ranking };
    printResult(cli, document, () => rankingPage(document));
    if (ranking.ranks.every((rank) => rank.newest === undefined)) return "factsIncomplete";
    return ranking.isOneCluster === true && ranking.ranks.every((rank) => rank.problems.length === 0) ? "done" : "findings";
  },
};
