import { slotBytes, type SnapshotNews } from "./snapshot-thread-messages.ts";

/**
 * Fills slots with what comes, and hands each over when it is full. One that
 * is not full goes when the reader has nothing else to read: he sees few
 * large pieces, and waits for none.
 */
export class SnapshotSlots {
  readonly #slots: SharedArrayBuffer;
  readonly #say: (news: SnapshotNews) => void;
  readonly #free: number[];
  readonly #count: number;
  #filled: number | undefined;
  #usedBytes = 0;
  /** What came while no slot was free: of the pieces that were under way when the stream was paused. */
  #waiting: Uint8Array[] = [];
  #isFlushDue = false;
  #end: Extract<SnapshotNews, { readonly kind: "end" }> | undefined;

  constructor(slots: SharedArrayBuffer, say: (news: SnapshotNews) => void) {
    this.#slots = slots;
    this.#say = say;
    this.#count = slots.byteLength / slotBytes;
    this.#free = Array.from({ length: this.#count }, (_, slot) => slot);
    this.#filled = this.#free.shift();
  }

  /** false: the stream is to pause; `release` says when it may go on. */
  add(bytes: Uint8Array): boolean {
    if (this.#waiting.length > 0) this.#waiting.push(bytes.slice());
    else this.#put(bytes);
    this.#flushSoon();
    return this.#waiting.length === 0 && this.#filled !== undefined;
  }

  /** A slot was read. true: the stream may go on. */
  release(slot: number): boolean {
    this.#free.push(slot);
    this.#filled ??= this.#free.shift();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const bytes of waiting) {
      if (this.#waiting.length > 0) this.#waiting.push(bytes);
      else this.#put(bytes);
    }
    this.#flushIfRead();
    this.#sayEnd();
    return this.#waiting.length === 0 && this.#filled !== undefined;
  }

  /** Nothing more comes; it is told after all that came. */
  end(failure: { readonly code: number; readonly details: string } | undefined): void {
    this.#end = { kind: "end", failure };
    this.#sayEnd();
  }

  #put(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#filled === undefined) {
        this.#waiting.push(bytes.slice(at));
        return;
      }
      const taken = bytes.subarray(at, at + slotBytes - this.#usedBytes);
      new Uint8Array(this.#slots, this.#filled * slotBytes + this.#usedBytes, taken.length).set(taken);
      this.#usedBytes += taken.length;
      at += taken.length;
      if (this.#usedBytes === slotBytes) this.#flush();
    }
  }

  #flush(): void {
    if (this.#filled === undefined || this.#usedBytes === 0) return;
    this.#say({ kind: "piece", slot: this.#filled, length: this.#usedBytes });
    this.#usedBytes = 0;
    this.#filled = this.#free.shift();
  }

  /** Whatever else this turn of the event loop brings comes along. */
  #flushSoon(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    setImmediate(() => {
      this.#isFlushDue = false;
      this.#flushIfRead();
    });
  }

  /** The reader has all slots given back but the one that is filled. */
  #flushIfRead(): void {
    if (this.#free.length === this.#count - 1) this.#flush();
  }

  #sayEnd(): void {
    if (this.#end === undefined || this.#waiting.length > 0) return;
    this.#flush();
    this.#say(this.#end);
    this.#end = undefined;
  }
}
