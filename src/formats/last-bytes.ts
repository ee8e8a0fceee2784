/** Takes a stream's bytes in pieces of any size, and holds its last ones back from what comes before them. */
export class LastBytes {
  private readonly count: number;
  private readonly onEarlier: (bytes: Uint8Array) => void;
  private held = new Uint8Array(0);

  /** `onEarlier` is given, in order, what is not among the last `count` bytes; valid until it returns. */
  constructor(count: number, onEarlier: (bytes: Uint8Array) => void) {
    this.count = count;
    this.onEarlier = onEarlier;
  }

  /** The last ones so far: `count`, or all when there are fewer. */
  get bytes(): Uint8Array {
    return this.held;
  }

  update(piece: Uint8Array): void {
    if (piece.length >= this.count) {
      this.onEarlier(this.held);
      this.onEarlier(piece.subarray(0, piece.length - this.count));
      this.held = piece.slice(piece.length - this.count);
      return;
    }
    const joined = new Uint8Array(this.held.length + piece.length);
    joined.set(this.held);
    joined.set(piece, this.held.length);
    const surplus = Math.max(0, joined.length - this.count);
    this.onEarlier(joined.subarray(0, surplus));
    this.held = joined.slice(surplus);
  }
}
