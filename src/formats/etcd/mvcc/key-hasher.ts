/**
 * A 128-bit hash of a key, so that a table over millions of keys can hold
 * fixed words instead of the keys. Not cryptographic: who uses it compares the
 * keys themselves where records contradict each other (see key-table.ts).
 * Source of the method: Austin Appleby's MurmurHash3 (x86, 128 bits; public domain).
 */
const [c1, c2, c3, c4] = [0x239b961b, 0xab0e9789, 0x38b34ae5, 0xa1e38b93];

export class KeyHasher {
  /** Of the key that was hashed last; unsigned 32-bit words. */
  h0 = 0;
  h1 = 0;
  h2 = 0;
  h3 = 0;

  hash(bytes: Uint8Array, start: number, end: number): void {
    let [h0, h1, h2, h3] = [0, 0, 0, 0];
    let at = start;
    for (; at + 16 <= end; at += 16) {
      h0 ^= mix(word(bytes, at), c1, 15, c2);
      h0 = (Math.imul(((h0 << 19) | (h0 >>> 13)) + h1, 5) + 0x561ccd1b) | 0;
      h1 ^= mix(word(bytes, at + 4), c2, 16, c3);
      h1 = (Math.imul(((h1 << 17) | (h1 >>> 15)) + h2, 5) + 0x0bcaa747) | 0;
      h2 ^= mix(word(bytes, at + 8), c3, 17, c4);
      h2 = (Math.imul(((h2 << 15) | (h2 >>> 17)) + h3, 5) + 0x96cd1c35) | 0;
      h3 ^= mix(word(bytes, at + 12), c4, 18, c1);
      h3 = (Math.imul(((h3 << 13) | (h3 >>> 19)) + h0, 5) + 0x32ac3b17) | 0;
    }
    h0 ^= mix(tail(bytes, at, end), c1, 15, c2);
    h1 ^= mix(tail(bytes, at + 4, end), c2, 16, c3);
    h2 ^= mix(tail(bytes, at + 8, end), c3, 17, c4);
    h3 ^= mix(tail(bytes, at + 12, end), c4, 18, c1);
    this.finish(h0, h1, h2, h3, end - start);
  }

  private finish(start0: number, start1: number, start2: number, start3: number, length: number): void {
    let [h0, h1, h2, h3] = [start0 ^ length, start1 ^ length, start2 ^ length, start3 ^ length];
    h0 = (h0 + h1 + h2 + h3) | 0;
    h1 = (h1 + h0) | 0;
    h2 = (h2 + h0) | 0;
    h3 = (h3 + h0) | 0;
    h0 = avalanche(h0);
    h1 = avalanche(h1);
    h2 = avalanche(h2);
    h3 = avalanche(h3);
    h0 = (h0 + h1 + h2 + h3) | 0;
    this.h0 = h0 >>> 0;
    this.h1 = (h1 + h0) >>> 0;
    this.h2 = (h2 + h0) >>> 0;
    this.h3 = (h3 + h0) >>> 0;
  }
}

function mix(value: number, first: number, turn: number, second: number): number {
  const product = Math.imul(value, first);
  return Math.imul((product << turn) | (product >>> (32 - turn)), second);
}
function avalanche(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
// The loop stays inside the key.
function word(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24);
}
/** Up to four bytes at the end of the key, 0 behind it. */
function tail(bytes: Uint8Array, at: number, end: number): number {
  let value = 0;
  for (let index = 0; index < 4 && at + index < end; index += 1) value |= (bytes[at + index] as number) << (8 * index);
  return value;
}
