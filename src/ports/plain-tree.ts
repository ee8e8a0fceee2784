/** A new directory of this machine for the files of a set as they were. Nobody but its owner may read it. */
export interface PlainTreeWriter {
  /**
   * Everything is written beside it under another name, and gets the
   * directory's name at the end. TARGET_NOT_EMPTY when anything is there,
   * LOCAL_FILE_FAILED, LOCAL_DISK_FULL. Call `commit` or `discard` in the end.
   */
  begin(directory: string): Promise<NewPlainTree>;
}

export interface NewPlainTree {
  /** Without links. */
  readonly directory: string;
  /** What killed runs had left beside it, with secrets in clear, and was removed first. */
  readonly cleared: readonly string[];
  /** The same, where it is not known that nobody is at work on it: it stays. */
  readonly leftovers: readonly string[];
  /** Relative, `/` in it, no "..". An entry of one path is made once. */
  addFile(path: string, facts: PlainFileFacts, content: AsyncIterable<Uint8Array>): Promise<void>;
  /** After all files, so that nothing is ever written through a link. */
  addSymlink(path: string, target: string): Promise<void>;
  commit(): Promise<void>;
  /** Nothing of it stays; nothing to do after `commit`. */
  discard(): Promise<void>;
}

export interface PlainFileFacts {
  /** Permission bits. */
  readonly mode: number;
  /** Seconds of Unix time. */
  readonly modifiedAt: number;
}
