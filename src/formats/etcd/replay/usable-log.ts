import { readBytes } from "../../byte-source.ts";
import type { FileLogLoss } from "../../../model/file-inspection.ts";
import type { ErrorCode } from "../../../model/error-catalogue.ts";
import { logLossWords } from "../../../model/log-loss-words.ts";
import { RecoveryError } from "../../../model/recovery-error.ts";
import { readRaftEntry } from "../raft/raft-messages.ts";
import { endOfContent, nextFrame } from "../wal/frame-search.ts";
import { stretchLog } from "../wal/stretch-log.ts";
import { walRecordType } from "../wal/wal-frames.ts";
import type { WalLog, WalStretch } from "../wal/wal-log.ts";
import { otherBeginningWords, strangerWords, type LoggedDatabase } from "./logged-database.ts";
import type { ReplayableLog } from "./replay-log.ts";

/** What a log should have given and does not. */
export type LogLoss = FileLogLoss;

export interface UsableLog {
  /** To be replayed over the database; undefined: nothing can be. */
  readonly log: ReplayableLog | undefined;
  /** The last entry after a replay, or that of the database; its term as the log says it. */
  readonly throughIndex: bigint;
  readonly throughTerm: bigint | undefined;
  /** In front of a break only what had been committed there is certain: what follows may have overruled the rest. */
  readonly mustStopAtCommit: boolean;
  /** undefined: the log continues the database to the end of both. */
  readonly loss: LogLoss | undefined;
  /** Why the log is not of this database's cluster: nothing in it says anything of the database. */
  readonly stranger?: string;
}

/** Sentences; a log that is broken at every segment needs no more to be understood. */
const maxBreaksTold = 5;
export const closedSegmentWords =
  "the last segment is full and closed: the one that followed it is missing, unless etcd ended in the moment before it began that";
/** More committed entries above the database than any member of etcd falls behind: a higher index is no index. */
const farthestIndex = 1n << 40n;

/**
 * The part of a log that continues the database without a break. Entries in
 * front of a break are never put together with those behind it: what is lost
 * between them may have overruled the first.
 */
export function usableLog(wal: WalLog | undefined, database: LoggedDatabase, name: string): UsableLog {
  const held = database.consistentIndex ?? 0n;
  const without = (kind: LogLoss["kind"], problems: readonly string[], unreadBytes = 0): UsableLog => {
    const known = wal === undefined ? held : knownThrough(wal);
    const missingThrough = known > held ? known : undefined;
    const state = { log: undefined, throughIndex: held, throughTerm: database.term, mustStopAtCommit: false };
    return { ...state, loss: { kind, problems, throughIndex: held, missingThrough, unreadBytes } };
  };
  if (wal === undefined || wal.segments.length === 0)
    return without("missing", [`there is no log: what was written after entry ${held}, the database's last, is not there`]);
  const found = stretchOf(wal, held);
  const stranger = strangerWords(wal, found?.log, database);
  if (stranger !== undefined) {
    const { loss, ...state } = without("does-not-fit", [stranger]);
    return { ...state, stranger, loss: loss === undefined ? undefined : { ...loss, missingThrough: undefined } };
  }
  const breaks = breaksBehind(wal, found?.stretch);
  if (found === undefined) {
    const { behind, gap } = endProblems(wal, held);
    if (breaks.words.length > 0) return without("broken", [...breaks.words, ...behind, ...gap], breaks.unreadBytes);
    return gap.length > 0 ? without("does-not-fit", [...gap, ...behind]) : without("behind", behind);
  }
  const { log } = found;
  const history = otherHistory(log, database) ?? otherBeginningWords(log, database);
  if (history !== undefined)
    return without(breaks.words.length > 0 ? "broken" : "does-not-fit", [...breaks.words, history], breaks.unreadBytes);
  const isWhole = found.stretch.isToTheEnd;
  const commit = log.hardState?.commit ?? 0n;
  const last = log.lastIndex ?? held;
  const throughIndex = isWhole ? larger(last, held) : larger(held, last < commit ? last : commit);
  const known = larger(knownThrough(wal), isWhole ? 0n : seenBehind(wal, found.stretch, held));
  const state = { log: replayable(log, name), throughIndex, throughTerm: log.termAt(throughIndex), mustStopAtCommit: !isWhole };
  const isClosed = wal.end.kind === "clean" && wal.end.isClosedSegment === true;
  if (isWhole && known <= throughIndex && !isClosed) return { ...state, loss: undefined };
  const closed = isClosed ? [closedSegmentWords] : [];
  const problems = [...breaks.words, ...endProblems(wal, held).behind, ...closed];
  const missingThrough = known > throughIndex ? known : undefined;
  const kind = isWhole ? "behind" : "broken";
  return {
    ...state,
    loss: { kind, problems, throughIndex, missingThrough, unreadBytes: isWhole ? 0 : breaks.unreadBytes },
  };
}

const lossCodes: { readonly [Kind in LogLoss["kind"]]: ErrorCode } = {
  missing: "LOG_DOES_NOT_FIT",
  broken: "FILE_DAMAGED",
  behind: "LOG_DOES_NOT_FIT",
  "does-not-fit": "LOG_DOES_NOT_FIT",
  "not-applicable": "FILE_UNSUPPORTED",
  beside: "LOG_NOT_READ",
};

