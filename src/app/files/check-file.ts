import type { BoltCheck } from "../../formats/bbolt/bolt-check.ts";
import { checkBolt } from "../../formats/bbolt/check-bolt.ts";
import type { RankProblemKind } from "../../formats/etcd/data-dir/rank-member.ts";
import { inspectDb, type DbInspection } from "../../formats/etcd/mvcc/inspect-db.ts";
import { readSchema } from "../../formats/etcd/schema/read-schema.ts";
import { isUnreadable } from "../../formats/format-error.ts";
import { readStoredValue } from "../../formats/kubernetes/stored-value.ts";
import type { FileCheck, FileCheckPart, FileInspection, FileLogLoss, MetaDamage } from "../../model/file-inspection.ts";
import { missingWords } from "../../model/log-loss-words.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { newHashSeed, showing, type FileContext } from "./file-context.ts";
import { behindPages, startChecks, strayWords } from "./check-trailer.ts";
import { structureOf } from "./inspect-file.ts";
import { metaDamageOf } from "./meta-damage.ts";
import { misplacedWords } from "./misplaced-words.ts";
import { withState, type OpenState } from "./open-state.ts";
import { liveObjects, noObjectWords } from "./read-objects.ts";
import { rankDataDir } from "./rank-data-dir.ts";
import { leftoverWords } from "./state-remarks.ts";

/** Enough to see what happened. */
const maxProblems = 100;

/**
 * Is this file whole? The checksum, every page, every bucket's form, every
 * record, and every live value decoded: the official tools' exit codes are no
 * proof of that (failure catalogue M2, M10).
 */
export function checkFile(context: FileContext, path: string, options: { readonly walDir?: string | undefined } = {}): FileCheck {
  try {
    return checkOpened(context, path, options.walDir);
  } catch (error) {
    // Too damaged to be opened is a verdict, too: who runs this after each backup asks for no other answer.
    if (!(error instanceof RecoveryError) || error.code !== "FILE_DAMAGED") throw error;
    return {
      file: path,
      form: context.files.kindOf(path) === "directory" ? "data-dir" : "database",
      verdict: "damaged",
      checks: [
        skipped("sha256"),
        {
          ...part("structure", "damaged", error.detail),
          problems: [{ offset: undefined, what: `${error.subject}: ${error.detail}` }],
        },
        ...(["schema", "records", "objects"] as const).map(skipped),
      ],
      revision: undefined,
      startRevision: undefined,
      totalKeys: undefined,
      remarks: [],
    };
  }
}

function checkOpened(context: FileContext, path: string, walDir: string | undefined): FileCheck {
  return withState(context, { path, walDir }, (opened) => {
    const { trailer } = startChecks(context, opened);
    const check = checkBolt(opened.database, { onBytes: showing(context, "checking the structure") });
    const isReadable = check.verdict === "good";
    const structure = structurePart(check, check.meta === undefined ? undefined : metaDamageOf(opened, isReadable));
    const schema = isReadable ? attempt("schema", () => schemaPart(opened)) : skipped("schema");
    let found: DbInspection | undefined;
    const records = isReadable
      ? attempt("records", () => {
          found = inspectDb(opened.stored(), {
            hashSeed: newHashSeed(context),
            onBytes: showing(context, "reading every record"),
            topKeys: 0,
          });
          return recordsPart(found, opened);
        })
      : skipped("records");
    const objects = records.verdict === "good" ? attempt("objects", () => objectsPart(context, opened)) : skipped("objects");
    const parts: FileCheckPart[] = [trailerPart(context, opened, trailer), structure, schema, records, objects];
    const { dir } = opened;
    if (dir !== undefined) parts.push(isReadable ? attempt("log", () => logPart(opened, dir)) : skipped("log"));
    else if (isReadable) parts.push(...leftOutPart(opened));
    return {
      file: path,
      form: opened.form,
      verdict: verdictOf(parts),
      checks: parts,
      revision: found?.status.revision,
      startRevision: verdictOf(parts) === "good" ? (opened.state().replay?.throughRevision ?? found?.status.revision) : undefined,
      totalKeys: found?.status.totalLiveKeys,
      remarks: dir === undefined ? [] : leftoverWords(dir.layout),
    };
  });
}

