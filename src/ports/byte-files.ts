import type { BoltCheck } from "../formats/bbolt/bolt-check.ts";
import type { ByteSource, OnBytes } from "../formats/byte-source.ts";

/** A file that is open for reading. What it reads is checked to be one state of the file, see `assertUnchanged`. */
export interface OpenByteFile extends ByteSource {
  /** Throws FILE_CHANGED when the file is not what it was at the opening: other size, time of change, or another file in its place. */
  assertUnchanged(): void;
  /** Between the last write to it and its opening, by this machine's clock; negative when that is in the future. */
  readonly secondsSinceWrite: number;
  close(): void;
  /**
   * Begins to check the first `sizeBytes` beside the caller's own work; absent,
   * or undefined: the caller does it himself. The bytes are those of the file
   * that is open when `assertUnchanged` says so afterwards.
   */
  startChecks?(asked: ChecksAsked): PendingChecks | undefined;
}

export interface ChecksAsked {
  readonly sizeBytes: number;
  readonly sha256: boolean;
  /** Of a bbolt file that has so many bytes, see `checkBolt`. */
  readonly structure: boolean;
}

/** What was asked for, and no more. */
export interface ContentChecks {
  /** Hex. */
  readonly sha256: string | undefined;
  readonly structure: BoltCheck | undefined;
}

/** Checks that are done beside the caller. */
export interface PendingChecks {
  /** Once they are there; undefined when they could not be done beside: then the caller does them himself, and meets the reason. May be called again. */
  wait(onBytes?: OnBytes): ContentChecks | undefined;
}

/** Files to be read by the file engine, never written to. Synchronous, as the engine is. */
export interface ByteFiles {
  /** LOCAL_FILE_FAILED when there is nothing, or nothing that may be read; FILE_NOT_RECOGNISED for a device, pipe or socket. */
  kindOf(path: string): "file" | "directory";
  /** Names in a directory, sorted. LOCAL_FILE_FAILED. */
  list(path: string): readonly string[];
  /** LOCAL_FILE_FAILED. */
  open(path: string): OpenByteFile;
  /** The same for all names of one file or directory. LOCAL_FILE_FAILED. */
  identityOf(path: string): string;
  /** The process that holds a lock on the file, as etcd does on its database and log; undefined: none, or not to be seen here. The pid is -1 for the kind of lock that belongs to no process (as etcd takes it). */
  lockHolder(path: string): { readonly pid: number } | undefined;
}
