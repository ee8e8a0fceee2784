import type { BoltCheck } from "../../formats/bbolt/bolt-check.ts";
import { openBolt } from "../../formats/bbolt/bolt-file.ts";
import type { BoltReader } from "../../formats/bbolt/bolt-reader.ts";
import { checkBolt } from "../../formats/bbolt/check-bolt.ts";
import { otherMetaProblem } from "../../formats/bbolt/other-meta-problem.ts";
import { rankMember, type MemberRank, type RankProblem, type RankProblemKind } from "../../formats/etcd/data-dir/rank-member.ts";
import { openMvcc } from "../../formats/etcd/mvcc/open-mvcc.ts";
import { replayLog } from "../../formats/etcd/replay/replay-log.ts";
import { databaseMemberIds, loggedDatabase } from "../../formats/etcd/replay/logged-database.ts";
import { usableLog, type UsableLog } from "../../formats/etcd/replay/usable-log.ts";
import { readMeta } from "../../formats/etcd/schema/read-meta.ts";
import { isWrongContent } from "../../formats/format-error.ts";
import type { RecoveryError } from "../../model/recovery-error.ts";
import { contentDiffers, startChecks } from "./check-trailer.ts";
import { showing, type FileContext } from "./file-context.ts";
import { logReader } from "./log-reader.ts";
import { kindOfSource } from "./kind-of-source.ts";
import { openDataDirAt, OpenFiles, withState } from "./open-state.ts";
import { readDataDir, type ReadDataDir } from "./rank-data-dir.ts";
import { stateRemarks } from "./state-remarks.ts";

/** One data dir or file, before it is put beside others. */
export interface RankedSource {
  readonly path: string;
  /** undefined: it was not read. */
  readonly rank: MemberRank | undefined;
  /** Ids of all members that its cluster has and had, as far as it knows; empty: it names none. */
  readonly memberIds: ReadonlySet<bigint>;
  readonly revision: bigint | undefined;
  /** Of the database without its log. */
  readonly databaseRevision: bigint | undefined;
  readonly isDamaged: boolean;
  readonly problems: readonly string[];
  readonly remarks: readonly string[];
  /** The term of an entry of its log. */
  readonly termAt: (index: bigint) => bigint | undefined;
}

/** What a kill leaves, and what stands in the way of a start but of none of the data. All else may have cost what was acknowledged. */
const losesNothing: readonly RankProblemKind[] = ["log-torn", "log-begins-after-snapshot", "snapshot-file-missing"];
/** No problem at all. */
const isUsual: readonly RankProblemKind[] = ["log-torn"];

/** Throws FILE_NOT_FOUND, FILE_IN_USE, FILE_CHANGED, FILE_NOT_RECOGNISED, FILE_DAMAGED, LOCAL_FILE_FAILED. */
export function rankSource(context: FileContext, path: string, walDir: string | undefined): RankedSource {
  return kindOfSource(context, path) === "file" ? rankFile(context, path, walDir) : rankDirectory(context, path, walDir);
}

/** What could not be read must not hide what the others say. */
export function unreadSource(path: string, error: RecoveryError): RankedSource {
  return {
    path,
    rank: undefined,
    memberIds: new Set(),
    revision: undefined,
    databaseRevision: undefined,
    isDamaged: false,
    problems: [
      error.code === "FILE_IN_USE"
        ? `it was not read, and its member may have the newest state: ${error.detail} (FILE_IN_USE)`
        : `it was not read (${error.code}): ${error.message}`,
    ],
    remarks: [],
    termAt: () => undefined,
  };
}

function rankFile(context: FileContext, path: string, walDir: string | undefined): RankedSource {
  return withState(context, { path, walDir }, (opened) => {
    const checks = startChecks(context, opened, { structure: true });
    const isChanged = checks.trailer().valid === false;
    const structure = checks.structure();
    const bolt = opened.stored();
    const rank = rankMember({ name: path, wal: undefined, database: readMeta(bolt), snapFiles: [] });
    // A file has no log beside it, and none is missed.
    const found = rank.problems.filter((problem) => problem.kind !== "log-missing").map((problem) => problem.what);
    const beside = structure.verdict === "good" ? (opened.state().loss?.problems ?? []) : [];
    const { pages, meta } = structureProblems(structure);
    const problems = [...found, ...beside, ...(isChanged ? [contentDiffers] : []), ...pages, ...meta];
    const { revision } = openMvcc(bolt);
    return {
      path,
      rank,
      memberIds: databaseMemberIds(bolt),
      revision,
      databaseRevision: revision,
      isDamaged: problems.length > 0,
      problems,
      remarks: [],
      termAt: () => undefined,
    };
  });
}

