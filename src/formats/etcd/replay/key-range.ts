import { keyTextOf, type KeyText } from "./key-text.ts";

/** What a request is about: one key, or all keys from `from` on and before `before` (undefined: to the end). */
export type KeySelection =
  | { readonly kind: "one"; readonly key: KeyText }
  | { readonly kind: "range"; readonly from: KeyText; readonly before: KeyText | undefined };

/** As etcd reads key and range_end: none is the key itself, a single zero byte is all keys from `key` on. Source: etcd server/etcdserver/txn/delete.go (mkGteRange). */
export function keySelection(key: Uint8Array, rangeEnd: Uint8Array): KeySelection {
  if (rangeEnd.length === 0) return { kind: "one", key: keyTextOf(key) };
  if (rangeEnd.length === 1 && rangeEnd[0] === 0) return { kind: "range", from: keyTextOf(key), before: undefined };
  return { kind: "range", from: keyTextOf(key), before: keyTextOf(rangeEnd) };
}

export function isInRange(key: KeyText, from: KeyText, before: KeyText | undefined): boolean {
  return key >= from && (before === undefined || key < before);
}

/** Ranges joined where they touch, so that a membership test is one bisection. */
export class KeyRanges {
  private readonly ranges: { from: KeyText; before: KeyText | undefined }[] = [];
  private isSorted = true;

  add(from: KeyText, before: KeyText | undefined): void {
    if (before !== undefined && before <= from) return;
    this.ranges.push({ from, before });
    this.isSorted = false;
  }

  get isEmpty(): boolean {
    return this.ranges.length === 0;
  }

  has(key: KeyText): boolean {
    const candidate = this.lastUpTo(key);
    return candidate !== undefined && isInRange(key, candidate.from, candidate.before);
  }

  /** Every key from `from` on and before `before`; undefined: to the end. */
  covers(from: KeyText, before: KeyText | undefined): boolean {
    const candidate = this.lastUpTo(from);
    if (candidate === undefined || !isInRange(from, candidate.from, candidate.before)) return false;
    return candidate.before === undefined || (before !== undefined && before <= candidate.before);
  }

  private lastUpTo(key: KeyText): { readonly from: KeyText; readonly before: KeyText | undefined } | undefined {
    if (!this.isSorted) this.join();
    let low = 0;
    let high = this.ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.ranges[middle]?.from ?? "") <= key) low = middle + 1;
      else high = middle;
    }
    return this.ranges[low - 1];
  }

  private join(): void {
    const sorted = this.ranges.splice(0).sort((left, right) => (left.from < right.from ? -1 : left.from > right.from ? 1 : 0));
    for (const range of sorted) {
      const last = this.ranges.at(-1);
      if (last === undefined || (last.before !== undefined && range.from > last.before)) this.ranges.push({ ...range });
      else if (last.before !== undefined && (range.before === undefined || range.before > last.before)) last.before = range.before;
    }
    this.isSorted = true;
  }
}