function verdictOf(parts: readonly FileCheckPart[]): FileCheck["verdict"] {
  if (parts.some(({ verdict }) => verdict === "damaged" || verdict === "skipped")) return "damaged";
  return parts.some(({ verdict }) => verdict === "unjudged") ? "incomplete" : "good";
}

function trailerPart(context: FileContext, opened: OpenState, facts: () => FileInspection["sha256"]): FileCheckPart {
  const stray = strayWords(context, opened);
  if (stray !== undefined) return part("sha256", "damaged", stray);
  const behind = behindPages(context, opened);
  if (behind !== undefined) return part("sha256", behind.isSnapshot ? "good" : "unjudged", behind.what);
  const { present, valid, stated } = facts();
  if (!present)
    return part("sha256", "absent", "the file does not end with one: a database copied from a data dir, or a snapshot that was cut there");
  return valid === true
    ? part("sha256", "good", `the content has the sha256 that stands at its end (${stated ?? ""})`)
    : part("sha256", "damaged", "the content does not have the sha256 that stands at its end: it was changed or cut after etcd wrote it");
}

function structurePart(check: BoltCheck, metaDamage: MetaDamage | undefined): FileCheckPart {
  const { problems, problemCount } = structureOf(check, metaDamage);
  const pages = `${String(check.branchPageCount + check.leafPageCount)} pages in use, ${String(check.freePageCount)} free, ${String(check.keyCount)} entries`;
  return problemCount === 0
    ? part(
        "structure",
        "good",
        `every page is in use once or free, every key in order (${pages})${metaDamage === undefined ? "" : `; ${metaDamage.what}`}`,
      )
    : {
        ...part("structure", "damaged", `${String(problemCount)} ${problemCount === 1 ? "problem" : "problems"} in the pages (${pages})`),
        problems,
      };
}

function schemaPart(opened: OpenState): FileCheckPart {
  const schema = readSchema(opened.stored());
  return part(
    "schema",
    "good",
    `every bucket of etcd ${schema.schemaVersion} reads (${countWords(schema.members.length, "member")}, ${countWords(schema.leaseCount, "lease")})`,
  );
}

function recordsPart(found: DbInspection, { form }: OpenState): FileCheckPart {
  const words = `${form === "data-dir" ? "without the log: " : ""}${String(found.status.totalLiveKeys)} keys at revision ${String(found.status.revision)}, ${String(found.records)} records`;
  return found.problemCount === 0
    ? part("records", "good", `every record reads and agrees with its place (${words})`)
    : {
        ...part(
          "records",
          "damaged",
          `${countWords(found.problemCount, "record")} not in agreement with ${found.problemCount === 1 ? "itself" : "themselves"}`,
        ),
        problems: found.problems.map((problem) => ({ offset: undefined, what: `revision ${problem.revision}: ${problem.what}` })),
      };
}

