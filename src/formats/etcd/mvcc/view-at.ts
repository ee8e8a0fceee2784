import { RecoveryError } from "../../../model/recovery-error.ts";
import type { OnBytes } from "../../byte-source.ts";
import type { MvccRecord, MvccRecords } from "../mvcc-records.ts";
import type { HashSeed } from "./key-hasher.ts";
import { keyState, keyWord } from "./key-table.ts";
import { KeyWalk } from "./key-walk.ts";
import { RecordBits } from "./record-bits.ts";

export interface LiveView {
  readonly revision: bigint;
  /** Keys that are there at this revision, as a server counts them. */
  readonly count: number;
  /** In the order of the revisions that wrote them; reads the source once. `reusesMemory` as in MvccRecords. Throws FILE_DAMAGED. */
  records(options?: { readonly reusesMemory: boolean }): Iterable<MvccRecord>;
}

export interface ViewOptions {
  /** Random, for a file that somebody may have made to deceive (see KeyHasher). */
  readonly hashSeed?: HashSeed | undefined;
  /** Over one pass; work may take more than one. */
  readonly onBytes?: OnBytes | undefined;
  /** For tests: how many keys one pass may hold. */
  readonly maxKeys?: number | undefined;
}

/**
 * What the source holds at a revision, 0n for the newest: the last record of
 * every key that is not deleted. Memory is bounded by a constant. The record
 * without a key that `etcdutl snapshot restore --bump-revision` leaves is not
 * part of it (failure catalogue M4). Throws REVISION_NOT_IN_FILE, FILE_DAMAGED,
 * FILE_UNSUPPORTED.
 */
export function viewAt(source: MvccRecords, revision: bigint, options: ViewOptions = {}): LiveView {
  const at = heldRevision(source, revision);
  const { bits, markers } = findLive(source, at, options);
  return {
    revision: at,
    count: bits.count - markers,
    records: function* (reading) {
      let ordinal = 0;
      for (const record of recordsUpTo(source, at, reading)) {
        if (bits.has(ordinal) && record.key.length > 0) yield record;
        ordinal += 1;
      }
    },
  };
}

/** 0n becomes the newest. Throws REVISION_NOT_IN_FILE when it was compacted away or is yet to come. */
export function heldRevision(source: MvccRecords, revision: bigint): bigint {
  const at = revision === 0n ? source.revision : revision;
  const oldest = source.scheduledCompactRevision ?? source.compactRevision ?? 0n;
  if (at > source.revision || at < oldest || at < 0n)
    throw new RecoveryError("REVISION_NOT_IN_FILE", {
      subject: `file ${source.name}`,
      detail: `revision ${at} is asked for, and it holds ${oldest > 0n ? oldest : 1n} to ${source.revision}`,
    });
  return at;
}

export function* recordsUpTo(source: MvccRecords, revision: bigint, options?: { readonly reusesMemory: boolean }): Iterable<MvccRecord> {
  for (const record of source.records(0n, options)) {
    if (record.main > revision) return;
    yield record;
  }
}

/** A bit for each record that is its key's last one up to `revision` and no deletion; `markers` of them have no key. */
export function findLive(
  source: MvccRecords,
  revision: bigint,
  options: ViewOptions,
): { readonly bits: RecordBits; readonly markers: number } {
  const bits = new RecordBits();
  let emptyKeyOrdinal = -1;
  const walk = new KeyWalk(source, {
    width: 7,
    hashSeed: options.hashSeed,
    maxKeys: options.maxKeys,
    upTo: revision,
    onBytes: options.onBytes,
    onFirstPass: ({ key, ordinal }) => {
      if (key.length === 0) emptyKeyOrdinal = ordinal;
    },
    onPassEnd: (table) => {
      table.forEach((words, at) => {
        if (words[at + keyWord.state] === keyState.live) bits.set(words[at + keyWord.ordinal] ?? 0);
      });
    },
  });
  walk.run();
  return { bits, markers: emptyKeyOrdinal >= 0 && bits.has(emptyKeyOrdinal) ? 1 : 0 };
}
