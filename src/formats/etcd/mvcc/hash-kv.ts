import { RecoveryError } from "../../../model/recovery-error.ts";
import { crc32c } from "../../crc32c.ts";
import type { MvccRecords } from "../mvcc-records.ts";
import { bucketNames } from "../schema/bucket-names.ts";
import type { RecordBits } from "./record-bits.ts";
import { RecordProgress } from "./record-progress.ts";
import { encodeRevisionKey, tombstoneKeyBytes } from "./revision-key.ts";
import { findLive, heldRevision, recordsUpTo, type ViewOptions } from "./view-at.ts";

export interface KvHash {
  readonly hash: number;
  readonly revision: bigint;
  /** As etcd prints it: -1n when nothing was compacted. */
  readonly compactRevision: bigint;
  /** At exactly the compact revision a living 3.5-3.7 server answers from a cache, with a number that no file gives (failure catalogue M5). */
  readonly isComparable: boolean;
}

export interface HashKvOptions extends ViewOptions {
  /** Of the server whose number is wanted: `3.4`, `3.5.35`; a minor alone stands for its last patch. */
  readonly version: string;
  /** What `inspectRecords` found live at the newest revision, for the hash at that one: spares a pass. */
  readonly live?: RecordBits | undefined;
}

/**
 * What `Maintenance.HashKV` of a server gives for this data at a revision (0n:
 * the newest): CRC-32C over the bucket's name and every record up to it; of
 * the compacted part only what is live at the revision. The compaction that
 * was begun counts as done, as it does for a server that starts on the file.
 * Source: etcd server/storage/mvcc/hash.go, kvstore.go (hashByRev),
 * key_index.go (keep). Throws REVISION_NOT_IN_FILE, FILE_DAMAGED,
 * FILE_UNSUPPORTED.
 */
export function hashKv(source: MvccRecords, revision: bigint, options: HashKvOptions): KvHash {
  const rules = rulesOf(options.version);
  const at = heldRevision(source, revision);
  const compact = source.scheduledCompactRevision ?? source.compactRevision ?? -1n;
  if (rules.refusesCompactRevision && at <= compact)
    throw new RecoveryError("REVISION_NOT_IN_FILE", {
      subject: `file ${source.name}`,
      detail: `revision ${at} is asked for, etcd 3.4 gives no hash up to its compact revision ${compact}`,
    });
  const keep = compact < 0n ? undefined : keptBits(source, at, compact, options);
  const scratch = new Uint8Array(tombstoneKeyBytes);
  let crc = crc32c(bucketNames.key);
  let ordinal = -1;
  const progress = new RecordProgress(source.sizeBytes, options.onBytes);
  for (const record of recordsUpTo(source, at, { reusesMemory: true })) {
    progress.add(record);
    ordinal += 1;
    const { main } = record;
    if (main <= compact) {
      if (keep !== undefined && !keep.has(ordinal)) continue;
      if (rules.skipsCompactedTombstone && record.isTombstone && main === compact) continue;
    }
    crc = crc32c(encodeRevisionKey(main, record.sub, record.isTombstone, scratch), crc);
    crc = crc32c(record.stored, crc);
  }
  progress.end();
  return { hash: crc, revision: at, compactRevision: compact, isComparable: at > compact };
}

/**
 * Which records at or below the compact revision count. With nothing live at
 * the revision etcd skips none of what it has left, and what it has left after
 * a finished compaction is what was live at the compact revision.
 */
function keptBits(source: MvccRecords, revision: bigint, compact: bigint, options: HashKvOptions): RecordBits | undefined {
  const bits = (revision === source.revision ? options.live : undefined) ?? findLive(source, revision, options).bits;
  if (bits.count > 0) return bits;
  return source.scheduledCompactRevision === undefined ? undefined : findLive(source, compact, options).bits;
}

interface HashRules {
  /** A deletion at exactly the compact revision is left out: from 3.4.34, 3.5.16 and 3.6.0 on, which keep it in the file. */
  readonly skipsCompactedTombstone: boolean;
  /** 3.4 wants a revision above the compact one. */
  readonly refusesCompactRevision: boolean;
}

function rulesOf(version: string): HashRules {
  const parts = /^(\d+)\.(\d+)(?:\.(\d+))?/.exec(version);
  if (parts === null) throw new TypeError(`${JSON.stringify(version)} is no version of etcd`);
  const minor = Number(parts[2]);
  const patch = Number(parts[3] ?? Number.POSITIVE_INFINITY);
  return {
    skipsCompactedTombstone: minor > 5 || (minor === 5 && patch > 15) || (minor === 4 && patch > 33),
    refusesCompactRevision: minor <= 4,
  };
}