/** Objects of newer kinds and sealed ones are counted, not judged: their bytes cannot be read here. */
function objectsPart(context: FileContext, opened: OpenState): FileCheckPart {
  const counts = { object: 0, sealed: 0, undecoded: 0, plain: 0 };
  const problems: { offset: undefined; what: string }[] = [];
  let problemCount = 0;
  const live = liveObjects(context, opened.stored(), 0n, "decoding every object");
  for (const { key: name, record } of live.records({ reusesMemory: true })) {
    try {
      const value = readStoredValue(record.value, { types: live.types, name });
      const { kind } = value;
      if (kind === "plain" && live.keys.parse(name) !== undefined)
        throw new RecoveryError("FILE_DAMAGED", { subject: `key ${name}`, detail: noObjectWords(record.value) });
      const misplaced = kind === "object" ? misplacedWords(live.keys.parse(name), value.object) : undefined;
      if (misplaced !== undefined) throw new RecoveryError("FILE_DAMAGED", { subject: `key ${name}`, detail: misplaced });
      counts[kind] += 1;
    } catch (error) {
      if (!(error instanceof RecoveryError)) throw error;
      // Only what an API server wrote must be an object: the keys of others may hold anything, also half of one.
      if (live.keys.parse(name) === undefined) {
        counts.plain += 1;
        continue;
      }
      problemCount += 1;
      if (problems.length < maxProblems) problems.push({ offset: undefined, what: `${name}: ${error.detail}` });
    }
  }
  const words = `${String(counts.object)} objects of Kubernetes, ${String(counts.sealed)} encrypted, ${String(counts.undecoded)} of kinds not known here, ${String(counts.plain)} other values`;
  return problemCount === 0
    ? part("objects", "good", `every live value reads (${words})`)
    : {
        ...part(
          "objects",
          "damaged",
          `${problemCount === 1 ? "1 live value does" : `${String(problemCount)} live values do`} not read or not agree with ${problemCount === 1 ? "its key" : "their keys"} (${words})`,
        ),
        problems,
      };
}

/** What a loss does not speak of: a start wants more than the newest state. */
const besidesLoss: readonly RankProblemKind[] = ["log-begins-after-snapshot", "database-behind-snapshot", "snapshot-file-missing"];

/** A database that is whole does not make a data dir whole: what was acknowledged last stands in the log alone. */
function logPart(opened: OpenState, { layout, log }: NonNullable<OpenState["dir"]>): FileCheckPart {
  const rank = rankDataDir(layout, log);
  // A last record that was not written to its end, with none behind it, is what a kill leaves.
  const problems = rank.problems.filter((problem) => problem.kind !== "log-torn");
  const { replay, notApplied, loss } = opened.state();
  // What requorum cannot apply is no damage, as long as nothing else is wrong.
  if (loss?.kind === "not-applicable" && notApplied !== undefined && problems.length === 0) return unjudged(loss);
  const told = loss === undefined ? problems : problems.filter((problem) => besidesLoss.includes(problem.kind));
  const found = [...(loss?.problems ?? []), ...told.map((problem) => problem.what)];
  if (found.length > 0)
    return {
      ...part(
        "log",
        "damaged",
        loss === undefined ? `${countWords(problems.length, "problem")} of the log and what it belongs to` : missingWords(loss),
      ),
      problems: found.map((what) => ({ offset: undefined, what })),
    };
  const torn = rank.problems.length > 0 ? "; its last record was not written to its end, as after a kill" : "";
  const words = `${String(replay?.entryCount ?? 0)} entries above the database, ${String(replay?.uncertain.entryCount ?? 0)} of them above the recorded commit index`;
  return part("log", "good", `it continues the database (${words}${torn})`);
}

/** The database inside a data dir may be whole, and is not what a start would serve. */
function leftOutPart(opened: OpenState): readonly FileCheckPart[] {
  const { loss } = opened.state();
  return loss === undefined ? [] : [unjudged(loss)];
}

function unjudged(loss: FileLogLoss): FileCheckPart {
  return { ...part("log", "unjudged", missingWords(loss)), problems: loss.problems.map((what) => ({ offset: undefined, what })) };
}

function attempt(name: FileCheckPart["name"], work: () => FileCheckPart): FileCheckPart {
  try {
    return work();
  } catch (error) {
    if (!isUnreadable(error) && !(error instanceof RecoveryError && error.code === "LOG_DOES_NOT_FIT")) throw error;
    return { ...part(name, "damaged", error.detail), problems: [{ offset: undefined, what: `${error.subject}: ${error.detail}` }] };
  }
}

function skipped(name: FileCheckPart["name"]): FileCheckPart {
  return part(name, "skipped", "not looked at: the damage is in the way");
}

function part(name: FileCheckPart["name"], verdict: FileCheckPart["verdict"], detail: string): FileCheckPart {
  return { name, verdict, detail, problems: [] };
}

function countWords(count: number, singular: string): string {
  return `${String(count)} ${singular}${count === 1 ? "" : "s"}`;
}
