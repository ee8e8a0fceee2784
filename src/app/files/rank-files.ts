import { RecoveryError } from "../../model/recovery-error.ts";
import type { FileRank, FileRanking } from "../../model/file-ranking.ts";
import type { FileContext } from "./file-context.ts";
import { byPosition, clustersOf, mayBeNewer, missingIn, newestFirst, type Clusters } from "./order-ranks.ts";
import { identityOf, walDirFinder, type WalDirs } from "./wal-dirs.ts";
import { writesAt, writesDiffer } from "./writes-at.ts";
import { rankSource, unreadSource, type RankedSource } from "./rank-source.ts";

/**
 * Which of these data dirs of one cluster holds the newest state, and what the
 * others lack. Ordered as raft would: by the term of the last entry, then by
 * its index. A snapshot or database counts by the last entry that it holds.
 * What is damaged is never the newest, and what cannot be read comes last and
 * says why. `walDirs`: where the logs of those are that ran with etcd's
 * --wal-dir, by path. Throws the error of a single one that cannot be read.
 */
export function rankFiles(context: FileContext, paths: readonly string[], walDirs: WalDirs = {}): FileRanking {
  const { distinct, sameAs } = distinctPaths(context, paths);
  const walDirOf = walDirFinder(context, walDirs);
  const sources = distinct.map((path) => rankOrWhy(context, { path, walDir: walDirOf(path) }, distinct.length === 1));
  const read = sources.filter((source) => source.rank !== undefined);
  const clusters = clustersOf(read);
  const ordered = newestFirst(sources, clusters.known);
  const newest = clusters.isOneCluster === false ? undefined : ordered.find((one) => clusters.known.has(one) && isPlaced(one));
  const others = newest === undefined ? [] : ordered.filter((one) => one !== newest && clusters.known.has(one));
  const strangers = new Map(others.flatMap((one) => otherHistory(context, one, newest)));
  const isCertain = newest !== undefined && strangers.size === 0 && !ordered.some((one) => mayBeNewer(one, newest));
  return {
    ranks: ordered.map((source) => {
      const stranger = strangers.get(source) ?? [];
      const rank = toFileRank(source, clusters, stranger.length > 0 ? undefined : newest);
      const isNewest = isCertain && clusters.known.has(source) && isPlaced(source) && byPosition(source, newest, read) === 0;
      const remarks = [...rank.remarks, ...(sameAs.get(source.path) ?? []), ...sameMember(source, ordered)];
      return { ...rank, isNewest, remarks, problems: [...rank.problems, ...stranger, ...placeProblems(source, ordered, clusters)] };
    }),
    isOneCluster: clusters.isOneCluster,
  };
}

/**
 * Ids of members and clusters are made of names, addresses and a token: a
 * cluster that was set up again on the same machines has the same. What one
 * revision wrote tells the two apart, and members whose data differ.
 */
function otherHistory(
  context: FileContext,
  source: RankedSource,
  newest: RankedSource | undefined,
): readonly (readonly [RankedSource, readonly string[]])[] {
  const [here, there] = [source.databaseRevision, newest?.databaseRevision];
  if (newest === undefined || here === undefined || there === undefined) return [];
  const common = here < there ? here : there;
  if (!writesDiffer(writesAt(context, source.path, common), writesAt(context, newest.path, common))) return [];
  const words = `revision ${String(common)} is another write here than in ${newest.path}: they are not of one history, or the data of one was changed`;
  return [[source, [words]]];
}

function isPlaced(source: RankedSource): boolean {
  return source.rank?.newest !== undefined && !source.isDamaged;
}

/** One directory that is given twice, under whatever names, is one survivor. */
function distinctPaths(
  context: FileContext,
  paths: readonly string[],
): { readonly distinct: readonly string[]; readonly sameAs: ReadonlyMap<string, readonly string[]> } {
  const first = new Map<string, string>();
  const sameAs = new Map<string, readonly string[]>();
  for (const path of paths) {
    const identity = identityOf(context, path);
    const earlier = first.get(identity);
    if (earlier === undefined) first.set(identity, path);
    else {
      const again = path === earlier ? "it was given more than once" : `${path} is the same, under another name`;
      sameAs.set(earlier, [...new Set([...(sameAs.get(earlier) ?? []), again])]);
    }
  }
  return { distinct: [...first.values()], sameAs };
}

function rankOrWhy(
  context: FileContext,
  { path, walDir }: { readonly path: string; readonly walDir: string | undefined },
  isOnly: boolean,
): RankedSource {
  try {
    return rankSource(context, path, walDir);
  } catch (error) {
    if (error instanceof RecoveryError && !isOnly) return unreadSource(path, error);
    throw error;
  }
}

function toFileRank(source: RankedSource, clusters: Clusters, newest: RankedSource | undefined): FileRank {
  const { path, rank } = source;
  const missing = newest === undefined || !clusters.known.has(source) ? undefined : missingIn(source, newest);
  return {
    path,
    memberId: hex(rank?.memberId),
    clusterId: hex(rank?.clusterId ?? (clusters.isOneCluster !== false && clusters.known.has(source) ? clusters.clusterId : undefined)),
    isNewest: false,
    isDamaged: source.isDamaged,
    newest: rank?.newest,
    revision: source.revision,
    missingEntries: missing?.entries,
    missingRevisions: missing?.revisions,
    log: rank?.log,
    database: rank?.database,
    recordedCommit: rank?.hardState?.commit,
    unappliedEntries: rank?.unappliedCount ?? 0n,
    uncertainEntries: rank?.uncertainCount ?? 0n,
    problems: source.problems,
    remarks: [...source.remarks, ...(missing?.remark === undefined ? [] : [missing.remark])],
  };
}

/** Why its place in the order says less than it seems to. */
function placeProblems(source: RankedSource, ordered: readonly RankedSource[], clusters: Clusters): readonly string[] {
  if (source.rank?.newest === undefined) return [];
  if (clusters.isOneCluster === false) return otherCluster(source, ordered, clusters);
  if (!clusters.known.has(source)) return ["of which cluster it is cannot be told, as it names no members: it has no place in the order"];
  const before = ordered.slice(0, ordered.indexOf(source)).find((one) => isPlaced(one) && mayBeNewer(source, one));
  if (before === undefined) return [];
  return [`the term of its last entry is not known (etcd 3.4 keeps none in its database): it may be newer than ${before.path}`];
}

function otherCluster(source: RankedSource, ordered: readonly RankedSource[], { known }: Clusters): readonly string[] {
  const main = ordered.filter((one) => known.has(one));
  return known.has(source) || main.length === 0
    ? []
    : [`it has neither the cluster id nor any member of ${main.map((one) => one.path).join(", ")}: leave it out and rank the others again`];
}

/** Two copies of one member are one vote, and one survivor. */
function sameMember(source: RankedSource, ordered: readonly RankedSource[]): readonly string[] {
  const id = source.rank?.memberId;
  const others = ordered.filter((one) => one !== source && id !== undefined && one.rank?.memberId === id);
  return others.length === 0 ? [] : [`it is a copy of the same member as ${others.map((one) => one.path).join(", ")}`];
}

function hex(id: bigint | undefined): string | undefined {
  return id === undefined ? undefined : BigInt.asUintN(64, id).toString(16);
}
