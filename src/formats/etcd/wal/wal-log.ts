/**
 * A member's write-ahead log, from its segments: what it holds, where it ends
 * and why, and its live entries one after the other. Nothing is kept but
 * numbers; the entries are read again from the segments that hold them.
 * Segments of 3.4 to 3.7 have one form.
 */
import { RecoveryError } from "../../../model/recovery-error.ts";
import { damaged } from "../../format-error.ts";
import type { HardState, RaftEntry } from "../raft/raft-messages.ts";
import type { LiveEntries, LogRun } from "./live-entries.ts";
import { WalFrames } from "./wal-frames.ts";
import { readWalRecord, type WalMetadata, type WalSnapshot } from "./wal-records.ts";
import type { WalSegment } from "./wal-segment.ts";

/** A place in the log and what is wrong there. */
export interface WalProblem {
  readonly segment: string;
  /** From the start of the segment. */
  readonly offset: number;
  readonly what: string;
}

export type WalEnd =
  /**
   * The last whole record is followed by the file's end or by zeroes.
   * `isClosedSegment`: the last segment is full and was closed, which etcd
   * does only to begin the next one at once.
   */
  | { readonly kind: "clean"; readonly segment: string; readonly offset: number; readonly isClosedSegment?: true }
  /** A record was begun and not ended, as a kill leaves it, and none follows: this member did not get so far as to acknowledge it. */
  | { readonly kind: "torn"; readonly segment: string; readonly offset: number; readonly because: string }
  /** Whole records may follow that cannot be reached: see `breaks`. */
  | { readonly kind: "damaged"; readonly segment: string; readonly offset: number; readonly because: string }
  /** There is no segment at all. */
  | { readonly kind: "empty" };

/** A part of the log without a break inside: whole segments, the last of them up to `endOffset`. */
export interface WalStretch {
  readonly firstSegment: number;
  readonly lastSegment: number;
  readonly endOffset: number;
  /** Of the whole log: no break ends it. */
  readonly isToTheEnd: boolean;
}

export interface WalSegmentFacts {
  readonly name: string;
  readonly sizeBytes: number;
  /** Bytes of whole records. */
  readonly usedBytes: number;
  readonly entryCount: number;
  /** Its checksums continue those of the segment before. */
  readonly isChained: boolean;
}

export interface WalFacts {
  /** undefined when no segment has a readable head. */
  readonly metadata: WalMetadata | undefined;
  /** The last one written; undefined in a log without any. Its `commit` lags (failure catalogue M7). */
  readonly hardState: HardState | undefined;
  /** The newest last, at most 1024 of them; the one at index 0, with which every log begins, included. */
  readonly snapshots: readonly WalSnapshot[];
  /** Live entries by term. */
  readonly runs: readonly LogRun[];
  /** undefined without live entries. */
  readonly firstIndex: bigint | undefined;
  readonly lastIndex: bigint | undefined;
  readonly lastTerm: bigint | undefined;
  /** From here to `lastIndex` no entry is missing. */
  readonly continuousFrom: bigint | undefined;
  /** Entry records in the segments, void ones included. */
  readonly entryCount: number;
  readonly segments: readonly WalSegmentFacts[];
  /**
   * Where the chain of records is broken: damage inside, missing segments, a
   * segment without a head, another member's records, an index that was jumped
   * over. etcd refuses to start on most of these, and starts and misses what is
   * lost on the others. Reading goes on behind a jump at once, behind all
   * others with the next segment.
   */
  readonly breaks: readonly WalProblem[];
  /** The parts between the breaks, the oldest first; the part of a segment behind a break inside it belongs to none. */
  readonly stretches: readonly WalStretch[];
  /** What is odd and stops no etcd: bytes behind the log's end, entries whose term goes back. At most 100. */
  readonly oddities: readonly WalProblem[];
  readonly end: WalEnd;
}

