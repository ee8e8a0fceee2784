import type { OnBytes } from "../../byte-source.ts";
import type { MvccRecord } from "../mvcc-records.ts";

/** OnBytes wants to be called at least once per 16 MiB. */
const stepBytes = 4 * 1024 * 1024;
/** What a record takes in a page beside its value: the revision and the element's head. */
const recordHeadBytes = 34;

/** Tells how many bytes the records of one pass had, pages' heads and free space left out. */
export class RecordProgress {
  private readonly totalBytes: number;
  private readonly onBytes: OnBytes | undefined;
  private done = 0;
  private told = 0;

  constructor(totalBytes: number, onBytes: OnBytes | undefined) {
    this.totalBytes = totalBytes;
    this.onBytes = onBytes;
  }

  add(record: MvccRecord): void {
    this.done += record.stored.length + recordHeadBytes;
    if (this.done - this.told < stepBytes) return;
    this.told = this.done;
    this.onBytes?.(Math.min(this.done, this.totalBytes), this.totalBytes);
  }

  end(): void {
    this.onBytes?.(this.totalBytes, this.totalBytes);
  }
}
