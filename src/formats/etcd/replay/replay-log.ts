import { RecoveryError } from "../../../model/recovery-error.ts";
import { unsupported } from "../../format-error.ts";
import type { OnBytes } from "../../byte-source.ts";
import type { BoltReader } from "../../bbolt/bolt-reader.ts";
import { openMvcc } from "../mvcc/open-mvcc.ts";
import type { MvccRecords } from "../mvcc-records.ts";
import { readConfChange, type RaftEntry } from "../raft/raft-messages.ts";
import { readInternalRequest } from "../raft/read-internal-request.ts";
import { bucketNames, metaKeys } from "../schema/bucket-names.ts";
import { readMeta } from "../schema/read-meta.ts";
import { BoltOverlay } from "./bolt-overlay.ts";
import { noteInterest } from "./key-interest-of.ts";
import { KeyInterest, KeyStates } from "./key-states.ts";
import { KeyStore } from "./key-store.ts";
import { RequestApplier, type Applied } from "./request-applier.ts";

/** The log of one member, as the reader of its segments gives it. */
export interface ReplayableLog {
  /** For messages. */
  readonly name: string;
  /** The commit index of the last hard state; 0n without one. Acknowledged entries are regularly found above it (failure catalogue M7). */
  readonly recordedCommit: bigint;
  /** The entries that count, with an index above `index`, in order. Asked for twice; both times the same. */
  entriesAfter(index: bigint): Iterable<RaftEntry>;
}

export interface ReplayOptions {
  /** `last-entry`, when left out: everything that the log holds. `recorded-commit` leaves out what may not have been acknowledged. */
  readonly through?: "last-entry" | "recorded-commit";
  /** Of the etcd whose restart is played, `3.6.16`: a few rules changed. Left out: the cluster version that the database holds. */
  readonly version?: string | undefined;
  /** Progress of the one walk over the database. */
  readonly onBytes?: OnBytes | undefined;
}

export interface ReplayFacts {
  /** What the database held: its consistent index and revision. */
  readonly databaseIndex: bigint;
  readonly databaseRevision: bigint;
  /** The last entry that was applied, or `databaseIndex`; the revision after it. */
  readonly throughIndex: bigint;
  readonly throughRevision: bigint;
  readonly recordedCommit: bigint;
  readonly entryCount: number;
  /** Requests that etcd answers with an error, without effect. */
  readonly refusedCount: number;
  /** Entries above the recorded commit index: acknowledged or not is unknown. `isApplied` is false when they were left out. */
  readonly uncertain: {
    readonly entryCount: number;
    readonly firstIndex: bigint | undefined;
    readonly lastIndex: bigint | undefined;
    readonly isApplied: boolean;
    /** Revisions that they add; 0n when left out. */
    readonly revisionCount: bigint;
  };
  /** What this engine cannot apply; the first hundred. With one of these the state may differ from what etcd would serve. */
  readonly notReplayed: readonly { readonly index: bigint; readonly because: string }[];
  readonly notReplayedCount: number;
}

export interface Replayed {
  /** What the backend would hold after the entries: to be read like a database. Nothing was written. */
  readonly bolt: BoltReader;
  readonly facts: ReplayFacts;
}

const maxNotReplayed = 100;

/**
 * The state of a member whose etcd does not run: its database with its log
 * applied, as a restart would do it. Entries up to the consistent index are in
 * the database and stepped over. Memory grows with the log's tail, not with
 * the database, which is walked once (and not at all when the tail touches no key).
 * Throws LOG_DOES_NOT_FIT when entries are missing between database and log,
 * FILE_DAMAGED, FILE_UNSUPPORTED.
 */
export function replayLog(base: BoltReader, log: ReplayableLog, options: ReplayOptions = {}): Replayed {
  const databaseIndex = readMeta(base).consistentIndex ?? 0n;
  const mvcc = openMvcc(base);
  const leaveOut = options.through === "recorded-commit";
  const tally = new Tally(databaseIndex, mvcc.revision, log.recordedCommit);
  const interest = interestOf(log, databaseIndex, leaveOut ? log.recordedCommit : undefined);
  const overlay = new BoltOverlay(base);
  if (interest === undefined) {
    for (const entry of log.entriesAfter(databaseIndex)) tally.leftOut(entry);
    return { bolt: base, facts: tally.facts(leaveOut) };
  }
  const states = new KeyStates(mvcc, interest, progressOf(mvcc, options.onBytes));
  const compacted = mvcc.scheduledCompactRevision ?? mvcc.compactRevision ?? -1n;
  const applier = new RequestApplier(overlay, new KeyStore(overlay, states, mvcc.revision), {
    compactRevision: compacted,
    version: options.version,
  });
  let last: RaftEntry | undefined;
  for (const entry of log.entriesAfter(databaseIndex)) {
    if (leaveOut && entry.index > log.recordedCommit) {
      tally.leftOut(entry);
      continue;
    }
    const before = applier.keys.revision;
    const applied = applyEntry(applier, entry, log.name);
    tally.applied(entry, applied, { before, after: applier.keys.revision });
    last = entry;
  }
  if (last !== undefined) noteIndex(overlay, last, readMeta(base).term !== undefined);
  return { bolt: overlay, facts: tally.facts(leaveOut) };
}

