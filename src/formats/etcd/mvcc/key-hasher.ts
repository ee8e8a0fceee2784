/** 128 random bits as four words. */
export type HashSeed = readonly [number, number, number, number];

/**
 * A 128-bit hash of a key, so that a table over millions of keys can hold
 * fixed words instead of the keys. Who does not know the seed cannot make two
 * keys of one hash: in a file they would be taken for one key (see key-walk.ts).
 * HalfSipHash-1-3, with all of its state begun from the seed and given as the
 * result. Source: Aumasson and Bernstein, SipHash; Linux lib/siphash.c (hsiphash).
 */
export class KeyHasher {
  /** Of the key that was hashed last; unsigned 32-bit words. */
  h0 = 0;
  h1 = 0;
  h2 = 0;
  h3 = 0;
  /** v0 to v3 of the algorithm: an array that a function changes is faster here than four variables. */
  private readonly state = new Int32Array(4);
  private readonly seed0: number;
  private readonly seed1: number;
  private readonly seed2: number;
  private readonly seed3: number;

  /** Left out, the seed is known to all: for files of which nobody means harm. */
  constructor(seed: HashSeed = [0, 0, 0x6c79_6765, 0x7465_6462]) {
    // Numbers that are known to fit 32 bits are twice as fast.
    this.seed0 = seed[0] | 0;
    this.seed1 = seed[1] | 0;
    this.seed2 = seed[2] | 0;
    this.seed3 = seed[3] | 0;
  }

  hash(bytes: Uint8Array, start: number, end: number): void {
    const { state } = this;
    state[0] = this.seed0;
    state[1] = this.seed1;
    state[2] = this.seed2;
    state[3] = this.seed3;
    const wordsEnd = end - ((end - start) & 3);
    for (let at = start; at < wordsEnd; at += 4) mix(state, wordAt(bytes, at));
    mix(state, lastWord(bytes, wordsEnd, end) | ((end - start) << 24));
    state[2] ^= 0xff;
    for (let round = 0; round < 3; round += 1) mix(state, 0);
    this.h0 = state[0] >>> 0;
    this.h1 = state[1] >>> 0;
    this.h2 = state[2] >>> 0;
    this.h3 = state[3] >>> 0;
  }
}

/** One round, for one word of the key; a word of zeros adds nothing. */
function mix(state: Int32Array, word: number): void {
  // Not by one pattern for all four: that takes twice as long.
  let v0 = state[0] as number;
  let v1 = state[1] as number;
  let v2 = state[2] as number;
  let v3 = (state[3] as number) ^ word;
  v0 = (v0 + v1) | 0;
  v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
  v0 = (v0 << 16) | (v0 >>> 16);
  v2 = (v2 + v3) | 0;
  v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
  v0 = (v0 + v3) | 0;
  v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
  v2 = (v2 + v1) | 0;
  v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
  v2 = (v2 << 16) | (v2 >>> 16);
  state[0] = v0 ^ word;
  state[1] = v1;
  state[2] = v2;
  state[3] = v3;
}

// The loop stays inside the key.
function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24);
}
/** Up to three bytes at the end of the key. */
function lastWord(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at += 1) value |= (bytes[at] as number) << (8 * (at - start));
  return value;
}
