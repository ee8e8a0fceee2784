/**
 * How new a member's files are, from its log, its database and its snapshot
 * files, with no etcd running on them; and what is missing between the three,
 * which no version of etcd says (failure catalogue M7, M8).
 * Source: raft log.go (isUpToDate); etcd server/etcdserver/bootstrap.go and
 * server/storage/backend.go (what a start looks at).
 */
import type { HardState } from "../raft/raft-messages.ts";
import { otherBeginningWords, type LoggedDatabase } from "../replay/logged-database.ts";
import { closedSegmentWords, usableLog } from "../replay/usable-log.ts";
import type { WalFacts, WalLog } from "../wal/wal-log.ts";
import type { WalSnapshot } from "../wal/wal-records.ts";

export interface RankInput {
  /** For messages. */
  readonly name: string;
  /** undefined when there is no segment. */
  readonly wal: WalLog | undefined;
  /** The database that counts (see `neededReceivedDatabase`); undefined when it is missing or cannot be read. */
  readonly database: LoggedDatabase | undefined;
  /** Snapshot files that could be read. */
  readonly snapFiles: readonly { readonly index: bigint; readonly term: bigint }[];
}

export type RankProblemKind =
  /** No segment: only what the database holds can be had. */
  | "log-missing"
  | "log-broken"
  /** The last record was not written to its end, as a kill leaves it, and none follows it. */
  | "log-torn"
  /** The newest segments are gone: the database holds entries that the log does not have. */
  | "log-ends-before-database"
  /** The newest entries are gone: more were committed than are there. */
  | "log-ends-before-commit"
  /** The newest segment is gone: the last one there is was closed. */
  | "log-ends-with-closed-segment"
  /** Entries between the database and the log are gone: the log cannot be replayed over the database. */
  | "log-begins-after-database"
  /** The oldest segments that a start needs are gone; a replay over the database may still be possible. */
  | "log-begins-after-snapshot"
  /** The last entry of the database has another term in the log, or it holds more than the log can have made: the two are not of one history. */
  | "log-of-another-history"
  /** No member that the database names wrote it. */
  | "log-of-another-cluster"
  | "database-missing"
  /** A leader's snapshot was recorded and its database not yet taken over. */
  | "database-behind-snapshot"
  /** 3.4 to 3.6 start from an older one, or from none. */
  | "snapshot-file-missing";

export interface RankProblem {
  readonly kind: RankProblemKind;
  /** A sentence with the numbers. */
  readonly what: string;
}

/** A place in the raft log. */
export interface LogPosition {
  readonly index: bigint;
  /** undefined when it cannot be known: 3.4 keeps no term in its database. */
  readonly term: bigint | undefined;
}

export interface MemberRank {
  readonly name: string;
  readonly memberId: bigint | undefined;
  readonly clusterId: bigint | undefined;
  /** Term and vote that the member promised, and the commit index it recorded, which lags. */
  readonly hardState: HardState | undefined;
  /** The last whole entry of the log. */
  readonly log: LogPosition | undefined;
  /** From here on no entry of the log is missing. */
  readonly logFrom: bigint | undefined;
  /** What the database holds. */
  readonly database: LogPosition | undefined;
  /** The snapshot a start would begin with: the newest record at or below the commit index. */
  readonly snapshot: WalSnapshot | undefined;
  /** The newest state that can be had from these files: the log's end when it can be replayed over the database, else the database. */
  readonly newest: LogPosition | undefined;
  /** Entries that a replay would add to the database; 0n when there are none, or when it cannot be done. */
  readonly unappliedCount: bigint;
  /** Of those, the ones above the recorded commit index: acknowledged or not, nobody can tell from one member. */
  readonly uncertainCount: bigint;
  readonly problems: readonly RankProblem[];
}

