import type { ListedSet } from "../../catalogue/list-sets.ts";
import { lostKeys } from "../../catalogue/lost-keys.ts";
import { isOfFuture, timeOfSet } from "../../catalogue/time-of-set.ts";
import { clockLeewayMs } from "../../model/clock-leeway.ts";
import type { KnownBefore } from "../../catalogue/source/judge-source.ts";
import { refusingMarkCodes, type BackupManifest, type BackupMark, type BackupMarkCode } from "../../model/backup-set.ts";
import type { SnapshotDescription } from "../../model/snapshot-description.ts";
import { RecoveryError } from "../../model/recovery-error.ts";

/** What the sets of a store say of the clock here, and which of them is the newest. */
export interface JudgedClock {
  /** Of this cluster and trusted, by the time of its making; not one whose time is surely wrong. */
  readonly newest: BackupManifest | undefined;
  /** The newest; and where it does not tell its cluster's id, as an offline copy, the newest that does. */
  readonly before: readonly KnownBefore[];
  readonly marks: readonly BackupMark[];
  /** Sets whose date is wrong, and what to do with them: they are in nobody's way, and stay until somebody acts. */
  readonly remarks: readonly string[];
}

/**
 * A set of the future tells that a clock was wrong, and not whose. Others know:
 * the store, by whose clock it was stored before now; and the machines of the
 * cluster, whose clocks agree with the one here (`offsetsMs`: theirs minus this
 * one's). Then the set's date is wrong, and it hinders no other. Where nobody
 * knows, or they say otherwise, this clock may have gone back: then it is a
 * mark that refuses.
 */
export function judgeClock(cluster: string, sets: readonly ListedSet[], nowMs: number, offsetsMs: readonly number[]): JudgedClock {
  const own = sets.flatMap((set) => (set.kind === "trusted" && set.manifest.cluster.name === cluster ? [set] : []));
  const agreeing = offsetsMs.filter((offset) => Math.abs(offset) <= clockLeewayMs).length;
  const isConfirmed = agreeing > 0 && agreeing * 2 > offsetsMs.length;
  const isLater = (set: (typeof own)[number]): boolean => timeOfSet(set) > nowMs + clockLeewayMs;
  const counted = isConfirmed ? own.filter((set) => !isLater(set)) : own;
  const newestOf = (among: typeof own) =>
    among.reduce<(typeof own)[number] | undefined>(
      (top, one) => (top === undefined || timeOfSet(one) > timeOfSet(top) ? one : top),
      undefined,
    );
  const newest = newestOf(counted);
  const newestOfKnownId = newestOf(counted.filter(({ manifest }) => manifest.cluster.clusterId !== undefined));
  const here = new Date(nowMs).toISOString();
  const marks: readonly BackupMark[] =
    newest === undefined || !isLater(newest)
      ? []
      : [
          {
            code: "CLOCK_WENT_BACK",
            because: `this machine's clock says ${here}, and set ${newest.manifest.id} was made at ${newest.manifest.createdAt}: one of the clocks is wrong, and retention goes by them. If it is the set's, \`requorum backup prune --future ${newest.manifest.id}\` takes that set away`,
          },
        ];
  const remarks = own
    .filter((set) => isOfFuture(set.manifest, nowMs) && set !== (marks.length > 0 ? newest : undefined))
    .map(
      ({ manifest: { id, createdAt } }) =>
        `set ${id} says that it was made at ${createdAt}, and now it is ${here}: its maker's clock was wrong. It is in nobody's way, but no rule of retention will ever take it: \`requorum backup prune --future ${id}\` does`,
    );
  const before = [...new Set([newest, newest?.manifest.cluster.clusterId === undefined ? newestOfKnownId : undefined])];
  return {
    newest: newest?.manifest,
    before: before.flatMap((set) => (set === undefined ? [] : [knownBefore(set.manifest)])),
    marks,
    remarks,
  };
}

export function knownBefore(set: BackupManifest): KnownBefore {
  return {
    name: `set ${set.id}`,
    clusterId: set.cluster.clusterId,
    revision: set.snapshot.revision,
    sourceMember: set.snapshot.sourceMember,
    madeAt: set.createdAt,
  };
}

/** What only the bytes themselves say. `OLDER_THAN_LAST_SEEN` also for far fewer keys. */
export function contentMarks(found: SnapshotDescription, newest: BackupManifest | undefined): readonly BackupMark[] {
  const marks: BackupMark[] = [];
  const lost = newest === undefined ? undefined : lostKeys(found, newest.snapshot);
  if (newest !== undefined && lost !== undefined)
    marks.push({
      code: "OLDER_THAN_LAST_SEEN",
      because: `it has ${String(lost.now)} ${lost.what}; set ${newest.id} has ${String(lost.before)}: an orphan that was begun empty looks like that, and so does a mistaken deletion`,
    });
  if (found.logLoss !== undefined)
    marks.push({ code: "PART_MISSING", because: `of the log of the data dir: ${found.logLoss.problems.join("; ")}` });
  return marks;
}

/** Marks that refuse, without those that were accepted by name. */
export function refusingMarks(marks: readonly BackupMark[], accepted: readonly BackupMarkCode[]): readonly BackupMark[] {
  return marks.filter(({ code }) => (refusingMarkCodes as readonly BackupMarkCode[]).includes(code) && !accepted.includes(code));
}

/** BACKUP_REFUSED when a mark refuses and was not accepted by its name. `options`: what else was said, which the remedy repeats. */
export function assertAccepted(
  marks: readonly BackupMark[],
  { accepted, options = [] }: { readonly accepted: readonly BackupMarkCode[]; readonly options?: readonly string[] | undefined },
): void {
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
        command: ["requorum backup create", ...options, ...codes.map((code) => `--accept ${code}`)].join(" "),
      },
    ],
  });
}
