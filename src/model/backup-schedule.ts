import type { BackupMarkCode, ProofLevel } from "./backup-set.ts";
import { isInFuture } from "./clock-leeway.ts";
import type { ErrorCode } from "./error-catalogue.ts";

/** Parts of a scheduled backup, in their order. */
export const scheduledPhases = ["open", "create", "verify", "reverify", "prune"] as const;
export type ScheduledPhase = (typeof scheduledPhases)[number];

/** The set that a scheduled run made. */
export interface ScheduledSet {
  readonly id: string;
  readonly createdAt: string;
  readonly revision: bigint;
  readonly snapshotBytes: bigint;
  readonly marks: readonly BackupMarkCode[];
  /** The highest level that holds; undefined: none, or it was not come to. */
  readonly level: ProofLevel | undefined;
  /** The configured level holds. */
  readonly isProven: boolean;
}

export interface ScheduledFailure {
  readonly phase: ScheduledPhase;
  readonly code: ErrorCode | "BUG";
  readonly subject: string;
  readonly detail: string;
}

/** The older set that was looked at again. */
export interface ScheduledReverify {
  readonly id: string;
  /** The highest level that holds now. */
  readonly level: ProofLevel | undefined;
  /** The configured level holds. */
  readonly isProven: boolean;
}

/** What the rules of retention said after the set was proven. */
export interface ScheduledPrune {
  readonly isApplied: boolean;
  readonly remove: readonly string[];
  readonly refusals: readonly string[];
}

/** One scheduled backup, ended. It carries no secret: it is sent to others. */
export interface ScheduledRun {
  readonly cluster: string;
  /** "user@machine" */
  readonly by: string;
  readonly program: string;
  readonly store: string;
  readonly startedAt: string;
  readonly endedAt: string;
  /** Of the proof, not of everything: a set was made and proven to the configured level. */
  readonly outcome: "succeeded" | "failed";
  readonly wantedLevel: ProofLevel;
  readonly set: ScheduledSet | undefined;
  /** undefined: none is configured, there is no older one, or it was not come to. */
  readonly reverified: ScheduledReverify | undefined;
  /** undefined: none is configured, or it was not come to. */
  readonly prune: ScheduledPrune | undefined;
  /** What was seen of the store that is not as it should be, and made nothing fail, in sentences. */
  readonly remarks: readonly string[];
  /** Also beside "succeeded", when an older set is not what it was, or pruning failed. */
  readonly failure: ScheduledFailure | undefined;
}

/** Who runs, as long as it runs: what is left of a run that was killed. */
export interface ScheduledStart {
  readonly startedAt: string;
  readonly host: string;
  readonly pid: number;
  readonly bootId: string;
  /** Tells a reboot of this machine from another machine of its name. */
  readonly machine?: string | undefined;
  readonly processStart?: string | undefined;
  /** How far it has come. */
  readonly phase?: ScheduledPhase | undefined;
  /** The set that it made, once that was proven. */
  readonly proven?: { readonly at: string; readonly set: string } | undefined;
}

/** What is kept of scheduled backups of one cluster, on the machine that makes them. */
export interface ScheduleRecord {
  readonly running: ScheduledStart | undefined;
  readonly last: ScheduledRun | undefined;
  readonly lastSuccess: { readonly at: string; readonly set: string } | undefined;
  readonly lastFailure: (ScheduledFailure & { readonly at: string }) | undefined;
  /** Runs without a proven set since the last one with. */
  readonly failuresInARow: number;
}

/** The timer that `backup timer install` made here. */
export interface InstalledTimer {
  /** "requorum-backup-prod", without its ending. */
  readonly unit: string;
  readonly scope: "system" | "user";
  /** "every 6h", "on calendar *-*-* 03:00" */
  readonly schedule: string;
  /** The longest time between two runs; undefined: nobody could tell (no systemd-analyze). */
  readonly intervalSeconds: number | undefined;
  readonly installedAt: string;
}

export const emptyScheduleRecord: ScheduleRecord = {
  running: undefined,
  last: undefined,
  lastSuccess: undefined,
  lastFailure: undefined,
  failuresInARow: 0,
};

/** How scheduled backups of a cluster stand on this machine. */
export interface ScheduleSummary {
  readonly timer: InstalledTimer | undefined;
  /**
   * `overdue`: no proven set for more than two intervals, or the last is dated in the future; `failing`: the last
   * run made none; `incomplete`: it made one, and what comes after that failed; `waiting`: none has run yet.
   */
  readonly state: "ok" | "incomplete" | "failing" | "overdue" | "waiting";
  /** In words, for `failing` and `overdue`. */
  readonly because: string | undefined;
  readonly lastSuccess: ScheduleRecord["lastSuccess"];
  readonly lastFailure: ScheduleRecord["lastFailure"];
  readonly failuresInARow: number;
  /** At the latest; undefined: no timer, or its interval is not known. */
  readonly nextBy: string | undefined;
  /** Of the last run that ended. */
  readonly remarks: readonly string[];
}

