/** So little in so long. */
export interface Least {
  readonly bytes: number;
  /** Of waiting: while the reader is busy, the member owes nothing. */
  readonly waitedMs: number;
}

/** What a member says that its database has, and the time there is for it. */
export interface Expected {
  readonly bytes: number;
  readonly withinMs: number;
}

/**
 * 9 KB/s: less is a drip. Two minutes: a disk that is slow for a moment, as
 * while it is repaired, gets over it.
 */
export const leastRate: Least = { bytes: 1024 * 1024, waitedMs: 120_000 };
/** A drip whose rest comes within this is an honest link, and a slow one: a small database comes over it. */
const dripMsMax = 3_600_000;
/** A stream that was fast enough until now may fall behind for ten minutes: links dip, and the other members may be behind the same one. */
const slowWindowsMax = 5;

/**
 * Watches a stream by windows of waiting: one that cannot bring the rest in
 * the time there is, or only drips, is given up, and another member is asked
 * meanwhile. The first piece may be late: that is for the limit of idleness.
 * A database grows; how much is to come beyond what was said is not known, and
 * has the time of a drip.
 */
export class RateWatch {
  readonly #expected: Expected;
  readonly #least: Least;
  #hasBegun = false;
  #window: Least = { bytes: 0, waitedMs: 0 };
  /** Of all windows. */
  #all: Least = { bytes: 0, waitedMs: 0 };
  #beyondMs = 0;
  #slowWindows = 0;

  constructor(expected: Expected, least: Least = leastRate) {
    this.#expected = expected;
    this.#least = least;
  }

  /** After each piece: how long it was waited for, and what time has passed since the call began. Gives what came in a window that brought too little. */
  tooSlow(piece: Least & { readonly passedMs: number }): Least | undefined {
    const waitedMs = this.#hasBegun ? piece.waitedMs : 0;
    this.#hasBegun = true;
    this.#window = { bytes: this.#window.bytes + piece.bytes, waitedMs: this.#window.waitedMs + waitedMs };
    if (this.#window.waitedMs < this.#least.waitedMs) return undefined;
    const came: Least = { bytes: this.#window.bytes, waitedMs: Math.round(this.#window.waitedMs) };
    this.#window = { bytes: 0, waitedMs: 0 };
    this.#all = { bytes: this.#all.bytes + came.bytes, waitedMs: this.#all.waitedMs + came.waitedMs };
    return this.#isTooSlow(came, this.#expected.withinMs - piece.passedMs) ? came : undefined;
  }

  #isTooSlow(came: Least, leftMs: number): boolean {
    const rest = this.#expected.bytes - this.#all.bytes;
    if (rest <= 0) {
      this.#beyondMs += came.waitedMs;
      return this.#beyondMs > dripMsMax;
    }
    const restMs = timeFor(rest, came);
    if (came.bytes < this.#least.bytes && restMs > dripMsMax) return true;
    this.#slowWindows = restMs > leftMs ? this.#slowWindows + 1 : 0;
    return this.#slowWindows >= slowWindowsMax || (this.#slowWindows > 0 && timeFor(rest, this.#all) > leftMs);
  }
}

function timeFor(bytes: number, rate: Least): number {
  return (bytes * rate.waitedMs) / rate.bytes;
}
