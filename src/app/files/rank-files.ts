import { openBolt } from "../../formats/bbolt/bolt-file.ts";
import { openDataDir, type DataDir } from "../../formats/etcd/data-dir/data-dir.ts";
import { rankMember, type MemberRank } from "../../formats/etcd/data-dir/rank-member.ts";
import { readMeta } from "../../formats/etcd/schema/read-meta.ts";
import { readSnapFile } from "../../formats/etcd/snap/snap-file.ts";
import { openWal } from "../../formats/etcd/wal/open-wal.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { FileRank, FileRanking } from "../../model/file-ranking.ts";
import { showing, type FileContext } from "./file-context.ts";
import { dataDirFiles, OpenFiles } from "./open-state.ts";

/**
 * Which of these data dirs of one cluster holds the newest state. Ordered as
 * raft would: by the term of the last entry, then by its index. Dirs of
 * another cluster, or that cannot be read, come last and say why.
 */
export function rankFiles(context: FileContext, paths: readonly string[]): FileRanking {
  const ranks = paths.map((path) => rankOne(context, path)).sort(newestFirst);
  const [first] = ranks;
  const clusterIds = new Set(ranks.flatMap((rank) => rank.clusterId ?? []));
  return {
    ranks: ranks.map((rank) => ({ ...rank, isNewest: first?.newest !== undefined && newestFirst(first, rank) === 0 })),
    isOneCluster: clusterIds.size <= 1,
  };
}

function rankOne(context: FileContext, path: string): FileRank {
  const files = new OpenFiles(context);
  try {
    const dir = openDataDir(dataDirFiles(context, files, path));
    const rank = rankMember({
      name: path,
      wal: dir.segments.length === 0 ? undefined : openWal(dir.segments, { onBytes: showing(context, `reading the log of ${path}`) }),
      database: databaseOf(dir),
      snapFiles: readableSnapFiles(dir),
    });
    files.assertUnchanged();
    return toFileRank(path, rank);
  } finally {
    files.close();
  }
}

function databaseOf({
  database,
}: DataDir): { readonly consistentIndex: bigint | undefined; readonly term: bigint | undefined } | undefined {
  if (database === undefined) return undefined;
  try {
    return readMeta(openBolt(database));
  } catch (error) {
    if (isDamage(error)) return undefined; // rankMember says that it is missing or cannot be read
    throw error;
  }
}

function readableSnapFiles(dir: DataDir): readonly { readonly index: bigint; readonly term: bigint }[] {
  return dir.snapFiles.flatMap((file) => {
    try {
      const { index, term } = readSnapFile(file.source);
      return [{ index, term }];
    } catch (error) {
      if (isDamage(error)) return []; // etcd sets such a file aside and takes the one before it
      throw error;
    }
  });
}

function isDamage(error: unknown): boolean {
  return error instanceof RecoveryError && ["FILE_DAMAGED", "FILE_UNSUPPORTED", "FILE_NOT_RECOGNISED"].includes(error.code);
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
    problems: rank.problems.map((problem) => problem.what),
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
