/**
 * Where the engine reads from. Synchronous, because a walk over a million
 * pages is: a caller whose bytes are far away brings them here first, or
 * answers from a cache. The engine has no way to write to what it reads.
 */
export interface ByteSource {
  /** For messages: a path, or what the bytes are. */
  readonly name: string;
  /** Bytes; fixed when the source is opened. */
  readonly size: number;
  /**
   * Fills `into` with the bytes that start at `offset`. The caller asks only
   * for ranges inside `size`. Throws FILE_CHANGED when the bytes are gone by
   * now, LOCAL_FILE_FAILED when they cannot be read.
   */
  readInto(offset: number, into: Uint8Array): void;
}

/** Done and total bytes of long work; called at least once per 16 MiB. It may throw to stop the work. */
export type OnBytes = (doneBytes: number, totalBytes: number) => void;

export class MemoryByteSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, name = "bytes in memory") {
    this.name = name;
    this.size = bytes.length;
    this.bytes = bytes;
  }

  readInto(offset: number, into: Uint8Array): void {
    if (offset < 0 || offset + into.length > this.size)
      throw new RangeError(`${this.name}: bytes ${offset}+${into.length} of ${this.size}`);
    into.set(this.bytes.subarray(offset, offset + into.length));
  }
}

/** A fresh copy of a range. */
export function readBytes(source: ByteSource, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  source.readInto(offset, bytes);
  return bytes;
}

/** A part of another source, from `offset` to `offset + size`. */
export function sliceSource(source: ByteSource, offset: number, size: number): ByteSource {
  return {
    name: source.name,
    size,
    readInto: (at, into) => {
      if (at < 0 || at + into.length > size) throw new RangeError(`${source.name}: bytes ${at}+${into.length} of a part of ${size}`);
      source.readInto(offset + at, into);
    },
  };
}