/** Throws for who must not go on without what is lost. */
export function lossError(loss: LogLoss, name: string): RecoveryError {
  return new RecoveryError(lossCodes[loss.kind], { subject: `log of ${name}`, detail: logLossWords(loss) });
}

function replayable(log: WalLog, name: string): ReplayableLog {
  return {
    name,
    recordedCommit: log.hardState?.commit ?? 0n,
    *entriesAfter(index) {
      const { lastIndex, continuousFrom } = log;
      if (lastIndex === undefined || continuousFrom === undefined || lastIndex <= index) return;
      yield* log.entries(continuousFrom > index + 1n ? continuousFrom : index + 1n);
    },
  };
}

function otherHistory(wal: WalLog, { consistentIndex, term }: LoggedDatabase): string | undefined {
  if (consistentIndex === undefined || term === undefined || term === 0n) return undefined;
  const logged = wal.termAt(consistentIndex);
  return logged === undefined || logged === term
    ? undefined
    : `the database's last entry ${consistentIndex} is of term ${term}, in the log that entry is of term ${logged}: they are not of one member, or of different times`;
}

/** The newest part without a break that has the database's last entry, or the one after it. */
function stretchOf(wal: WalLog, held: bigint): { readonly stretch: WalStretch; readonly log: WalLog } | undefined {
  for (const stretch of wal.stretches.toReversed()) {
    const log = stretchLog(wal, stretch);
    if (continues(log, held, stretch.isToTheEnd)) return { stretch, log };
  }
  return undefined;
}

function continues({ continuousFrom, lastIndex, snapshots }: WalLog, held: bigint, isLast: boolean): boolean {
  if (continuousFrom !== undefined && lastIndex !== undefined) return continuousFrom <= held + 1n && lastIndex >= held;
  // A log that was begun anew at a snapshot, which the database holds.
  return isLast && snapshots.some(({ index }) => index === held);
}

/** Up to here entries were written, or committed, as far as the log says it. */
function knownThrough(wal: WalLog): bigint {
  const commit = wal.hardState?.commit ?? 0n;
  const snapshot = wal.snapshots.findLast(({ index }) => index <= commit)?.index ?? 0n;
  return larger(larger(commit, snapshot), wal.lastIndex ?? 0n);
}

/** The highest entry of those that can be seen behind a break in its segment; none of them was compared with its checksum. */
function seenBehind({ files }: WalLog, { lastSegment, endOffset }: WalStretch, held: bigint): bigint {
  const source = files[lastSegment]?.source;
  let highest = 0n;
  if (source === undefined) return highest;
  for (let frame = nextFrame(source, endOffset); frame !== undefined; frame = nextFrame(source, frame.end)) {
    if (frame.type !== walRecordType.entry) continue;
    try {
      const { index } = readRaftEntry(readBytes(source, frame.dataOffset, frame.dataBytes), { file: source.name, offset: frame.offset });
      if (index > highest && index < held + farthestIndex) highest = index;
    } catch (error) {
      if (!(error instanceof RecoveryError) || error.code !== "FILE_DAMAGED") throw error; // damage was expected here: it is no entry to be named
    }
  }
  return highest;
}

/** What is broken behind a stretch; anywhere, when there is none. */
function breaksBehind(wal: WalLog, stretch: WalStretch | undefined): { readonly words: readonly string[]; readonly unreadBytes: number } {
  const { files } = wal;
  const [from, offset] = stretch === undefined ? [0, 0] : [stretch.lastSegment, stretch.endOffset];
  const positionOf = (name: string): number => files.findIndex((file) => file.name === name);
  const breaks = wal.breaks.filter((one) => {
    const at = positionOf(one.segment);
    return at > from || (at === from && one.offset >= offset);
  });
  const words = breaks.slice(0, maxBreaksTold).map((one) => `${one.segment}, byte ${one.offset}: ${one.what}`);
  if (breaks.length > maxBreaksTold) words.push(`${breaks.length - maxBreaksTold} more breaks`);
  const [first] = breaks;
  if (first === undefined) return { words, unreadBytes: 0 };
  const firstAt = positionOf(first.segment);
  const unreadBytes = files
    .slice(firstAt)
    .reduce((sum, { source }, at) => sum + endOfContent(source, at === 0 ? first.offset : 0) - (at === 0 ? first.offset : 0), 0);
  return { words, unreadBytes };
}

function endProblems(wal: WalLog, held: bigint): { readonly behind: readonly string[]; readonly gap: readonly string[] } {
  const end = larger(wal.lastIndex ?? 0n, wal.snapshots.at(-1)?.index ?? 0n);
  const commit = wal.hardState?.commit ?? 0n;
  const from = wal.continuousFrom ?? end + 1n;
  const behind: string[] = [];
  if (commit > end) behind.push(`entries up to ${commit} were committed, and the log ends at ${end}`);
  if (end < held) behind.push(`the database holds entries up to ${held}, and the log ends at ${end}: its newest segments are lost`);
  const gap = from > held + 1n && end > held ? [`the database holds entries up to ${held}, and the log has them only from ${from} on`] : [];
  return { behind, gap };
}

function larger(one: bigint, other: bigint): bigint {
  return one > other ? one : other;
}