export function rankMember(input: RankInput): MemberRank {
  const stranger = input.database === undefined ? undefined : usableLog(input.wal, input.database, input.name).stranger;
  if (stranger === undefined) return rankOwn(input);
  // Whose log is another's tells nothing of it: not its id, nor what was committed.
  const alone = rankOwn({ ...input, wal: undefined });
  const problems = alone.problems.filter((problem) => problem.kind !== "log-missing");
  return { ...alone, problems: [{ kind: "log-of-another-cluster", what: stranger }, ...problems] };
}

function rankOwn(input: RankInput): MemberRank {
  const { wal, database } = input;
  const consistentIndex = database?.consistentIndex ?? (database === undefined ? undefined : 0n);
  const snapshot = wal === undefined ? undefined : startSnapshotOf(wal);
  const log = wal?.lastIndex === undefined ? undefined : { index: wal.lastIndex, term: wal.lastTerm };
  const problems = [...logProblems(wal, snapshot), ...databaseProblems(input, { consistentIndex, snapshot })];
  const held = consistentIndex === undefined ? undefined : { index: consistentIndex, term: termOf(input, consistentIndex) };
  const reached = held === undefined || database === undefined ? undefined : reachedBy(wal, database, input.name);
  const replays = held !== undefined && reached !== undefined && reached.index > held.index;
  const commit = wal?.hardState?.commit ?? 0n;
  const certain = held === undefined || commit > held.index ? commit : held.index;
  return {
    name: input.name,
    memberId: wal?.metadata?.memberId,
    clusterId: wal?.metadata?.clusterId,
    hardState: wal?.hardState,
    log,
    logFrom: wal?.continuousFrom,
    database: held,
    snapshot,
    newest: replays ? reached : held,
    unappliedCount: replays ? reached.index - held.index : 0n,
    uncertainCount: replays && reached.index > certain ? reached.index - certain : 0n,
    problems,
  };
}

/** The last entry of those that continue the database without a break. */
function reachedBy(wal: WalLog | undefined, database: LoggedDatabase, name: string): LogPosition | undefined {
  const { log, throughIndex, throughTerm } = usableLog(wal, database, name);
  return log === undefined ? undefined : { index: throughIndex, term: throughTerm };
}

/**
 * Which of two members of one cluster has the newer state, by raft's own rule:
 * the higher term of the last entry, then the higher index. "unknown" when a
 * term that would decide is not known, when one has no readable state, or when
 * the two are of different clusters.
 */
export function compareRanks(a: MemberRank, b: MemberRank): "newer" | "older" | "same" | "unknown" {
  if (a.clusterId !== undefined && b.clusterId !== undefined && a.clusterId !== b.clusterId) return "unknown";
  const [left, right] = [a.newest, b.newest];
  if (left === undefined || right === undefined) return "unknown";
  if (left.term === undefined || right.term === undefined) return "unknown";
  if (left.term !== right.term) return left.term > right.term ? "newer" : "older";
  if (left.index !== right.index) return left.index > right.index ? "newer" : "older";
  return "same";
}

/** The newest snapshot record that etcd takes for valid. Source: server/storage/wal/wal.go (ValidSnapshotEntries). */
export function startSnapshotOf(wal: WalFacts): WalSnapshot | undefined {
  const commit = wal.hardState?.commit ?? 0n;
  const found = wal.snapshots.findLast((one) => one.index <= commit);
  return found === undefined || found.index === 0n ? undefined : found;
}

/**
 * The index of the received database (`<index>.snap.db`) that etcd would take
 * over instead of `db`; undefined when `db` counts. Source: server/storage/backend.go (RecoverSnapshotBackend).
 */
export function neededReceivedDatabase(wal: WalFacts, consistentIndex: bigint | undefined): bigint | undefined {
  const snapshot = startSnapshotOf(wal);
  return snapshot !== undefined && snapshot.index > (consistentIndex ?? 0n) ? snapshot.index : undefined;
}

