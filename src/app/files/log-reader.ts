import type { OnBytes } from "../../formats/byte-source.ts";
import type { DataDir } from "../../formats/etcd/data-dir/data-dir.ts";
import { openWal } from "../../formats/etcd/wal/open-wal.ts";
import type { WalLog } from "../../formats/etcd/wal/wal-log.ts";

/** The log of a data dir; undefined: it has none. Throws as openWal. */
export type ReadLog = () => WalLog | undefined;

/** Reads the log when it is first asked for, and once: a log can be as large as the database. */
export function logReader(dir: DataDir, onBytes: OnBytes): ReadLog {
  let read: { readonly wal: WalLog | undefined } | undefined;
  return () => {
    read ??= { wal: dir.segments.length === 0 ? undefined : openWal(dir.segments, { onBytes }) };
    return read.wal;
  };
}
