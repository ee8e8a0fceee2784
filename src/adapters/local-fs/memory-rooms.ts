/** A large allocation each, of which the kernel gives only the pages that are written. */
const roomBytes = 16 * 1024 * 1024;

/** Bytes that are written once, from their beginning on, in memory that threads share. */
export class MemoryRooms {
  readonly rooms: SharedArrayBuffer[] = [];
  sizeBytes = 0;

  /** false: the machine gives no more memory; nothing of these bytes is kept then. */
  append(bytes: Uint8Array): boolean {
    if (!this.#makeRoom(this.sizeBytes + bytes.length)) return false;
    for (let at = 0; at < bytes.length;) {
      const used = this.sizeBytes % roomBytes;
      const room = this.rooms[Math.floor(this.sizeBytes / roomBytes)] ?? new SharedArrayBuffer(0);
      const taken = bytes.subarray(at, at + roomBytes - used);
      new Uint8Array(room, used, taken.length).set(taken);
      at += taken.length;
      this.sizeBytes += taken.length;
    }
    return true;
  }

  #makeRoom(bytes: number): boolean {
    try {
      while (this.rooms.length * roomBytes < bytes) this.rooms.push(new SharedArrayBuffer(roomBytes));
      return true;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return false;
    }
  }

  /** What was written, in order. */
  *pieces(): Iterable<Uint8Array> {
    for (let at = 0; at < this.sizeBytes; at += roomBytes) {
      const room = this.rooms[at / roomBytes] ?? new SharedArrayBuffer(0);
      yield new Uint8Array(room, 0, Math.min(roomBytes, this.sizeBytes - at));
    }
  }

  /** Nothing of it can be read any more, by no thread. */
  clear(): void {
    for (const piece of this.pieces()) piece.fill(0);
    this.rooms.length = 0;
    this.sizeBytes = 0;
  }
}

/** `offset` and what follows are within what was written. */
export function readRooms(rooms: readonly SharedArrayBuffer[], offset: number, into: Uint8Array): void {
  for (let done = 0; done < into.length;) {
    const at = offset + done;
    const inRoom = at % roomBytes;
    const room = rooms[Math.floor(at / roomBytes)] ?? new SharedArrayBuffer(0);
    const part = new Uint8Array(room, inRoom, Math.min(into.length - done, roomBytes - inRoom));
    into.set(part, done);
    done += part.length;
  }
}
