/** What an entry is ranked by; among equals the smaller `order` comes first, so that the same file gives the same list. */
interface Ranked {
  readonly rank: number;
  readonly order: number;
}

/** Keeps the entries with the greatest ranks. */
export class TopKeys<Entry> {
  private readonly limit: number;
  private readonly kept: (Ranked & { readonly entry: Entry })[] = [];

  constructor(limit: number) {
    this.limit = limit;
  }

  /** True when it is among the greatest so far; only then is an entry worth making. */
  wants(rank: number, order: number): boolean {
    if (this.kept.length < this.limit) return true;
    const last = this.kept.at(-1);
    return last !== undefined && comesBefore({ rank, order }, last);
  }

  add(rank: number, order: number, entry: Entry): void {
    const at = this.kept.findIndex((one) => comesBefore({ rank, order }, one));
    this.kept.splice(at < 0 ? this.kept.length : at, 0, { rank, order, entry });
    if (this.kept.length > this.limit) this.kept.pop();
  }

  /** The greatest first. */
  entries(): readonly Entry[] {
    return this.kept.map((one) => one.entry);
  }
}

function comesBefore(one: Ranked, other: Ranked): boolean {
  return one.rank > other.rank || (one.rank === other.rank && one.order < other.order);
}
