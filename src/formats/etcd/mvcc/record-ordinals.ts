import type { MvccRecord, MvccRecords } from "../mvcc-records.ts";

/** One remembered place for so many records: 16 bytes each, 25 MB for 100 million records. */
const stride = 64;

/** Finds a record by its number in the order of revisions, by remembering where every 64th one stands. */
export class RecordOrdinals {
  private mains = new Float64Array(1024);
  private firsts = new Float64Array(1024);
  private currentMain = -1;
  private firstOfMain = 0;

  /** For every record once, in order from 0. */
  note(ordinal: number, main: number): void {
    if (main !== this.currentMain) {
      this.currentMain = main;
      this.firstOfMain = ordinal;
    }
    if (ordinal % stride !== 0) return;
    const slot = ordinal / stride;
    if (slot >= this.mains.length) {
      this.mains = doubled(this.mains);
      this.firsts = doubled(this.firsts);
    }
    this.mains[slot] = main;
    this.firsts[slot] = this.firstOfMain;
  }

  /** The record of this number, which must have been noted; reads at most 64 records and one transaction's, into memory that only the one found keeps. */
  find(records: Pick<MvccRecords, "records" | "name">, ordinal: number): MvccRecord {
    const slot = Math.floor(ordinal / stride);
    let current = this.firsts[slot] ?? 0;
    for (const record of records.records(BigInt(this.mains[slot] ?? 0), { reusesMemory: true })) {
      if (current === ordinal) return record;
      current += 1;
    }
    throw new Error(`${records.name}: record ${ordinal} was there before and is not any more`);
  }
}

function doubled(before: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const after = new Float64Array(before.length * 2);
  after.set(before);
  return after;
}
