import type { KeyText } from "./key-text.ts";

/** A block is split beyond this: to put a key into one costs about what finding it does. */
const blockKeysMax = 512;

/**
 * Keys in order, kept so while they come and go: each change and each start of
 * a range costs a bisection and a move within one block, not a sort of all.
 */
export class OrderedKeys {
  /** None is empty; the keys of one are before those of the next. */
  private readonly blocks: KeyText[][] = [];

  /** In any order, each once. */
  constructor(keys: Iterable<KeyText>) {
    const sorted = [...keys].sort();
    const half = blockKeysMax / 2;
    for (let at = 0; at < sorted.length; at += half) this.blocks.push(sorted.slice(at, at + half));
  }

  /** A key that is not there yet. */
  add(key: KeyText): void {
    const at = this.blockOf(key);
    const block = this.blocks[at];
    if (block === undefined) {
      this.blocks.push([key]);
      return;
    }
    block.splice(firstAtOrAfter(block, key), 0, key);
    if (block.length > blockKeysMax) this.blocks.splice(at + 1, 0, block.splice(blockKeysMax / 2));
  }

  /** A key that is there. */
  remove(key: KeyText): void {
    const at = this.blockOf(key);
    const block = this.blocks[at];
    const index = block === undefined ? 0 : firstAtOrAfter(block, key);
    if (block?.[index] !== key) throw new Error("a key that is not among the ordered ones");
    block.splice(index, 1);
    if (block.length === 0) this.blocks.splice(at, 1);
  }

  /** From `from` on and before `before` (undefined: to the end). Keys must not change meanwhile. */
  *range(from: KeyText, before: KeyText | undefined): Iterable<KeyText> {
    const start = this.blockOf(from);
    for (let at = start; at < this.blocks.length; at += 1) {
      const block = this.blocks[at] ?? [];
      for (let index = at === start ? firstAtOrAfter(block, from) : 0; index < block.length; index += 1) {
        const key = block[index];
        if (key === undefined || (before !== undefined && key >= before)) return;
        yield key;
      }
    }
  }

  /** The last block whose first key is not after `key`; the first one when all are. */
  private blockOf(key: KeyText): number {
    let low = 0;
    let high = this.blocks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const first = this.blocks[middle]?.[0];
      if (first !== undefined && first <= key) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

function firstAtOrAfter(block: readonly KeyText[], key: KeyText): number {
  let low = 0;
  let high = block.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const there = block[middle];
    if (there !== undefined && there < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
