import { RecoveryError } from "../../../model/recovery-error.ts";
import { readMeta } from "../schema/read-meta.ts";
import type { BoltReader } from "../../bbolt/bolt-reader.ts";
import type { WalLog } from "../wal/wal-log.ts";
import type { ReplayableLog } from "./replay-log.ts";

/**
 * The log of a data dir, to be replayed over its database. Throws
 * LOG_DOES_NOT_FIT when the two are of different histories: the log has the
 * database's last entry with another term.
 */
export function replayableLog(wal: WalLog, database: BoltReader, name: string): ReplayableLog {
  const { consistentIndex, term } = readMeta(database);
  if (consistentIndex !== undefined && term !== undefined && term !== 0n) {
    const logged = wal.termAt(consistentIndex);
    if (logged !== undefined && logged !== term)
      throw new RecoveryError("LOG_DOES_NOT_FIT", {
        subject: `log ${name}`,
        detail: `the database's last entry ${consistentIndex} is of term ${term}, in the log that entry is of term ${logged}: they are not of one member, or of different times`,
      });
  }
  return {
    name,
    recordedCommit: wal.hardState?.commit ?? 0n,
    *entriesAfter(index) {
      const { lastIndex, continuousFrom } = wal;
      if (lastIndex === undefined || continuousFrom === undefined || lastIndex <= index) return;
      // Where entries are missing in between, replayLog sees the jump and says it.
      yield* wal.entries(continuousFrom > index + 1n ? continuousFrom : index + 1n);
    },
  };
}
