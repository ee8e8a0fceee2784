import type { OnBytes } from "../../byte-source.ts";
import { RecoveryError } from "../../../model/recovery-error.ts";
import { unsupported } from "../../format-error.ts";
import type { HardState } from "../raft/raft-messages.ts";
import { LiveEntries } from "./live-entries.ts";
import { nextFrame } from "./frame-search.ts";
import { nonZeroAfter, WalFrames, type WalFrame } from "./wal-frames.ts";
import { WalLog, type WalEnd, type WalFacts, type WalProblem, type WalSegmentFacts, type WalStretch } from "./wal-log.ts";
import { readWalRecord, type WalMetadata, type WalSnapshot } from "./wal-records.ts";
import { hex16, type WalSegment } from "./wal-segment.ts";

/** What etcd preallocates and where it begins the next segment. Source: etcd server/storage/wal/wal.go (SegmentSizeBytes). */
const fullSegmentBytes = 64_000_000;
const maxSnapshots = 1024;
const maxOddities = 100;
/** Beyond those of whole segments. */
const maxBreaks = 1000;
const progressBytes = 8 << 20;

/**
 * Reads every record of a log once: checksums, order, what is live, where it
 * ends. `segments` in order, as walSegmentsOf gives them. Damage is a fact in
 * the result, not an error: a log is most wanted when it is damaged. Throws
 * FILE_UNSUPPORTED only for what no etcd writes (a term change with every
 * entry, 100 000 times).
 */
export function openWal(segments: readonly WalSegment[], options: { readonly onBytes?: OnBytes } = {}): WalLog {
  const scan = scanned(segments, { onBytes: options.onBytes, committed: undefined });
  // A leader's snapshot was recorded and the state that makes it count was not: what it voided is still the log. Read again, knowing that.
  const again = scan.mustForget ? scanned(segments, { onBytes: undefined, committed: scan.commit }) : scan;
  return again.result();
}

function scanned(
  segments: readonly WalSegment[],
  options: { readonly onBytes: OnBytes | undefined; readonly committed: bigint | undefined },
): WalScan {
  const scan = new WalScan(segments, options);
  for (const [at, segment] of segments.entries()) scan.segment(segment, at);
  scan.finish();
  return scan;
}

class WalScan {
  private readonly files: readonly WalSegment[];
  private readonly onBytes: OnBytes | undefined;
  private readonly totalBytes: number;
  /** Of the segment that is being read. */
  private at = 0;
  private doneBytes = 0;
  private toldBytes = 0;
  private readonly live: LiveEntries;
  private metadata: { readonly facts: WalMetadata; readonly stored: Uint8Array } | undefined;
  private hardState: HardState | undefined;
  private readonly snapshots: WalSnapshot[] = [];
  /** Of `snapshots`, by index. */
  private readonly snapshotTerms = new Map<bigint, bigint>();
  private readonly segments: WalSegmentFacts[] = [];
  private readonly breaks: WalProblem[] = [];
  private readonly oddities: WalProblem[] = [];
  private readonly stretches: WalStretch[] = [];
  /** The segment with which the next of them begins. */
  private stretchFrom = 0;
  /** Entry records in front of it. */
  private stretchEntries = 0;
  private end: WalEnd = { kind: "empty" };
  private rest: number | undefined;
  /** undefined when the next segment begins a chain of its own. */
  private checksum: number | undefined;

  constructor(files: readonly WalSegment[], options: { readonly onBytes: OnBytes | undefined; readonly committed: bigint | undefined }) {
    this.files = files;
    this.onBytes = options.onBytes;
    this.live = new LiveEntries(options.committed);
    this.totalBytes = files.reduce((sum, file) => sum + file.source.size, 0);
  }

  segment(file: WalSegment, at: number): void {
    this.at = at;
    const before = this.files[at - 1];
    if (before !== undefined && file.sequence !== before.sequence + 1n) {
      const missing = `${hex16(before.sequence + 1n)}${file.sequence - before.sequence === 2n ? "" : ` to ${hex16(file.sequence - 1n)}`}`;
      this.endStretch(at - 1, before.source.size, at);
      this.breaks.push({
        segment: file.name,
        offset: 0,
        what: file.sequence > before.sequence ? `segment ${missing} is missing before this one` : "two segments have this number",
      });
      this.checksum = undefined;
    }
    const entriesBefore = this.live.entryCount;
    const isChained = this.checksum !== undefined;
    const isLast = at === this.files.length - 1;
    const frames = new WalFrames(file.source, { isLast, checksum: this.checksum });
    const problem = this.records(file, frames);
    const usedBytes = problem?.offset ?? frames.doneBytes;
    this.segments.push({
      name: file.name,
      sizeBytes: file.source.size,
      usedBytes,
      entryCount: this.live.entryCount - entriesBefore,
      isChained,
    });
    const damage = problem ?? this.damageOf(file, frames, isLast);
    if (damage !== undefined) this.broken(file, damage.offset, damage.what);
    this.checksum = damage === undefined ? frames.runningChecksum : undefined;
    if (isLast) this.endOf(file, usedBytes, { damage, frames });
    this.doneBytes += file.source.size;
    this.tell(0);
  }

