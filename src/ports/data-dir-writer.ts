import type { BoltSink } from "../formats/bbolt/bolt-sink.ts";

/**
 * Makes one new data dir, and only where nothing is: everything is written and
 * synced below a temporary name beside it, and gets its own name at the end.
 * An empty directory that is there gives it its owner and mode.
 */
export interface DataDirWriter {
  /** Throws TARGET_NOT_EMPTY when anything is there, LOCAL_FILE_FAILED, LOCAL_DISK_FULL. Call `commit` or `discard` in the end. */
  begin(directory: string): NewDataDir;
}

export interface NewDataDir {
  /** Paths beside it that a writer which was killed has left, or that one is writing now. Nobody removes them unasked. */
  readonly leftovers: readonly string[];
  /** On its disk, for this user, when it was begun. */
  readonly freeBytes: bigint;
  /** A file below the data dir, `/` in its path. `write` and `patch` as `BoltSink` has them; `close` syncs it. */
  create(path: string): BoltSink & { close(): void };
  /** Syncs the directories and gives the data dir its name. TARGET_NOT_EMPTY when something came there meanwhile. */
  commit(): void;
  /** Removes what was written, which nobody has seen. */
  discard(): void;
}