/** One interval for the run itself, one for a bad night: later than that nobody makes backups. */
const intervalsMax = 2;

/** undefined: nothing is scheduled on this machine. */
export function scheduleSummaryOf(
  record: ScheduleRecord | undefined,
  timer: InstalledTimer | undefined,
  nowMs: number,
): ScheduleSummary | undefined {
  if (record === undefined && timer === undefined) return undefined;
  const { last, lastSuccess, lastFailure, failuresInARow, running } = record ?? emptyScheduleRecord;
  const remarks = last?.remarks ?? [];
  const facts = {
    timer,
    lastSuccess,
    lastFailure,
    failuresInARow,
    remarks,
    nextBy: nextBy(timer, running?.startedAt ?? last?.startedAt, nowMs),
  };
  const late = ofFuture(lastSuccess, nowMs) ?? latenessOf(timer, lastSuccess?.at, nowMs);
  if (late !== undefined) return { ...facts, state: "overdue", because: late };
  if (failuresInARow > 0 && lastFailure !== undefined)
    return { ...facts, state: "failing", because: `${lastFailure.code} (${lastFailure.phase}): ${lastFailure.detail}` };
  if (last === undefined && lastSuccess === undefined) return { ...facts, state: "waiting", because: undefined };
  const failedSince = last?.failure ?? (isAfter(lastFailure?.at, lastSuccess?.at) ? lastFailure : undefined);
  if (failedSince !== undefined)
    return { ...facts, state: "incomplete", because: `${failedSince.code} (${failedSince.phase}): ${failedSince.detail}` };
  return { ...facts, state: "ok", because: undefined };
}

function isAfter(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && Date.parse(one) > Date.parse(other);
}

function nextBy(timer: InstalledTimer | undefined, lastStart: string | undefined, nowMs: number): string | undefined {
  if (timer?.intervalSeconds === undefined) return undefined;
  const since = laterOf(timer.installedAt, lastStart);
  return isInFuture(since, nowMs) ? undefined : new Date(Date.parse(since) + timer.intervalSeconds * 1000).toISOString();
}

/** It would look fresh until its day comes, whatever happened since. */
function ofFuture(lastSuccess: ScheduleRecord["lastSuccess"], nowMs: number): string | undefined {
  if (lastSuccess === undefined || !isInFuture(lastSuccess.at, nowMs)) return undefined;
  return `the last proven set, ${lastSuccess.set}, is dated in the future (${lastSuccess.at}): made with a wrong clock, or this machine's clock is wrong. It does not say how fresh the backups are; the next one that is proven does`;
}

function latenessOf(timer: InstalledTimer | undefined, lastSuccessAt: string | undefined, nowMs: number): string | undefined {
  if (timer?.intervalSeconds === undefined) return undefined;
  const isInstalledLater = isInFuture(timer.installedAt, nowMs);
  if (isInstalledLater && lastSuccessAt === undefined)
    return `no proven set, and the timer says that it was installed in the future (${timer.installedAt}): a clock was wrong`;
  const base = isInstalledLater && lastSuccessAt !== undefined ? lastSuccessAt : laterOf(timer.installedAt, lastSuccessAt);
  if (nowMs <= Date.parse(base) + intervalsMax * timer.intervalSeconds * 1000) return undefined;
  const since = lastSuccessAt === undefined ? `since the timer was installed (${timer.installedAt})` : `since ${lastSuccessAt}`;
  return `no proven set ${since}, and there should be one ${timer.schedule}`;
}

function laterOf(one: string, other: string | undefined): string {
  return other !== undefined && Date.parse(other) > Date.parse(one) ? other : one;
}

/** A run as it ended, taken into what is kept. A set that is proven counts, whatever pruning did. */
export function foldScheduledRun(record: ScheduleRecord, run: ScheduledRun): ScheduleRecord {
  const proven = run.set?.isProven === true ? run.set : undefined;
  return {
    running: undefined,
    last: run,
    lastSuccess: proven !== undefined ? { at: proven.createdAt, set: proven.id } : record.lastSuccess,
    lastFailure: run.failure === undefined ? record.lastFailure : { ...run.failure, at: run.endedAt },
    failuresInARow: proven !== undefined ? 0 : record.failuresInARow + 1,
  };
}

/** A run that began and never ended: it was killed, or its machine went down. */
export function foldKilledRun(record: ScheduleRecord, seenAt: string): ScheduleRecord {
  const { running } = record;
  if (running === undefined) return record;
  return {
    ...record,
    running: undefined,
    lastSuccess: running.proven ?? record.lastSuccess,
    failuresInARow: running.proven === undefined ? record.failuresInARow + 1 : 0,
    lastFailure: {
      phase: running.phase ?? "open",
      code: "BACKUP_RUN_KILLED",
      subject: `process ${String(running.pid)} on ${running.host}`,
      detail: `the run that began at ${running.startedAt} was ended from outside before it could say how it went`,
      at: seenAt,
    },
  };
}
