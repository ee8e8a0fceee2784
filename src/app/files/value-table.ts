import { KeyHasher } from "../../formats/etcd/mvcc/key-hasher.ts";
import { KeyTable, keyWord } from "../../formats/etcd/mvcc/key-table.ts";
import { newHashSeed, type FileContext } from "./file-context.ts";

/** Keys held at a time: 56 MB (see KeyTable). With more, both states are read again for the rest of them. */
const maxKeysDefault = 1_600_000;
const seedBytes = 16;
/** In the word that KeyTable keeps a state in. */
const seen = { before: 1, both: 2 } as const;
/** In the words behind the hash of the key: 64 bits of the hash of the value. */
const valueWord = { high: keyWord.ordinal, low: keyWord.create } as const;

export type ValueChange = "added" | "same" | "differs";

/**
 * Which keys one state has and, of each value, a hash: what another state is
 * compared with, in memory bounded by a constant. Both hashes begin with
 * random bytes that nobody who made a file knows: two values that differ pass
 * for the same once in 10^19 times, made to deceive or not.
 *
 * Of more keys than fit, a part is held: both states are then gone through
 * again for each further part (`nextPart`). `take` says whether a key is of it.
 */
export class ValueTable {
  private readonly hashing: FileContext["hashing"];
  private readonly hasher: KeyHasher;
  private readonly table: KeyTable;
  private readonly maxKeys: number;
  private readonly left: { readonly mask: number; readonly id: number }[] = [];
  private mask = 0;
  private id = 0;
  /** The random bytes, and room for a value behind them. */
  private scratch: Uint8Array;
  private unmatched = 0;

  constructor(context: FileContext, maxKeys = maxKeysDefault) {
    this.hashing = context.hashing;
    this.hasher = new KeyHasher(newHashSeed(context));
    this.table = new KeyTable(7, maxKeys);
    this.maxKeys = maxKeys;
    this.scratch = new Uint8Array(64 * 1024);
    new Uint32Array(this.scratch.buffer, 0, seedBytes / 4).set(newHashSeed(context));
  }

  /** Keys of this part that only the first state has, as far as the second was gone through. */
  get unmatchedCount(): number {
    return this.unmatched;
  }

  /** To the key that the other calls are about; false when it is not of this part. */
  take(key: Uint8Array): boolean {
    this.hasher.hash(key, 0, key.length);
    return (this.hasher.h2 & this.mask) >>> 0 === this.id;
  }

  /** The key is in the first state, once, with this value. */
  note(value: Uint8Array): void {
    this.table.seek(this.hasher);
    const { words, at } = this.table;
    const hash = this.hashOf(value);
    words[at + valueWord.high] = hash.high;
    words[at + valueWord.low] = hash.low;
    words[at + keyWord.state] = seen.before;
    this.unmatched += 1;
    // Ends: there are 32 bits, and each leaves half of the keys.
    while (this.table.count > this.maxKeys && this.mask !== 0xffff_ffff) {
      const bit = (this.mask + 1) >>> 0;
      this.mask = (this.mask | bit) >>> 0;
      this.left.push({ mask: this.mask, id: (this.id | bit) >>> 0 });
      this.table.keepPart(this.mask, this.id);
      this.unmatched = this.table.count;
    }
  }

  /** The key is in the second state, once, with this value. */
  match(value: Uint8Array): ValueChange {
    if (!this.table.seekExisting(this.hasher)) return "added";
    const { words, at } = this.table;
    if (words[at + keyWord.state] === seen.before) this.unmatched -= 1;
    words[at + keyWord.state] = seen.both;
    const hash = this.hashOf(value);
    return words[at + valueWord.high] === hash.high && words[at + valueWord.low] === hash.low ? "same" : "differs";
  }

  /** After the second state was gone through: is the key in the first one only? */
  isUnmatched(): boolean {
    return this.table.seekExisting(this.hasher) && this.table.words[this.table.at + keyWord.state] === seen.before;
  }

  /** Empties it for a part that did not fit; false when all have been. */
  nextPart(): boolean {
    const next = this.left.pop();
    if (next === undefined) return false;
    ({ mask: this.mask, id: this.id } = next);
    this.table.clear();
    this.unmatched = 0;
    return true;
  }

  private hashOf(value: Uint8Array): { readonly high: number; readonly low: number } {
    const end = seedBytes + value.length;
    if (this.scratch.length < end) {
      const larger = new Uint8Array(2 * end);
      larger.set(this.scratch.subarray(0, seedBytes));
      this.scratch = larger;
    }
    this.scratch.set(value, seedBytes);
    const hex = this.hashing.sha256Hex(this.scratch.subarray(0, end));
    return { high: Number.parseInt(hex.slice(0, 8), 16), low: Number.parseInt(hex.slice(8, 16), 16) };
  }
}
