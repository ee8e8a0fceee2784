import { compareKeys, compareKeysWithin } from "../../formats/bbolt/compare-keys.ts";

/** Where the record of a key is, and what its object is sorted by: first `rank`, then the bytes of the key. */
export interface KeyPlace {
  /** 0 to 255. */
  readonly rank: number;
  /** Copied when it is taken. */
  readonly key: Uint8Array;
  readonly main: number;
  readonly sub: number;
}

/** Keys held in one pass: the engine is to stay below 300 MB. With more, the source is read again for the rest. 24 bytes each beside the key itself. */
const heldKeysDefault = 500_000;
/** Of the keys themselves. */
const keyBytesMax = 24 * 1024 * 1024;
/** Room for so many at first, and all of it once these are more: in steps between, what was outgrown would be held beside it. */
const firstHeldKeys = 4096;
const firstKeyBytes = 512 * 1024;

/**
 * What `pass` gives, in order, in memory bounded by a constant: of more than
 * fits, those that come first are kept, and `pass` is run again for those
 * behind them. Each run must give the same, each key once.
 */
export function* inKeyOrder(
  pass: (turn: number) => Iterable<KeyPlace>,
  options: { readonly heldKeys?: number | undefined } = {},
): Iterable<KeyPlace> {
  const batch = new PlaceBatch(options.heldKeys ?? heldKeysDefault);
  // Ends: each run goes on behind the one before.
  for (let turn = 0; ; turn += 1) {
    for (const place of pass(turn)) batch.add(place);
    yield* batch.sorted();
    if (!batch.isCut) return;
    batch.goOn();
  }
}

/** Places in typed arrays: as objects they would be five times as large, and moved about by every garbage collection. */
class PlaceBatch {
  isCut = false;
  private readonly keysMax: number;
  /** Rank and key of each, one behind the other. */
  private bytes = new Uint8Array(firstKeyBytes);
  private starts: Uint32Array;
  private mains: Float64Array;
  private subs: Float64Array;
  private count = 0;
  /** Rank and key: nothing up to this one is taken, */
  private after: Uint8Array | undefined;
  /** and nothing from this one on. */
  private before: Uint8Array | undefined;
  private scratch = new Uint8Array(1024);

  constructor(keysMax: number) {
    this.keysMax = Math.max(2, keysMax);
    const first = Math.min(this.keysMax, firstHeldKeys);
    this.starts = new Uint32Array(first + 1);
    this.mains = new Float64Array(first);
    this.subs = new Float64Array(first);
  }

  add({ rank, key, main, sub }: KeyPlace): void {
    const length = key.length + 1;
    if (this.after !== undefined || this.before !== undefined) {
      const own = this.ownBytes(rank, key);
      if (this.after !== undefined && compareKeys(own, this.after) <= 0) return;
      if (this.before !== undefined && compareKeys(own, this.before) >= 0) return;
    }
    if (this.count === this.mains.length || (this.starts[this.count] ?? 0) + length > this.bytes.length) {
      this.makeRoom();
      this.add({ rank, key, main, sub });
      return;
    }
    const start = this.starts[this.count] ?? 0;
    this.bytes[start] = rank;
    this.bytes.set(key, start + 1);
    this.mains[this.count] = main;
    this.subs[this.count] = sub;
    this.count += 1;
    this.starts[this.count] = start + length;
  }

  *sorted(): Iterable<KeyPlace> {
    for (const index of this.order()) {
      const own = this.at(index);
      yield { rank: own[0] ?? 0, key: own.subarray(1), main: this.mains[index] ?? 0, sub: this.subs[index] ?? 0 };
    }
  }

  /** Empty, for those that did not fit. */
  goOn(): void {
    // Those that are held are all that come before it.
    this.after = this.last;
    this.before = undefined;
    this.isCut = false;
    this.count = 0;
  }

  private get last(): Uint8Array | undefined {
    const last = this.order().at(-1);
    return last === undefined ? this.after : this.at(last).slice();
  }

  private ownBytes(rank: number, key: Uint8Array): Uint8Array {
    if (this.scratch.length <= key.length) this.scratch = new Uint8Array(2 * key.length);
    this.scratch[0] = rank;
    this.scratch.set(key, 1);
    return this.scratch.subarray(0, key.length + 1);
  }

  private at(index: number): Uint8Array {
    return this.bytes.subarray(this.starts[index], this.starts[index + 1]);
  }

  private order(): Uint32Array {
    const { bytes, starts } = this;
    const startOf = (index: number): number => starts[index] as number; // below count
    return Uint32Array.from({ length: this.count }, (_, index) => index).sort((one, other) =>
      compareKeysWithin(bytes, startOf(one), startOf(one + 1), startOf(other), startOf(other + 1)),
    );
  }

  private makeRoom(): void {
    if (this.count < this.mains.length) {
      if (this.bytes.length === keyBytesMax) this.halve();
      else this.bytes = copiedInto(new Uint8Array(keyBytesMax), this.bytes);
      return;
    }
    if (this.count === this.keysMax) {
      this.halve();
      return;
    }
    this.starts = copiedInto(new Uint32Array(this.keysMax + 1), this.starts);
    this.mains = copiedInto(new Float64Array(this.keysMax), this.mains);
    this.subs = copiedInto(new Float64Array(this.keysMax), this.subs);
  }

  /** Keeps the first half in place, in the order in which they came. */
  private halve(): void {
    const order = this.order();
    const half = Math.floor(order.length / 2);
    const isKept = new Uint8Array(order.length);
    for (const index of order.subarray(0, half)) isKept[index] = 1;
    this.before = this.at(order[half] ?? 0).slice();
    this.isCut = true;
    let to = 0;
    for (let from = 0; from < order.length; from += 1) {
      if (isKept[from] !== 1) continue;
      const [start, end, at] = [this.starts[from] ?? 0, this.starts[from + 1] ?? 0, this.starts[to] ?? 0];
      this.bytes.copyWithin(at, start, end);
      this.mains[to] = this.mains[from] ?? 0;
      this.subs[to] = this.subs[from] ?? 0;
      to += 1;
      this.starts[to] = at + end - start;
    }
    this.count = to;
  }
}

function copiedInto<T extends Uint8Array | Uint32Array | Float64Array>(larger: T, smaller: T): T {
  larger.set(smaller);
  return larger;
}
