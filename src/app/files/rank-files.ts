import { rankMember, type MemberRank } from "../../formats/etcd/data-dir/rank-member.ts";
import { readMeta } from "../../formats/etcd/schema/read-meta.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { FileRank, FileRanking } from "../../model/file-ranking.ts";
import { checkTrailer, contentDiffers } from "./check-trailer.ts";
import { showing, type FileContext } from "./file-context.ts";
import { kindOfSource } from "./kind-of-source.ts";
import { openDataDirAt, OpenFiles, withState } from "./open-state.ts";
import { rankDataDir } from "./rank-data-dir.ts";

/**
 * Which of these data dirs of one cluster holds the newest state. Ordered as
 * raft would: by the term of the last entry, then by its index. A snapshot or
 * database counts by the last entry that it holds. What cannot be read comes
 * last and says why; its error is thrown when nothing can be read.
 */
export function rankFiles(context: FileContext, paths: readonly string[]): FileRanking {
  const found = paths.map((path) => rankOrWhy(context, path));
  const [firstError] = found.flatMap((one) => (one instanceof RecoveryError ? [one] : []));
  if (firstError !== undefined && found.every((one) => one instanceof RecoveryError)) throw firstError;
  const ranks = found.map((one, at) => (one instanceof RecoveryError ? unreadRank(paths[at] ?? "", one) : one)).sort(newestFirst);
  const [first] = ranks;
  const clusterIds = new Set(ranks.flatMap((rank) => rank.clusterId ?? []));
  const isOneCluster = clusterIds.size <= 1;
  return {
    ranks: ranks.map((rank) => ({ ...rank, isNewest: isOneCluster && first?.newest !== undefined && newestFirst(first, rank) === 0 })),
    isOneCluster,
  };
}

/** One that cannot be read must not hide what the others say. */
function rankOrWhy(context: FileContext, path: string): FileRank | RecoveryError {
  try {
    return rankOne(context, path);
  } catch (error) {
    if (error instanceof RecoveryError) return error;
    throw error;
  }
}

function unreadRank(path: string, error: RecoveryError): FileRank {
  const empty = { name: path, memberId: undefined, clusterId: undefined, hardState: undefined, log: undefined, logFrom: undefined };
  const nothing = { database: undefined, snapshot: undefined, newest: undefined, unappliedCount: 0n, uncertainCount: 0n, problems: [] };
  return { ...toFileRank(path, { ...empty, ...nothing }), problems: [`it was not read (${error.code}): ${error.message}`] };
}

function rankOne(context: FileContext, path: string): FileRank {
  if (kindOfSource(context, path) === "file")
    return withState(context, { path }, (opened) => {
      const isChanged = checkTrailer(context, opened).valid === false;
      const rank = rankMember({ name: path, wal: undefined, database: readMeta(opened.stored()), snapFiles: [] });
      // A file has no log beside it, and none is missed.
      const found = toFileRank(path, { ...rank, problems: rank.problems.filter((problem) => problem.kind !== "log-missing") });
      return isChanged ? { ...found, problems: [...found.problems, contentDiffers] } : found;
    });
  const files = new OpenFiles(context);
  try {
    const dir = openDataDirAt(context, files, path);
    const rank = rankDataDir(dir, showing(context, `reading the log of ${path}`));
    files.assertUnchanged();
    return toFileRank(path, rank);
  } finally {
    files.close();
  }
}

function toFileRank(path: string, rank: MemberRank): FileRank {
  const hex = (id: bigint | undefined): string | undefined => (id === undefined ? undefined : BigInt.asUintN(64, id).toString(16));
  return {
    path,
    memberId: hex(rank.memberId),
    clusterId: hex(rank.clusterId),
    isNewest: false,
    newest: rank.newest,
    log: rank.log,
    database: rank.database,
    recordedCommit: rank.hardState?.commit,
    unappliedEntries: rank.unappliedCount,
    uncertainEntries: rank.uncertainCount,
    problems: [
      ...rank.problems.map((problem) => problem.what),
      ...(rank.newest !== undefined && rank.newest.term === undefined
        ? ["the term of its last entry is not known: by its index alone it may stand too low in the order"]
        : []),
    ],
  };
}

function newestFirst(one: FileRank, other: FileRank): number {
  const a = one.newest;
  const b = other.newest;
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  const byTerm = compare(b.term ?? 0n, a.term ?? 0n);
  return byTerm === 0 ? compare(b.index, a.index) : byTerm;
}

function compare(left: bigint, right: bigint): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