/** First walk over the tail: what it can touch, and whether it follows the database without a gap. undefined when there is nothing to apply. */
function interestOf(log: ReplayableLog, databaseIndex: bigint, upTo: bigint | undefined): KeyInterest | undefined {
  const interest = new KeyInterest();
  let expected = databaseIndex + 1n;
  let count = 0;
  for (const entry of log.entriesAfter(databaseIndex)) {
    if (entry.index !== expected) throw gap(log, databaseIndex, expected, entry.index);
    expected += 1n;
    if (upTo !== undefined && entry.index > upTo) continue;
    count += 1;
    if (entry.kind === "normal" && entry.data.length > 0) noteInterest(interest, requestOf(entry, log.name).action);
  }
  return count === 0 ? undefined : interest;
}

function gap(log: ReplayableLog, databaseIndex: bigint, expected: bigint, found: bigint): RecoveryError {
  return new RecoveryError("LOG_DOES_NOT_FIT", {
    subject: `log ${log.name}`,
    detail: `the database holds entries up to ${databaseIndex}, the log goes on with ${found} where ${expected} belongs; the entries between them are in another file or lost`,
  });
}

function applyEntry(applier: RequestApplier, entry: RaftEntry, name: string): Applied {
  switch (entry.kind) {
    case "normal":
      // The first entry of a new leader is empty.
      return entry.data.length === 0 ? { kind: "applied" } : applier.apply(requestOf(entry, name));
    case "conf-change": {
      const refusal = applier.membership.apply(readConfChange(entry.data, placeOf(entry, name)));
      return refusal === undefined ? { kind: "applied" } : { kind: "refused", because: refusal };
    }
    case "conf-change-v2":
      // etcd's server stops at one: server.go (apply) knows the other two kinds only.
      throw unsupported(name, undefined, `entry ${entry.index} changes several members at once, which no etcd applies`);
  }
}

function requestOf(entry: RaftEntry, name: string): ReturnType<typeof readInternalRequest> {
  return readInternalRequest(entry.data, placeOf(entry, name));
}

function placeOf(entry: RaftEntry, name: string): { readonly file: string; readonly offset: undefined } {
  return { file: `${name}, entry ${entry.index}`, offset: undefined };
}

/** Source: etcd server/etcdserver/cindex (the term is kept since 3.5). */
function noteIndex(overlay: BoltOverlay, last: RaftEntry, keepsTerm: boolean): void {
  const meta = overlay.change(bucketNames.meta);
  meta.put(metaKeys.consistentIndex, uint64Bytes(last.index));
  if (keepsTerm) meta.put(metaKeys.term, uint64Bytes(last.term));
}

function uint64Bytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}

/** Reported about every 4 MiB of records; their overhead in the file is not known here, so the last report says that all is done. */
function progressOf(mvcc: MvccRecords, onBytes: OnBytes | undefined): ((storedBytes: number) => void) | undefined {
  if (onBytes === undefined) return undefined;
  let done = 0;
  let reported = 0;
  return (storedBytes) => {
    done += storedBytes;
    if (done - reported < 4 * 1024 * 1024) return;
    reported = done;
    onBytes(Math.min(done, mvcc.sizeBytes), mvcc.sizeBytes);
  };
}

class Tally {
  private readonly databaseIndex: bigint;
  private readonly databaseRevision: bigint;
  private readonly recordedCommit: bigint;
  private throughIndex: bigint;
  private throughRevision: bigint;
  private entryCount = 0;
  private refusedCount = 0;
  private uncertainCount = 0;
  private uncertainFirst: bigint | undefined;
  private uncertainLast: bigint | undefined;
  private uncertainRevisions = 0n;
  private notReplayedCount = 0;
  private readonly notReplayed: { readonly index: bigint; readonly because: string }[] = [];

  constructor(databaseIndex: bigint, databaseRevision: bigint, recordedCommit: bigint) {
    this.databaseIndex = databaseIndex;
    this.throughIndex = databaseIndex;
    this.databaseRevision = databaseRevision;
    this.throughRevision = databaseRevision;
    this.recordedCommit = recordedCommit;
  }

  applied(entry: RaftEntry, applied: Applied, revision: { readonly before: bigint; readonly after: bigint }): void {
    this.entryCount += 1;
    this.throughIndex = entry.index;
    this.throughRevision = revision.after;
    if (applied.kind === "refused") this.refusedCount += 1;
    if (applied.kind === "not-replayed") {
      this.notReplayedCount += 1;
      if (this.notReplayed.length < maxNotReplayed) this.notReplayed.push({ index: entry.index, because: applied.because });
    }
    if (entry.index <= this.recordedCommit) return;
    this.noteUncertain(entry);
    this.uncertainRevisions += revision.after - revision.before;
  }

  leftOut(entry: RaftEntry): void {
    if (entry.index > this.recordedCommit) this.noteUncertain(entry);
  }

  facts(leaveOut: boolean): ReplayFacts {
    const { databaseIndex, databaseRevision, throughIndex, throughRevision, recordedCommit, entryCount, refusedCount } = this;
    const { notReplayed, notReplayedCount } = this;
    const uncertain = {
      entryCount: this.uncertainCount,
      firstIndex: this.uncertainFirst,
      lastIndex: this.uncertainLast,
      isApplied: !leaveOut,
      revisionCount: this.uncertainRevisions,
    };
    return {
      databaseIndex,
      databaseRevision,
      throughIndex,
      throughRevision,
      recordedCommit,
      entryCount,
      refusedCount,
      uncertain,
      notReplayed,
      notReplayedCount,
    };
  }

  private noteUncertain(entry: RaftEntry): void {
    this.uncertainCount += 1;
    this.uncertainFirst ??= entry.index;
    this.uncertainLast = entry.index;
  }
}
