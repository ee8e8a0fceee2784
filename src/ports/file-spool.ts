/** Room on this machine for copies of files of other machines: private, and gone when the work is over. */
export interface FileSpool {
  /** A new directory that only this user may read. What programs that were killed left is removed first. LOCAL_FILE_FAILED. */
  open(): Promise<SpoolDirectory>;
}

export interface SpoolDirectory {
  readonly path: string;
  /** What a file may take there now. */
  freeBytes(): Promise<bigint>;
  /** A file below the directory, `/` in its path, which has no `..`. LOCAL_FILE_FAILED. */
  create(path: string): Promise<SpoolFile>;
  /** With everything in it. */
  remove(): Promise<void>;
}

export interface SpoolFile {
  /** LOCAL_DISK_FULL, LOCAL_FILE_FAILED. */
  append(bytes: Uint8Array): Promise<void>;
  /** Gives it the time of the last write that its original has, in seconds of Unix time. */
  close(modifiedAtSeconds: number): Promise<void>;
  /** Instead of `close`, or after it: the file goes, and its room is free again. LOCAL_FILE_FAILED. */
  discard(): Promise<void>;
}
