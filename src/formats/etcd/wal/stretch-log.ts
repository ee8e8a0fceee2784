import { sliceSource } from "../../byte-source.ts";
import { openWal } from "./open-wal.ts";
import type { WalLog, WalStretch } from "./wal-log.ts";

/**
 * A log of one stretch alone, as if nothing stood before or behind it: an
 * entry in it that a later record voided is live again, and its hard state is
 * the last one in front of the break.
 */
export function stretchLog(wal: WalLog, stretch: WalStretch): WalLog {
  if (wal.breaks.length === 0) return wal;
  const { firstSegment, lastSegment, endOffset } = stretch;
  const files = wal.files
    .slice(firstSegment, endOffset === 0 ? lastSegment : lastSegment + 1)
    .map((file, at) => (firstSegment + at === lastSegment ? { ...file, source: sliceSource(file.source, 0, endOffset) } : file));
  return openWal(files);
}
