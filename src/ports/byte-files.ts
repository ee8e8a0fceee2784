import type { ByteSource, OnBytes } from "../formats/byte-source.ts";

/** A file that is open for reading. What it reads is checked to be one state of the file, see `assertUnchanged`. */
export interface OpenByteFile extends ByteSource {
  /** Throws FILE_CHANGED when the file is not what it was at the opening: other size, time of change, or another file in its place. */
  assertUnchanged(): void;
  /** Between the last write to it and its opening, by this machine's clock; negative when that is in the future. */
  readonly secondsSinceWrite: number;
  close(): void;
  /**
   * Begins to hash the first `sizeBytes` beside the caller's own work; absent,
   * or undefined: the caller does it himself. The bytes are those of the file
   * that is open when `assertUnchanged` says so afterwards.
   */
  startSha256?(sizeBytes: number): PendingSha256 | undefined;
}

/** A hash that is being computed beside the caller. */
export interface PendingSha256 {
  /** Hex, once it is there; undefined when it could not be computed beside: then the caller does it himself, and meets the reason. */
  wait(onBytes?: OnBytes): string | undefined;
}

/** Files to be read by the file engine, never written to. Synchronous, as the engine is. */
export interface ByteFiles {
  /** LOCAL_FILE_FAILED when there is nothing, or nothing that may be read; FILE_NOT_RECOGNISED for a device, pipe or socket. */
  kindOf(path: string): "file" | "directory";
  /** Names in a directory, sorted. LOCAL_FILE_FAILED. */
  list(path: string): readonly string[];
  /** LOCAL_FILE_FAILED. */
  open(path: string): OpenByteFile;
  /** The process that holds a lock on the file, as etcd does on its database and log; undefined: none, or not to be seen here. The pid is -1 for the kind of lock that belongs to no process (as etcd takes it). */
  lockHolder(path: string): { readonly pid: number } | undefined;
}
