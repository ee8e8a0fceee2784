import type { FileLogPosition, FileRanking } from "../model/file-ranking.ts";
import { bad, dim, gap, good, item, line, strong, table, warn, type Block, type Page } from "./page.ts";

export interface RankingDocument extends FileRanking {
  readonly apiVersion: "requorum/v1";
  readonly kind: "SnapshotRanking";
}

/** Newest first, with what each dir lacks. */
export function rankingPage(ranking: RankingDocument): Page {
  return [
    ...(ranking.isOneCluster ? [] : [line(bad("These data dirs are of different clusters: their order says nothing.")), gap]),
    table(
      [
        { title: "data dir", isFlexible: true },
        { title: "newest entry", align: "right" },
        { title: "database", align: "right" },
        { title: "log adds", align: "right" },
        { title: "uncertain", align: "right" },
        { title: "member", hideBelow: 90 },
        { title: "cluster", hideBelow: 110 },
      ],
      ranking.ranks.map((rank) => [
        rank.isNewest ? good(rank.path) : rank.path,
        place(rank.newest),
        place(rank.database),
        String(rank.unappliedEntries),
        rank.uncertainEntries > 0n ? warn(String(rank.uncertainEntries)) : "0",
        rank.memberId ?? dim("unknown"),
        rank.clusterId ?? dim("unknown"),
      ]),
    ),
    line(
      dim(
        "Entries as index (term). Uncertain: above the commit index that the log recorded; acknowledged or not, nobody can tell from one member.",
      ),
      2,
    ),
    ...ranking.ranks.flatMap((rank): readonly Block[] =>
      rank.problems.length === 0 ? [] : [gap, line(strong(rank.path)), ...rank.problems.map((problem) => item(bad(problem)))],
    ),
  ];
}

function place(position: FileLogPosition | undefined): string {
  return position === undefined ? "none" : `${String(position.index)} (${position.term === undefined ? "?" : String(position.term)})`;
}