  finish(): void {
    this.live.finish();
    const last = this.files.at(-1);
    if (last !== undefined) this.endStretch(this.files.length - 1, last.source.size, this.files.length, true);
  }
  get commit(): bigint {
    return this.hardState?.commit ?? 0n;
  }
  get mustForget(): boolean {
    return this.live.highestVoiding > this.commit;
  }

  result(): WalLog {
    const last = this.live.last;
    const facts: WalFacts = {
      metadata: this.metadata?.facts,
      hardState: this.hardState,
      snapshots: this.snapshots,
      runs: this.live.runs,
      firstIndex: this.live.runs[0]?.firstIndex,
      lastIndex: last?.lastIndex,
      lastTerm: last?.term,
      continuousFrom: this.live.continuousFrom,
      entryCount: this.live.entryCount,
      segments: this.segments,
      breaks: this.breaks,
      stretches: this.stretches,
      oddities: this.oddities,
      end: this.end,
    };
    return new WalLog(facts, this.files, this.live);
  }

  /** All records up to where the segment stops; or the record that is whole and yet wrong, which ends it too. */
  private records(file: WalSegment, frames: WalFrames): { readonly offset: number; readonly what: string } | undefined {
    for (let frame = frames.next(); frame !== undefined; frame = frames.next()) {
      const wrong = this.record(file, frame);
      if (wrong !== undefined) return { offset: frame.offset, what: wrong };
      if (frames.doneBytes - this.toldBytes >= progressBytes) this.tell(frames.doneBytes);
    }
    return undefined;
  }

  /** What is wrong with it, if anything. */
  private record(file: WalSegment, frame: WalFrame): string | undefined {
    const record = readOrDamage(frame, file);
    if (typeof record === "string") return record;
    switch (record.kind) {
      case "checksum":
        return undefined;
      case "metadata":
        return this.addMetadata(record.metadata, record.stored);
      case "state":
        this.hardState = record.state;
        return undefined;
      case "snapshot":
        this.addSnapshot(file, frame, record.snapshot);
        return undefined;
      case "entry":
        return this.addEntry(file, frame, record.entry);
    }
  }

  private addMetadata(facts: WalMetadata, stored: Uint8Array): string | undefined {
    if (this.metadata === undefined) {
      this.metadata = { facts, stored: stored.slice() };
      return undefined;
    }
    if (sameBytes(this.metadata.stored, stored)) return undefined;
    const { memberId, clusterId } = this.metadata.facts;
    return (
      `the log is of member ${facts.memberId.toString(16)} of cluster ${facts.clusterId.toString(16)} from here on, ` +
      `and was of member ${memberId.toString(16)} of cluster ${clusterId.toString(16)}`
    );
  }

  private addSnapshot(file: WalSegment, frame: WalFrame, snapshot: WalSnapshot): void {
    const { index, term } = snapshot;
    const before = this.snapshotTerms.get(index);
    if (before !== undefined && before !== term)
      this.jumped(file, frame, `a snapshot record at ${index} has term ${term}, an earlier one has term ${before}`);
    this.live.addSnapshot(index, term);
    if (this.snapshots.length >= maxSnapshots) {
      const oldest = this.snapshots.shift();
      if (oldest !== undefined) this.snapshotTerms.delete(oldest.index);
    }
    this.snapshots.push(snapshot);
    this.snapshotTerms.set(index, term);
  }

