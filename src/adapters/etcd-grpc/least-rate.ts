/** So little in so long is no snapshot that anybody waits for. */
export interface Least {
  readonly bytes: number;
  /** Of waiting: while the reader is busy, the member owes nothing. */
  readonly waitedMs: number;
}

/**
 * 9 KB/s. In the six hours that a snapshot may take at most, this would bring
 * 180 MiB; a member whose bytes come no faster has a disk or a link that is
 * failing, and another one is asked meanwhile. Two minutes: a disk that is
 * slow for a moment, as while it is repaired, gets over it.
 */
export const leastRate: Least = { bytes: 1024 * 1024, waitedMs: 120_000 };

/** Watches a stream by windows of waiting. The first piece may be late: that is for the limit of idleness. */
export class RateWatch {
  readonly #least: Least;
  #hasBegun = false;
  #bytes = 0;
  #waitedMs = 0;

  constructor(least: Least = leastRate) {
    this.#least = least;
  }

  /** After each piece: how long it was waited for. Gives what came in a window that brought too little. */
  tooSlow(piece: Least): Least | undefined {
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      return undefined;
    }
    this.#bytes += piece.bytes;
    this.#waitedMs += piece.waitedMs;
    if (this.#waitedMs < this.#least.waitedMs) return undefined;
    const came: Least = { bytes: this.#bytes, waitedMs: Math.round(this.#waitedMs) };
    [this.#bytes, this.#waitedMs] = [0, 0];
    return came.bytes < this.#least.bytes ? came : undefined;
  }
}