export class WalLog implements WalFacts {
  readonly metadata: WalMetadata | undefined;
  readonly hardState: HardState | undefined;
  readonly snapshots: readonly WalSnapshot[];
  readonly runs: readonly LogRun[];
  readonly firstIndex: bigint | undefined;
  readonly lastIndex: bigint | undefined;
  readonly lastTerm: bigint | undefined;
  readonly continuousFrom: bigint | undefined;
  readonly entryCount: number;
  readonly segments: readonly WalSegmentFacts[];
  readonly breaks: readonly WalProblem[];
  readonly stretches: readonly WalStretch[];
  readonly oddities: readonly WalProblem[];
  readonly end: WalEnd;
  readonly files: readonly WalSegment[];
  private readonly live: LiveEntries;

  /** Made by openWal. */
  constructor(facts: WalFacts, files: readonly WalSegment[], live: LiveEntries) {
    this.metadata = facts.metadata;
    this.hardState = facts.hardState;
    this.snapshots = facts.snapshots;
    this.runs = facts.runs;
    this.firstIndex = facts.firstIndex;
    this.lastIndex = facts.lastIndex;
    this.lastTerm = facts.lastTerm;
    this.continuousFrom = facts.continuousFrom;
    this.entryCount = facts.entryCount;
    this.segments = facts.segments;
    this.breaks = facts.breaks;
    this.stretches = facts.stretches;
    this.oddities = facts.oddities;
    this.end = facts.end;
    this.files = files;
    this.live = live;
  }

  /** The term of a live entry; undefined when the log has none with this index. */
  termAt(index: bigint): bigint | undefined {
    return this.live.termAt(index);
  }

  /**
   * Live entries from `fromIndex` to `toIndex` (both included; to the last by
   * default), each index once and in order. Nothing when the log ends below
   * `fromIndex`. Throws FILE_DAMAGED where an entry between the first and the
   * last is missing, also when `fromIndex` itself is not in the log but higher
   * ones are; FILE_CHANGED when the segments are no longer what openWal read.
   */
  *entries(fromIndex: bigint, toIndex: bigint = this.lastIndex ?? 0n): Generator<RaftEntry, void, undefined> {
    if (this.lastIndex === undefined || fromIndex > this.lastIndex || toIndex < fromIndex) return;
    let next = fromIndex;
    let checksum: number | undefined;
    let ordinal = 0;
    const start = this.startSegment(fromIndex);
    for (const [at, file] of this.files.entries()) {
      const facts = this.segments[at];
      if (facts === undefined) return;
      if (at < start) {
        ordinal += facts.entryCount;
        continue;
      }
      const isLast = at === this.files.length - 1;
      const frames = new WalFrames(file.source, { isLast, checksum: facts.isChained && at > start ? checksum : undefined });
      for (let left = facts.entryCount; left > 0;) {
        const frame = frames.next();
        if (frame === undefined) throw changed(file, frames.doneBytes);
        const record = readWalRecord(frame, file.source.name);
        if (record.kind !== "entry") continue;
        left -= 1;
        const { entry } = record;
        const isLive = this.live.isLive(ordinal, entry.index);
        ordinal += 1;
        if (!isLive || entry.index < next) continue;
        if (entry.index > next)
          throw damaged(file.source.name, frame.offset, `the log has no entry ${next}: here it goes on with ${entry.index}`);
        yield entry;
        if (entry.index >= toIndex) return;
        next = entry.index + 1n;
      }
      // What follows the last entry (a state, a snapshot record) is part of the chain too.
      if (!isLast && this.segments[at + 1]?.isChained === true) while (frames.next() !== undefined);
      checksum = frames.runningChecksum;
    }
  }

  /** As etcd's searchIndex: live entries from an index on are in the last segment that begins at or below it, or later. */
  private startSegment(index: bigint): number {
    if (this.breaks.length > 0) return 0;
    const found = this.files.findLastIndex((file) => file.firstIndex <= index);
    return Math.max(found, 0);
  }
}

function changed(file: WalSegment, offset: number): RecoveryError {
  return new RecoveryError("FILE_CHANGED", {
    subject: `file ${file.source.name}, byte ${offset}`,
    detail: "the log's records are not those that were read a moment ago; stop etcd, or read a copy",
  });
}
