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

/**
 * Sizes before the last one, which `maxKeys` decides. The steps are long,
 * because for a while the array that was grown out of stands beside the new one.
 */
const slotSteps = [1_024, 8_192, 65_536, 524_288] as const;
/** Linear probing stays short up to here. */
const maxLoad = 0.8;
const twoTo32 = 4_294_967_296;

/**
 * An open-addressing table from 128-bit key hash to a few words, in one typed
 * array: 28 or 44 bytes for a slot. `seek` leaves the place of the entry in
 * `words` and `at`, good until the next call.
 */
export class KeyTable {
  count = 0;
  words: Uint32Array<ArrayBuffer>;
  at = 0;
  private readonly width: number;
  private readonly maxKeys: number;
  private slots: number;

  /** The caller makes room (`keepPart`, `clear`) before more than `maxKeys + 1` entries are in it. */
  constructor(width: 7 | 11, maxKeys: number) {
    this.width = width;
    this.maxKeys = maxKeys;
    this.slots = slotSteps[0];
    this.words = new Uint32Array(this.slots * width);
  }

  /** Finds the entry of this hash, or makes one with state 0, which the caller must set. True when it was there. */
  seek(hash: KeyHasher): boolean {
    const { h0, h1, h2, h3 } = hash;
    if (this.find(h0, h1, h2, h3)) return true;
    if (this.count + 1 > this.slots * maxLoad) {
      this.grow();
      this.find(h0, h1, h2, h3);
    }
    this.count += 1;
    const { words, at } = this;
    words[at] = h0;
    words[at + 1] = h1;
    words[at + 2] = h2;
    words[at + 3] = h3;
    return false;
  }

  /** Finds the entry of this hash; false when there is none. */
  seekExisting({ h0, h1, h2, h3 }: KeyHasher): boolean {
    return this.find(h0, h1, h2, h3);
  }

  /** Every entry. `visit` reads `words` from `at` on. */
  forEach(visit: (words: Uint32Array, at: number) => void): void {
    const { words } = this;
    for (let at = 0; at < words.length; at += this.width) if (words[at + keyWord.state] !== 0) visit(words, at);
  }

  /** Empties it; its memory stays for the next pass. */
  clear(): void {
    this.words.fill(0);
    this.count = 0;
  }

  /** Its memory goes back at once, and the table cannot be used any more: who collects garbage sees little of it and waits long. */
  release(): void {
    giveBack(this.words);
  }

  /**
   * Drops the entries whose third hash word does not end in the bits of `id`,
   * without other memory: going on from an empty slot, each kept entry is taken
   * out and put where it belongs, which is its old slot or an earlier one that
   * was gone over already.
   */
  keepPart(mask: number, id: number): void {
    const { slots, width, words } = this;
    const entry = new Uint32Array(width);
    let start = 0;
    while (words[start * width + keyWord.state] !== 0) start += 1;
    this.count = 0;
    for (let step = 1; step <= slots; step += 1) {
      const at = ((start + step) % slots) * width;
      if (words[at + keyWord.state] === 0) continue;
      for (let index = 0; index < width; index += 1) entry[index] = words[at + index] ?? 0;
      words.fill(0, at, at + width);
      if (((entry[2] ?? 0) & mask) >>> 0 === id) this.insertAll(entry);
    }
  }

  private grow(): void {
    const before = this.words;
    this.slots = slotSteps.find((step) => step > this.slots && step < this.maxKeys) ?? Math.ceil((this.maxKeys + 2) / maxLoad);
    this.words = new Uint32Array(this.slots * this.width);
    this.count = 0;
    this.insertAll(before);
    giveBack(before);
  }

  private insertAll(entries: Uint32Array): void {
    const { width, words } = this;
    for (let from = 0; from < entries.length; from += width) {
      if (entries[from + keyWord.state] === 0) continue;
      this.find(entries[from] ?? 0, entries[from + 1] ?? 0, entries[from + 2] ?? 0, entries[from + 3] ?? 0);
      for (let index = 0; index < width; index += 1) words[this.at + index] = entries[from + index] ?? 0;
      this.count += 1;
    }
  }

  /** Ends: the table is never full. */
  private find(h0: number, h1: number, h2: number, h3: number): boolean {
    const { width, words } = this;
    let at = Math.floor((h1 * this.slots) / twoTo32) * width;
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

function giveBack({ buffer }: Uint32Array<ArrayBuffer>): void {
  buffer.transfer(0);
}
