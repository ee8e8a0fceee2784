import type { FileLogPosition, FileRank, FileRanking } from "../model/file-ranking.ts";
import { bad, dim, gap, good, item, line, strong, table, warn, type Block, type Inline, type Page } from "./page.ts";

export interface RankingDocument extends FileRanking {
  readonly apiVersion: "requorum/v1";
  readonly kind: "SnapshotRanking";
}

/** Newest first, with what each dir lacks. */
export function rankingPage(ranking: RankingDocument): Page {
  return [
    ...verdict(ranking),
    table(
      [
        { title: "data dir", isFlexible: true },
        { title: "newest entry", align: "right" },
        { title: "revision", align: "right" },
        { title: "lacks entries", align: "right" },
        { title: "revisions", align: "right" },
        { title: "log adds", align: "right", hideBelow: 90 },
        { title: "uncertain", align: "right", hideBelow: 90 },
        { title: "member", hideBelow: 110 },
        { title: "cluster", hideBelow: 130 },
      ],
      ranking.ranks.map((rank) => [
        rank.isNewest ? good(rank.path) : rank.isDamaged || rank.newest === undefined ? bad(rank.path) : rank.path,
        place(rank.newest),
        rank.revision === undefined ? dim("not known") : String(rank.revision),
        lacks(rank.missingEntries),
        lacks(rank.missingRevisions),
        rank.newest === undefined ? dim("not known") : String(rank.unappliedEntries),
        rank.newest === undefined ? dim("not known") : rank.uncertainEntries > 0n ? warn(String(rank.uncertainEntries)) : "0",
        rank.memberId ?? dim("unknown"),
        rank.clusterId ?? dim("unknown"),
      ]),
    ),
    line(
      dim(
        "Entries as index (term); lacks: against the newest. Uncertain: above the commit index that the log recorded; acknowledged or not, nobody can tell from one member." +
          (ranking.ranks.some(({ newest }) => newest !== undefined && newest.term === undefined)
            ? " (?): etcd 3.4 keeps no term in its database."
            : ""),
      ),
      2,
    ),
    ...ranking.ranks.flatMap((rank): readonly Block[] =>
      rank.problems.length + rank.remarks.length === 0
        ? []
        : [
            gap,
            line(strong(rank.path)),
            ...rank.problems.map((problem) => item(bad(problem))),
            ...rank.remarks.map((remark) => item(remark)),
          ],
    ),
  ];
}

/** What can be relied on, before any number. */
function verdict({ ranks, isOneCluster }: RankingDocument): readonly Block[] {
  if (isOneCluster === false) return [line(bad("These are of different clusters: their order says nothing.")), gap];
  const newest = ranks.filter((rank) => rank.isNewest);
  const doubted = ranks.filter((rank) => rank.isDamaged || rank.newest === undefined);
  const doubt = doubted.length === 0 ? [] : [" ", bad(`${names(doubted)}: damaged or not read, and may have held more than can be seen.`)];
  const [first] = ranks;
  const most = first?.newest === undefined ? "" : ` As far as can be seen ${first.path} has the most.`;
  if (newest.length === 0) return [line([bad(`Which one is the newest cannot be told.${most}`), ...doubt]), gap];
  return [line([good(`Newest${doubted.length === 0 ? "" : " of those that are whole"}: ${names(newest)}.`), ...doubt]), gap];
}

function names(ranks: readonly FileRank[]): string {
  return ranks.map((rank) => rank.path).join(", ");
}

function lacks(count: bigint | undefined): Inline {
  return count === undefined ? dim("not known") : count > 0n ? warn(String(count)) : "0";
}

function place(position: FileLogPosition | undefined): string {
  return position === undefined ? "none" : `${String(position.index)} (${position.term === undefined ? "?" : String(position.term)})`;
}