function rankDirectory(context: FileContext, path: string, walDir: string | undefined): RankedSource {
  const files = new OpenFiles(context);
  try {
    const dir = openDataDirAt(context, files, path, walDir);
    const read = readDataDir(dir, logReader(dir, showing(context, `reading the log of ${path}`)));
    const { rank, wal } = read;
    const found = stateOf(context, read);
    files.assertUnchanged();
    return {
      path,
      rank,
      memberIds: new Set([...found.memberIds, ...(rank.memberId === undefined ? [] : [BigInt.asUintN(64, rank.memberId)])]),
      revision: found.revision,
      databaseRevision: found.databaseRevision,
      isDamaged: found.isDamaged || rank.problems.some((problem) => !losesNothing.includes(problem.kind)),
      problems: [...rank.problems.flatMap((problem) => (isUsual.includes(problem.kind) ? [] : wordsOf(problem))), ...found.problems],
      remarks: [
        ...rank.problems.flatMap((problem) => (isUsual.includes(problem.kind) ? `${problem.what}: as a kill leaves it` : [])),
        ...found.remarks,
        ...stateRemarks(context, dir, read.database),
      ],
      termAt: (index) => wal?.termAt(index),
    };
  } finally {
    files.close();
  }
}

function wordsOf({ kind, what }: RankProblem): string {
  return kind === "log-missing" ? `${what}; where its member ran with --wal-dir, add --wal-dir DATA-DIR=LOG-DIR` : what;
}

interface StateFacts {
  readonly memberIds: ReadonlySet<bigint>;
  readonly revision: bigint | undefined;
  readonly databaseRevision: bigint | undefined;
  readonly isDamaged: boolean;
  readonly problems: readonly string[];
  readonly remarks: readonly string[];
}

/** What of it can be told where its database cannot be read. */
const unknown = { revision: undefined, databaseRevision: undefined, remarks: [] };

function stateOf(context: FileContext, read: ReadDataDir): StateFacts {
  const { dir, database } = read;
  let memberIds: ReadonlySet<bigint> = new Set();
  let problems: readonly string[] = [];
  if (database === undefined) return { memberIds, ...unknown, isDamaged: false, problems };
  try {
    const bolt = openBolt(database);
    memberIds = databaseMemberIds(bolt);
    const check = checkBolt(database, { onBytes: showing(context, `checking the structure of ${dir.name}`) });
    const { pages, meta } = structureProblems(check);
    problems = [...pages, ...meta];
    const { revision, whyUnknown, isContinued } = newestRevision(context, read, bolt);
    // Nothing was lost with a commit whose entries the log has.
    const isInLog = meta.length > 0 && pages.length === 0 && isContinued();
    if (isInLog) problems = pages;
    return {
      memberIds,
      databaseRevision: openMvcc(bolt).revision,
      revision,
      isDamaged: problems.length > 0,
      problems: [...problems, ...whyUnknown],
      remarks: isInLog ? structureProblems(check, { isInLog }).meta : [],
    };
  } catch (error) {
    if (!isWrongContent(error)) throw error;
    const isDamaged = problems.length > 0 || error.code !== "FILE_UNSUPPORTED";
    const why = `its revision is not known: ${error.subject}: ${error.detail}`;
    return { memberIds, ...unknown, isDamaged, problems: [...problems, why] };
  }
}

interface NewestRevision {
  readonly revision: bigint | undefined;
  readonly whyUnknown: readonly string[];
  /** Whether all of the log continues the database, and can be applied. */
  readonly isContinued: () => boolean;
}

/** The revision of the newest state, for which the log must be replayed where it adds to the database. */
function newestRevision(context: FileContext, { dir, rank, wal }: ReadDataDir, bolt: BoltReader): NewestRevision {
  const { revision } = openMvcc(bolt);
  if (wal === undefined) return { revision, whyUnknown: [], isContinued: () => false };
  const usable = (): UsableLog => usableLog(wal, loggedDatabase(bolt, dir), dir.name);
  if (rank.unappliedCount === 0n) return { revision, whyUnknown: [], isContinued: () => usable().loss === undefined };
  const { log, mustStopAtCommit, loss } = usable();
  if (log === undefined) return { revision: undefined, whyUnknown: [], isContinued: () => false };
  const onBytes = showing(context, `replaying the log of ${dir.name}`);
  const through = mustStopAtCommit ? "recorded-commit" : "last-entry";
  const { throughRevision, notReplayed } = replayLog(bolt, log, { through, onBytes }).facts;
  const [first] = notReplayed;
  if (first === undefined) return { revision: throughRevision, whyUnknown: [], isContinued: () => loss === undefined };
  const why = `its revision is not known: entry ${String(first.index)} of its log cannot be applied: ${first.because}`;
  return { revision: undefined, whyUnknown: [why], isContinued: () => false };
}

/** A page that is not what bbolt wrote holds other entries than the member had, or less. */
function structureProblems(
  { verdict, problems, problemCount, meta, otherMeta }: BoltCheck,
  options: { readonly isInLog?: boolean } = {},
): { readonly pages: readonly string[]; readonly meta: readonly string[] } {
  const other = meta === undefined || otherMeta === undefined ? undefined : otherMetaProblem({ meta, otherMeta }, options);
  const [first] = problems;
  return {
    pages:
      verdict === "good" || first === undefined
        ? []
        : [`its pages are damaged (${String(problemCount)} problems; byte ${String(first.offset)}: ${first.what})`],
    meta: other === undefined ? [] : [other.what],
  };
}
