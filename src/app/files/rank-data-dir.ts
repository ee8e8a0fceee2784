import type { ByteSource } from "../../formats/byte-source.ts";
import { openBolt } from "../../formats/bbolt/bolt-file.ts";
import type { DataDir } from "../../formats/etcd/data-dir/data-dir.ts";
import { rankMember, type MemberRank } from "../../formats/etcd/data-dir/rank-member.ts";
import { loggedDatabase, type LoggedDatabase } from "../../formats/etcd/replay/logged-database.ts";
import { readSnapFile } from "../../formats/etcd/snap/snap-file.ts";
import type { WalLog } from "../../formats/etcd/wal/wal-log.ts";
import { isWrongContent } from "../../formats/format-error.ts";
import type { ReadLog } from "./log-reader.ts";
import { databaseThatCounts } from "./open-state.ts";

export interface ReadDataDir {
  readonly dir: DataDir;
  readonly rank: MemberRank;
  /** Its own; undefined also where the one beside it is of another cluster. */
  readonly wal: WalLog | undefined;
  /** The database that counts, where it can be read. */
  readonly database: ByteSource | undefined;
}

/** How new a data dir is, and what is missing in it. Throws FILE_DAMAGED for a log that cannot be read at all. */
export function rankDataDir(dir: DataDir, log: ReadLog): MemberRank {
  return readDataDir(dir, log).rank;
}

/** The same, with what it was read from. */
export function readDataDir(dir: DataDir, log: ReadLog): ReadDataDir {
  const wal = log();
  const found = databaseOf(dir, log);
  const rank = rankMember({ name: dir.name, wal, database: found?.logged, snapFiles: readableSnapFiles(dir) });
  const isOwn = rank.problems.every((problem) => problem.kind !== "log-of-another-cluster");
  return { dir, rank, wal: isOwn ? wal : undefined, database: found?.database };
}

function databaseOf(dir: DataDir, log: ReadLog): { readonly database: ByteSource; readonly logged: LoggedDatabase } | undefined {
  try {
    const database = databaseThatCounts(dir, log);
    return database === undefined ? undefined : { database, logged: loggedDatabase(openBolt(database), dir) };
  } catch (error) {
    if (isWrongContent(error)) return undefined; // rankMember says that it is missing or cannot be read
    throw error;
  }
}

function readableSnapFiles(dir: DataDir): readonly { readonly index: bigint; readonly term: bigint }[] {
  return dir.snapFiles.flatMap((file) => {
    try {
      const { index, term } = readSnapFile(file.source);
      return [{ index, term }];
    } catch (error) {
      if (isWrongContent(error)) return []; // etcd sets such a file aside and takes the one before it
      throw error;
    }
  });
}
