/**
 * Room on this machine for what may not lie there in the clear: a cluster's
 * secrets while they are looked at. It is this program's memory where enough
 * of that is free; else what is on disk is sealed under a key that only this
 * program's memory has. After a kill nobody can read it: on Linux the program also keeps
 * its memory out of core files (`emptyCoreFiles`); elsewhere, and where the
 * kernel refuses that, only `ulimit -c 0` does. Memory may be swapped out.
 */
export interface SealedSpool {
  /** LOCAL_FILE_FAILED. */
  open(): Promise<SealedDirectory>;
}

export interface SealedDirectory {
  /** Where it lies: for words about room on that disk. */
  readonly path: string;
  /** What files may take there now. */
  freeBytes(): Promise<bigint>;
  /** Whether so much, said beforehand, is held in memory: then no room is needed there. */
  holdsInMemory(expectedBytes: number): boolean;
  /**
   * A file under a name of its own: the path by which readers know it. One of
   * which it is known about how large it will be may be held in memory.
   */
  create(name: string, expectedBytes?: number): Promise<SealedFile>;
  /** The content of a file that is closed, in order. FILE_CHANGED when it is not what was written. */
  read(name: string): AsyncIterable<Uint8Array>;
  /** What a reader needs, of files that are closed. It holds the key: for another thread of this program, and for nobody else. */
  reading(): SealedReading;
  /** With everything in it; the key is forgotten. */
  remove(): Promise<void>;
}

export interface SealedFile {
  /** LOCAL_DISK_FULL, LOCAL_FILE_FAILED. */
  append(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
  /** Instead of `close`, or after it: the file goes, and its room is free again. */
  discard(): Promise<void>;
}

export interface SealedReading {
  readonly key: Uint8Array;
  readonly files: readonly SealedFileFacts[];
}

export type SealedFileFacts = FileOnDisk | FileInMemory;

interface SpooledFile {
  readonly name: string;
  /** In the clear. */
  readonly sizeBytes: number;
}

export interface FileOnDisk extends SpooledFile {
  /** The sealed file. */
  readonly place: string;
  /** Distinguishes the files under one key. */
  readonly number: number;
}

export interface FileInMemory extends SpooledFile {
  /** Of one size, filled one after the other; all threads see the same. */
  readonly rooms: readonly SharedArrayBuffer[];
}
