import type { OnBytes } from "../../byte-source.ts";
import type { MvccRecord } from "../mvcc-records.ts";

/** OnBytes wants to be called at least once per 16 MiB. */
const stepBytes = 4 * 1024 * 1024;
/** What a record takes in a page beside its value: the revision and the element's head. */
const recordHeadBytes = 34;

/** Passes records on and tells how many bytes they had, pages' heads and free space left out. */
export function* withProgress(records: Iterable<MvccRecord>, totalBytes: number, onBytes: OnBytes | undefined): Iterable<MvccRecord> {
  let done = 0;
  let told = 0;
  for (const record of records) {
    yield record;
    done += record.stored.length + recordHeadBytes;
    if (done - told < stepBytes) continue;
    told = done;
    onBytes?.(Math.min(done, totalBytes), totalBytes);
  }
  onBytes?.(totalBytes, totalBytes);
}
