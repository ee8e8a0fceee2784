import type { OnBytes } from "../../formats/byte-source.ts";
import { openBolt } from "../../formats/bbolt/bolt-file.ts";
import type { DataDir } from "../../formats/etcd/data-dir/data-dir.ts";
import { rankMember, type MemberRank } from "../../formats/etcd/data-dir/rank-member.ts";
import { readMeta } from "../../formats/etcd/schema/read-meta.ts";
import { readSnapFile } from "../../formats/etcd/snap/snap-file.ts";
import { openWal } from "../../formats/etcd/wal/open-wal.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { databaseThatCounts } from "./open-state.ts";

/** How new a data dir is, and what is missing in it. Throws FILE_DAMAGED for a log that cannot be read at all. */
export function rankDataDir(dir: DataDir, onBytes: OnBytes): MemberRank {
  return rankMember({
    name: dir.name,
    wal: dir.segments.length === 0 ? undefined : openWal(dir.segments, { onBytes }),
    database: databaseOf(dir),
    snapFiles: readableSnapFiles(dir),
  });
}

function databaseOf(dir: DataDir): { readonly consistentIndex: bigint | undefined; readonly term: bigint | undefined } | undefined {
  try {
    const database = databaseThatCounts(dir);
    return database === undefined ? undefined : readMeta(openBolt(database));
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
