import type { KeyHasher } from "./key-hasher.ts";

/** Words of an entry, counted from `at`. The caller writes those from `ordinal` on; the hash is the table's. */
export const keyWord = {
  /** The number of the key's last record in the order of revisions, from 0. */
  ordinal: 4,
  /** Low 32 bits of its create revision. */
  create: 5,
  /** `keyState`; 0 in a slot that is not used. */
  state: 6,
  /** Only in tables of 11 words: what `inspect` counts. */
  revisions: 7,
  liveBytes: 8,
  totalBytes: 9,
  group: 10,
} as const;
export const keyState = { deleted: 1, live: 2 } as const;

/** Grown one by one, so that growing needs little memory beside what is there. */
const shardCount = 64;
const firstSlots = 16;
/** Linear probing stays short up to here. */
const maxLoad = 0.8;
const growth = 1.5;
const twoTo32 = 4_294_967_296;

/**
 * An open-addressing table from 128-bit key hash to a few words, in typed
 * arrays: 28 or 44 bytes for a slot. `seek` leaves the place of the entry in
 * `words` and `at`, good until the next call.
 */
export class KeyTable {
  count = 0;
  words: Uint32Array<ArrayBuffer> = new Uint32Array(0);
  at = 0;
  private readonly width: number;
  private shards: Uint32Array<ArrayBuffer>[];
  private readonly used = new Uint32Array(shardCount);

  constructor(width: 7 | 11) {
    this.width = width;
    this.shards = Array.from({ length: shardCount }, () => new Uint32Array(firstSlots * width));
  }

  /** Finds the entry of this hash, or makes one with state 0, which the caller must set. True when it was there. */
  seek(hash: KeyHasher): boolean {
    const { h0, h1, h2, h3 } = hash;
    const shard = h0 >>> 26;
    if (this.find(shard, h0, h1, h2, h3)) return true;
    const used = (this.used[shard] ?? 0) + 1;
    if (used > (this.words.length / this.width) * maxLoad) {
      this.grow(shard);
      this.find(shard, h0, h1, h2, h3);
    }
    this.used[shard] = used;
    this.count += 1;
    const { words, at } = this;
    words[at] = h0;
    words[at + 1] = h1;
    words[at + 2] = h2;
    words[at + 3] = h3;
    return false;
  }

  /** Every entry. `visit` reads `words` from `at` on. */
  forEach(visit: (words: Uint32Array, at: number) => void): void {
    for (const words of this.shards)
      for (let at = 0; at < words.length; at += this.width) if (words[at + keyWord.state] !== 0) visit(words, at);
  }

  /** Drops the entries whose third hash word does not end in the bits of `id`; memory for what is kept stays. */
  keepPart(mask: number, id: number): void {
    this.count = 0;
    for (let shard = 0; shard < shardCount; shard += 1) {
      const before = this.shards[shard] ?? this.words;
      this.rebuild(shard, before, before.length / this.width, (at) => ((before[at + 2] ?? 0) & mask) >>> 0 === id);
      this.count += this.used[shard] ?? 0;
    }
  }

  private grow(shard: number): void {
    const before = this.shards[shard] ?? this.words;
    this.rebuild(shard, before, Math.ceil((before.length / this.width) * growth), () => true);
  }

  private rebuild(shard: number, before: Uint32Array, slots: number, isKept: (at: number) => boolean): void {
    const { width } = this;
    this.shards[shard] = new Uint32Array(slots * width);
    let used = 0;
    for (let at = 0; at < before.length; at += width) {
      if (before[at + keyWord.state] === 0 || !isKept(at)) continue;
      this.find(shard, before[at] ?? 0, before[at + 1] ?? 0, before[at + 2] ?? 0, before[at + 3] ?? 0);
      for (let index = 0; index < width; index += 1) this.words[this.at + index] = before[at + index] ?? 0;
      used += 1;
    }
    this.used[shard] = used;
  }

  /** Ends: a shard is never full. */
  private find(shard: number, h0: number, h1: number, h2: number, h3: number): boolean {
    const words = this.shards[shard] ?? this.words;
    const { width } = this;
    this.words = words;
    let at = Math.floor((h1 * (words.length / width)) / twoTo32) * width;
    while (words[at + 6] !== 0) {
      if (words[at] === h0 && words[at + 1] === h1 && words[at + 2] === h2 && words[at + 3] === h3) {
        this.at = at;
        return true;
      }
      at += width;
      if (at === words.length) at = 0;
    }
    this.at = at;
    return false;
  }
}
