/**
 * Which entry records of a log still count. A log is written forward only:
 * when a leader overrules entries, the new ones follow and everything from
 * their first index on is void; when a snapshot comes from a leader, all
 * before it is void. Kept in memory: runs of consecutive indexes of one term,
 * and the places where the log went back.
 * Source: etcd server/storage/wal/wal.go (ReadAll); raft storage.go (ApplySnapshot).
 */

/** Live entries with consecutive indexes and the same term. */
export interface LogRun {
  readonly term: bigint;
  readonly firstIndex: bigint;
  readonly lastIndex: bigint;
}

/** The entry record with this ordinal voided every earlier one with `index` or a higher index. */
interface Rewind {
  readonly ordinal: number;
  readonly index: bigint;
}

/** Terms and rewinds change with elections, not with writes: more than this is no log of etcd. */
const maxRuns = 100_000;

export type EntryVerdict = "appended" | "rewound" | "jumped" | "term-went-back" | "too-many";

export class LiveEntries {
  private readonly list: { readonly term: bigint; readonly firstIndex: bigint; lastIndex: bigint }[] = [];
  private readonly rewinds: Rewind[] = [];
  private count = 0;
  /** A snapshot record beyond the log's end: what follows shows whose it was. */
  private pending: bigint | undefined;
  private readonly committed: bigint | undefined;
  private highest = 0n;

  /**
   * A snapshot record counts once the hard state has committed its index.
   * `committed` is what the log's last hard state says; undefined when that is
   * not known yet: then every record counts, see `highestVoiding`.
   * Source: etcd server/storage/wal/wal.go (ValidSnapshotEntries).
   */
  constructor(committed?: bigint) {
    this.committed = committed;
  }

  /** The highest index of a snapshot record that voided entries; 0n when none did. */
  get highestVoiding(): bigint {
    return this.highest;
  }

  /** Entry records seen so far: the ordinal of the next. */
  get entryCount(): number {
    return this.count;
  }
  get runs(): readonly LogRun[] {
    return this.list;
  }
  get last(): LogRun | undefined {
    return this.list.at(-1);
  }

  /** The next entry record of the log. */
  add(index: bigint, term: bigint): EntryVerdict {
    const ordinal = this.count;
    // A leader of etcd up to 3.5 can save its own snapshot before the last entries in it: then the log goes on as if nothing was.
    if (this.pending !== undefined && index !== (this.last?.lastIndex ?? 0n) + 1n) this.finish();
    this.pending = undefined;
    this.count += 1;
    const before = this.last;
    const goesBack = before !== undefined && index <= before.lastIndex;
    if (goesBack && !this.voidFrom(index, ordinal)) return "too-many";
    const last = this.list.at(-1);
    const lastIndex = last?.lastIndex;
    if (last !== undefined && last.lastIndex === index - 1n && last.term === term) last.lastIndex = index;
    else {
      if (this.list.length >= maxRuns) return "too-many";
      this.list.push({ term, firstIndex: index, lastIndex: index });
    }
    if (lastIndex !== undefined && lastIndex < index - 1n) return "jumped";
    if (last !== undefined && term < last.term) return "term-went-back";
    return goesBack ? "rewound" : "appended";
  }

  /**
   * A snapshot record. One of a state that this log led to changes nothing;
   * one that a leader sent (behind the log's end, or of another history)
   * voids all entries so far.
   */
  addSnapshot(index: bigint, term: bigint): void {
    const last = this.last;
    if (index === 0n || last === undefined || index < (this.list[0]?.firstIndex ?? 0n)) return;
    if (this.committed !== undefined && index > this.committed) return;
    if (index > last.lastIndex) this.pending = index;
    // With a lower term it contradicts the log instead: raft's terms never go back. etcd goes by the entries then, and so do we.
    else if ((this.termAt(index) ?? term) < term) this.voidBy(index);
  }

  /** After the last record. */
  finish(): void {
    if (this.pending !== undefined) this.voidBy(this.pending);
    this.pending = undefined;
  }

  /** undefined when no live entry has this index. */
  termAt(index: bigint): bigint | undefined {
    let [low, high] = [0, this.list.length - 1];
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const run = this.list[middle];
      if (run === undefined) return undefined;
      if (index < run.firstIndex) high = middle - 1;
      else if (index > run.lastIndex) low = middle + 1;
      else return run.term;
    }
    return undefined;
  }

  /** The lowest index from which live entries follow each other without a gap to the last; undefined without entries. */
  get continuousFrom(): bigint | undefined {
    let from: bigint | undefined;
    for (let at = this.list.length - 1; at >= 0; at -= 1) {
      const run = this.list[at];
      if (run === undefined || (from !== undefined && run.lastIndex !== from - 1n)) break;
      from = run.firstIndex;
    }
    return from;
  }

  /** Whether nothing later voided the record; `ordinal` counts entry records from the log's first. */
  isLive(ordinal: number, index: bigint): boolean {
    // Rewinds grow in ordinal and in index: the first one behind the record has the lowest index of those behind it.
    let [low, high] = [0, this.rewinds.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.rewinds[middle]?.ordinal ?? 0) > ordinal) high = middle;
      else low = middle + 1;
    }
    const rewind = this.rewinds[low];
    return rewind === undefined || index < rewind.index;
  }

  private voidBy(snapshotIndex: bigint): void {
    this.voidFrom(0n, this.count);
    if (snapshotIndex > this.highest) this.highest = snapshotIndex;
  }

  /** Voids entries from `index` on that were recorded before `ordinal`. False when there are too many places to keep. */
  private voidFrom(index: bigint, ordinal: number): boolean {
    for (let last = this.list.at(-1); last !== undefined && last.lastIndex >= index; last = this.list.at(-1)) {
      if (last.firstIndex < index) {
        last.lastIndex = index - 1n;
        break;
      }
      this.list.pop();
    }
    for (let last = this.rewinds.at(-1); last !== undefined && last.index >= index; last = this.rewinds.at(-1)) this.rewinds.pop();
    if (this.rewinds.length >= maxRuns) return false;
    this.rewinds.push({ ordinal, index });
    return true;
  }
}
