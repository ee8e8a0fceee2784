/** A set of page ids below a limit, one bit each: 256 KiB for the pages of an 8 GiB file. */
export class PageSet {
  /** Ids from here on are never in the set. */
  readonly limit: number;
  private readonly bits: Uint8Array;
  size = 0;

  constructor(limit: number) {
    this.limit = limit;
    this.bits = new Uint8Array(Math.ceil(limit / 8));
  }

  has(id: number): boolean {
    return id < this.limit && ((this.bits[id >>> 3] ?? 0) & (1 << (id & 7))) !== 0;
  }

  /** False when it was there already, or lies beyond the limit. */
  add(id: number): boolean {
    if (id >= this.limit || this.has(id)) return false;
    this.bits[id >>> 3] = (this.bits[id >>> 3] ?? 0) | (1 << (id & 7));
    this.size += 1;
    return true;
  }

  /** The first id in `[from, to)` that is not in the set; `to` when all are. */
  firstAbsent(from: number, to: number): number {
    let id = from;
    while (id < to && this.has(id)) id = (id & 7) === 0 && this.bits[id >>> 3] === 0xff ? id + 8 : id + 1;
    return Math.min(id, to);
  }
}
