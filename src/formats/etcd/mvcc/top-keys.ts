/** Keeps the entries with the greatest numbers. */
export class TopKeys<Entry> {
  private readonly limit: number;
  private readonly kept: { readonly rank: number; readonly entry: Entry }[] = [];

  constructor(limit: number) {
    this.limit = limit;
  }

  /** True when `rank` is among the greatest so far; only then is an entry worth making. */
  wants(rank: number): boolean {
    return this.kept.length < this.limit ? this.limit > 0 : rank > (this.kept.at(-1)?.rank ?? 0);
  }

  add(rank: number, entry: Entry): void {
    let at = this.kept.length;
    while (at > 0 && (this.kept[at - 1]?.rank ?? 0) < rank) at -= 1;
    this.kept.splice(at, 0, { rank, entry });
    if (this.kept.length > this.limit) this.kept.pop();
  }

  /** The greatest first. */
  entries(): readonly Entry[] {
    return this.kept.map((one) => one.entry);
  }
}
