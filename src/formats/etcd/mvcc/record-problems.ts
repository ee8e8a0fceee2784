import type { StoredRecord } from "./stored-record.ts";

/** Something a record says that etcd would never have written. The record can be read; what it says is in doubt. */
export interface RecordProblem {
  readonly revision: string;
  readonly what: string;
}

/** More of them say nothing new; they are counted. */
const maxListed = 100;

/**
 * Looks at what a reader of pages cannot see: whether a record agrees with its
 * own place and with itself, and whether one is missing. Above the compaction
 * every main revision is there, because only a transaction that changes
 * something takes one, and its changes are numbered from 0. Source: etcd
 * server/storage/mvcc/kvstore_txn.go (put, delete, End), api/mvccpb/kv.proto.
 */
export class RecordProblems {
  readonly listed: RecordProblem[] = [];
  count = 0;
  private readonly compacted: number;
  private main: number;
  private nextSub: number;

  /** Revisions up to `compacted` may be missing. */
  constructor(compacted: number) {
    this.compacted = compacted;
    this.main = compacted;
    this.nextSub = 0;
  }

  /** For every record, in order. */
  look(record: StoredRecord): void {
    const what = problemOf(record);
    if (what !== undefined) this.add(record.revisionText(), what);
    if (record.mainNumber > this.compacted) this.follow(record);
  }

  private follow(record: StoredRecord): void {
    const { mainNumber, subNumber } = record;
    const isNext = mainNumber === this.main ? subNumber === this.nextSub : mainNumber === this.main + 1 && subNumber === 0;
    if (!isNext) this.add(record.revisionText(), `records between revision ${this.main}.${this.nextSub} and this one are missing`);
    this.main = mainNumber;
    this.nextSub = subNumber + 1;
  }

  private add(revision: string, what: string): void {
    this.count += 1;
    if (this.listed.length < maxListed) this.listed.push({ revision, what });
  }
}

function problemOf(record: StoredRecord): string | undefined {
  const { createNumber, mainNumber, modNumber, versionNumber } = record;
  if (record.isTombstone) {
    if (record.keyEnd === record.keyStart) return "a deletion of no key";
    if (createNumber !== 0 || modNumber !== 0 || versionNumber !== 0 || record.hasLease) return "a deletion with more than a key";
    return undefined;
  }
  // The mark of `etcdutl snapshot restore --bump-revision`.
  if (record.stored.length === 0) return undefined;
  if (record.keyEnd === record.keyStart) return "a record without a key";
  if (modNumber !== mainNumber) return `it says that it was written by revision ${modNumber}`;
  if (createNumber < 1 || createNumber > modNumber) return `it says that its key was created by revision ${createNumber}`;
  if (versionNumber < 1) return "it says that its key was never written";
  if ((versionNumber === 1) !== (createNumber === modNumber))
    return `version ${versionNumber} of a key created by revision ${createNumber}`;
  return undefined;
}