/** The term of an entry that the database has applied. */
function termOf(input: RankInput, index: bigint): bigint | undefined {
  const stored = input.database?.term;
  if (stored !== undefined && stored !== 0n) return stored;
  return (
    input.wal?.termAt(index) ??
    input.wal?.snapshots.findLast((one) => one.index === index)?.term ??
    input.snapFiles.find((one) => one.index === index)?.term
  );
}

function logProblems(wal: WalFacts | undefined, snapshot: WalSnapshot | undefined): readonly RankProblem[] {
  if (wal === undefined || wal.segments.length === 0) return [{ kind: "log-missing", what: "there is no log" }];
  const problems: RankProblem[] = wal.breaks.map((one) => ({
    kind: "log-broken",
    what: `${one.segment}, byte ${one.offset}: ${one.what}`,
  }));
  if (wal.end.kind === "torn") problems.push({ kind: "log-torn", what: `${wal.end.segment}, byte ${wal.end.offset}: ${wal.end.because}` });
  if (wal.end.kind === "clean" && wal.end.isClosedSegment === true)
    problems.push({ kind: "log-ends-with-closed-segment", what: `${wal.end.segment}: ${closedSegmentWords}` });
  const end = logEnd(wal);
  const commit = wal.hardState?.commit ?? 0n;
  if (commit > end)
    problems.push({ kind: "log-ends-before-commit", what: `entries up to ${commit} were committed, and the log ends at ${end}` });
  if (snapshot !== undefined && wal.continuousFrom !== undefined && wal.continuousFrom > snapshot.index + 1n)
    problems.push({
      kind: "log-begins-after-snapshot",
      what: `the newest snapshot is at ${snapshot.index}, and the log has entries only from ${wal.continuousFrom} on`,
    });
  return problems;
}

function databaseProblems(
  input: RankInput,
  of: { readonly consistentIndex: bigint | undefined; readonly snapshot: WalSnapshot | undefined },
): readonly RankProblem[] {
  const { wal, database } = input;
  const { consistentIndex, snapshot } = of;
  const problems: RankProblem[] = [];
  if (consistentIndex === undefined) problems.push({ kind: "database-missing", what: "there is no database that can be read" });
  else if (wal !== undefined && wal.segments.length > 0) {
    const end = logEnd(wal);
    if (end < consistentIndex)
      problems.push({
        kind: "log-ends-before-database",
        what: `the database holds entries up to ${consistentIndex}, and the log ends at ${end}: its newest segments are lost`,
      });
    if (wal.continuousFrom !== undefined && wal.continuousFrom > consistentIndex + 1n)
      problems.push({
        kind: "log-begins-after-database",
        what: `the database holds entries up to ${consistentIndex}, and the log has them only from ${wal.continuousFrom} on`,
      });
    const logged = wal.termAt(consistentIndex);
    if (logged !== undefined && database?.term !== undefined && database.term !== 0n && logged !== database.term)
      problems.push({
        kind: "log-of-another-history",
        what: `entry ${consistentIndex}, the database's last, has term ${database.term} there and term ${logged} in the log`,
      });
    const beginning = database === undefined ? undefined : otherBeginningWords(wal, database);
    if (beginning !== undefined) problems.push({ kind: "log-of-another-history", what: beginning });
    if (snapshot !== undefined && snapshot.index > consistentIndex)
      problems.push({
        kind: "database-behind-snapshot",
        what: `the newest snapshot is at ${snapshot.index}, and the database holds entries only up to ${consistentIndex}`,
      });
  }
  if (snapshot !== undefined && !input.snapFiles.some((one) => one.index === snapshot.index && one.term === snapshot.term))
    problems.push({
      kind: "snapshot-file-missing",
      what: `the log names a snapshot at ${snapshot.index} (term ${snapshot.term}), and no readable .snap file is that one`,
    });
  return problems;
}

/** A received snapshot stands for the entries that it holds. */
function logEnd(wal: WalFacts): bigint {
  const snapshot = wal.snapshots.at(-1)?.index ?? 0n;
  return wal.lastIndex !== undefined && wal.lastIndex > snapshot ? wal.lastIndex : snapshot;
}
