import type { OnBytes } from "../../byte-source.ts";
import type { MvccRecord, MvccRecords } from "../mvcc-records.ts";
import { RecordProgress } from "./record-progress.ts";
import { heldRevision, recordsUpTo } from "./view-at.ts";

/**
 * The record of one key at a revision (0n: the newest), undefined when it was
 * not there then. One pass over the records and no table. Throws
 * REVISION_NOT_IN_FILE, FILE_DAMAGED.
 */
export function findKey(
  source: MvccRecords,
  key: Uint8Array,
  options: { readonly revision: bigint; readonly onBytes?: OnBytes | undefined },
): MvccRecord | undefined {
  const at = heldRevision(source, options.revision);
  let last: MvccRecord | undefined;
  const progress = new RecordProgress(source.sizeBytes, options.onBytes);
  for (const record of recordsUpTo(source, at)) {
    progress.add(record);
    if (isSameKey(record.key, key)) last = record;
  }
  progress.end();
  return last?.isTombstone === true ? undefined : last;
}

/** Keys of one kind differ at their end, so that is looked at first. */
function isSameKey(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let at = one.length - 1; at >= 0; at -= 1) if (one[at] !== other[at]) return false;
  return true;
}