  private addEntry(file: WalSegment, frame: WalFrame, entry: { readonly index: bigint; readonly term: bigint }): string | undefined {
    if (entry.index === 0n) return "an entry with index 0";
    const before = this.live.last;
    const first = this.live.runs[0]?.firstIndex;
    switch (this.live.add(entry.index, entry.term)) {
      case "appended":
        return undefined;
      case "rewound":
        // A leader overrules only what was never committed.
        if (entry.index <= this.commit || entry.index <= this.live.highestVoiding)
          this.jumped(file, frame, `entry ${entry.index} overrules an entry that was committed`);
        // What lies before the log's first entry is in its snapshot, and so committed. Behind a break it may be what was lost there.
        else if (first !== undefined && entry.index < first && this.breaks.length === 0)
          this.jumped(file, frame, `entry ${entry.index} overrules an entry before entry ${first}, with which the log begins`);
        return undefined;
      case "jumped":
        // Behind a break it is the same loss, told once more: the stretch that begins here is whole.
        if (this.live.entryCount === this.stretchEntries + 1) {
          this.breaks.push({
            segment: file.name,
            offset: frame.offset,
            what: `entry ${entry.index} follows entry ${before?.lastIndex ?? 0n}`,
          });
          return undefined;
        }
        // Behind a leader's snapshot nothing is live, and the next entry is appended: this gap has no such reason, and etcd refuses it.
        this.jumped(file, frame, `entry ${entry.index} follows entry ${before?.lastIndex ?? 0n}`);
        return undefined;
      case "term-went-back":
        this.odd(file, frame.offset, `entry ${entry.index} has term ${entry.term}, lower than the entry before it`);
        return undefined;
      case "too-many":
        throw unsupported(file.source.name, frame.offset, "the log changes its term or goes back more than 100 000 times");
    }
  }

  private damageOf(file: WalSegment, frames: WalFrames, isLast: boolean): { readonly offset: number; readonly what: string } | undefined {
    const { stop } = frames;
    if (stop?.kind === "damaged") return { offset: stop.offset, what: stop.because };
    const rest = isLast && stop?.kind === "end" ? this.restBehind(file, stop.offset) : undefined;
    const follower = rest === undefined ? undefined : nextFrame(file.source, Math.floor(rest / 8) * 8);
    if (stop !== undefined && follower !== undefined)
      return { offset: stop.offset, what: `zeroes where a record belongs: at byte ${follower.offset} another one follows` };
    // etcd renames a segment into place when its head is written: without one, what was in it is lost.
    if (stop?.offset === 0)
      return { offset: 0, what: file.source.size === 0 ? "the segment is empty" : "the segment begins with no record" };
    return undefined;
  }

  /** The first byte behind the last segment's end that is not zero. */
  private restBehind(file: WalSegment, offset: number): number | undefined {
    this.rest = nonZeroAfter(file.source, offset, (done) => {
      this.tell(done);
    });
    return this.rest;
  }

  private endOf(
    file: WalSegment,
    offset: number,
    of: { readonly damage: { readonly what: string } | undefined; readonly frames: WalFrames },
  ): void {
    const place = { segment: file.name, offset };
    if (of.damage !== undefined) {
      this.end = { kind: "damaged", ...place, because: of.damage.what };
      return;
    }
    const { stop } = of.frames;
    this.end = stop?.kind === "torn" ? { kind: "torn", ...place, because: stop.because } : { kind: "clean", ...place };
    if (stop?.kind === "torn") return;
    if (this.rest !== undefined)
      this.odd(file, this.rest, `bytes that are not zero, and no record, behind the log's end at ${offset}: a write that was torn`);
    if (offset === file.source.size && offset >= fullSegmentBytes) this.end = { kind: "clean", ...place, isClosedSegment: true };
  }

  /** A break that does not end the segment; there can be many of them. */
  private jumped(file: WalSegment, frame: WalFrame, what: string): void {
    if (this.breaks.length < maxBreaks) this.broken(file, frame.offset, what);
    else this.endStretch(this.at, frame.offset, this.at + 1);
  }
  private broken(file: WalSegment, offset: number, what: string): void {
    this.breaks.push({ segment: file.name, offset, what });
    this.endStretch(this.at, offset, this.at + 1);
  }
  private endStretch(lastSegment: number, endOffset: number, nextFrom: number, isToTheEnd = false): void {
    const firstSegment = this.stretchFrom;
    if (nextFrom <= firstSegment) return;
    this.stretchFrom = nextFrom;
    this.stretchEntries = this.live.entryCount;
    if (lastSegment > firstSegment || endOffset > 0) this.stretches.push({ firstSegment, lastSegment, endOffset, isToTheEnd });
  }
  private odd(file: WalSegment, offset: number, what: string): void {
    if (this.oddities.length < maxOddities) this.oddities.push({ segment: file.name, offset, what });
  }
  private tell(inSegmentBytes: number): void {
    this.toldBytes = inSegmentBytes;
    this.onBytes?.(this.doneBytes + inSegmentBytes, this.totalBytes);
  }
}

function readOrDamage(frame: WalFrame, file: WalSegment): ReturnType<typeof readWalRecord> | string {
  try {
    return readWalRecord(frame, file.source.name);
  } catch (error) {
    if (error instanceof RecoveryError && error.code === "FILE_DAMAGED") return error.detail;
    throw error;
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
