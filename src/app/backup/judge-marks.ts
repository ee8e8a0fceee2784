import type { ListedSet } from "../../catalogue/list-sets.ts";
import type { KnownBefore } from "../../catalogue/source/judge-source.ts";
import { refusingMarkCodes, type BackupManifest, type BackupMark, type BackupMarkCode } from "../../model/backup-set.ts";
import type { SnapshotDescription } from "../../model/snapshot-description.ts";
import { RecoveryError } from "../../model/recovery-error.ts";

/** Clocks that a time server keeps differ by much less; two operators' machines may both make sets. */
const clockToleranceMs = 60_000;
/** A cluster that lost more than half of its keys since the newest set lost them by a mistake, or is another one (I-R10). */
const keysShareMin = 0.5;
/** A cluster that is just being built changes by more than half from one day to the next. */
const keysCountedFrom = 200;

/** The newest trusted set of this cluster, by the time of its making. */
export function newestSetOf(cluster: string, sets: readonly ListedSet[]): BackupManifest | undefined {
  return sets
    .flatMap((set) => (set.kind === "trusted" && set.manifest.cluster.name === cluster ? [set.manifest] : []))
    .reduce<BackupManifest | undefined>((top, one) => (top === undefined || one.createdAt > top.createdAt ? one : top), undefined);
}

export function knownBefore(set: BackupManifest): KnownBefore {
  return { name: `set ${set.id}`, clusterId: set.cluster.clusterId, revision: set.snapshot.revision };
}

export function clockMarks(newest: BackupManifest | undefined, nowMs: number): readonly BackupMark[] {
  if (newest === undefined || Date.parse(newest.createdAt) <= nowMs + clockToleranceMs) return [];
  const because = `this machine's clock says ${new Date(nowMs).toISOString()}, and set ${newest.id} was made at ${newest.createdAt}: one of the clocks is wrong, and retention goes by them`;
  return [{ code: "CLOCK_WENT_BACK", because }];
}

/** What only the bytes themselves say. `OLDER_THAN_LAST_SEEN` also for far fewer keys. */
export function contentMarks(found: SnapshotDescription, newest: BackupManifest | undefined): readonly BackupMark[] {
  const marks: BackupMark[] = [];
  const before = newest?.snapshot.totalKeys ?? 0;
  if (newest !== undefined && before >= keysCountedFrom && found.totalKeys < before * keysShareMin)
    marks.push({
      code: "OLDER_THAN_LAST_SEEN",
      because: `it has ${String(found.totalKeys)} keys; set ${newest.id} has ${String(before)}: an orphan that was begun empty looks like that, and so does a mistaken deletion`,
    });
  if (found.logLoss !== undefined)
    marks.push({ code: "PART_MISSING", because: `of the log of the data dir: ${found.logLoss.problems.join("; ")}` });
  return marks;
}

/** Marks that refuse, without those that were accepted by name. */
export function refusingMarks(marks: readonly BackupMark[], accepted: readonly BackupMarkCode[]): readonly BackupMark[] {
  return marks.filter(({ code }) => (refusingMarkCodes as readonly BackupMarkCode[]).includes(code) && !accepted.includes(code));
}

/** BACKUP_REFUSED when a mark refuses and was not accepted by its name. */
export function assertAccepted(marks: readonly BackupMark[], accepted: readonly BackupMarkCode[]): void {
  const refusing = refusingMarks(marks, accepted);
  if (refusing.length === 0) return;
  const codes = [...new Set([...accepted, ...refusing.map(({ code }) => code)])];
  throw new RecoveryError("BACKUP_REFUSED", {
    subject: "backup create",
    detail: refusing.map(({ code, because }) => `${code}: ${because}`).join(". "),
    remedies: [
      { why: "see what is wrong with the cluster", command: "requorum diagnose" },
      {
        why: "where a marked set is better than none: it says so wherever it is shown",
        command: `requorum backup create --accept ${codes.join(" --accept ")}`,
      },
    ],
  });
}
