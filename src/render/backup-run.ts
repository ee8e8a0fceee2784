import type { ScheduledRun, ScheduleSummary } from "../model/backup-schedule.ts";
import { bad, command, dim, good, item, line, strong, warn, type Block, type Inline, type Page, type Span } from "./page.ts";
import { count, secondsWords, timeWords } from "./words.ts";

/** What `backup run` prints, and what the webhook is sent. */
export interface BackupRunDocument extends ScheduledRun {
  readonly apiVersion: "requorum/v1";
  readonly kind: "BackupRun";
  /** What could not be kept, or told. Empty in what the webhook is sent. */
  readonly untold: readonly { readonly what: string; readonly code: string; readonly detail: string }[];
}

export function backupRunDocument(run: ScheduledRun, untold: BackupRunDocument["untold"] = []): BackupRunDocument {
  return { apiVersion: "requorum/v1", kind: "BackupRun", ...run, untold };
}

export function backupRunPage(run: BackupRunDocument): Page {
  const { set, failure, prune } = run;
  const took = secondsWords(Math.max(0, (Date.parse(run.endedAt) - Date.parse(run.startedAt)) / 1000));
  return [
    line([
      run.outcome === "succeeded" ? good("backed up and proven") : bad("no proven backup"),
      ...(set === undefined ? [] : ["  set ", strong(set.id)]),
      dim(`  in ${took}, to ${run.store}`),
    ]),
    ...(set === undefined ? [] : [line(setWords(run), 2)]),
    ...(set === undefined ? [] : set.marks.map((mark) => item(warn(mark)))),
    ...(run.reverified === undefined ? [] : [line(reverifiedWords(run.reverified), 2)]),
    ...(prune === undefined ? [] : [line(pruneWords(prune), 2)]),
    ...run.remarks.map((remark) => item(warn(remark))),
    ...(failure === undefined ? [] : [item([bad(`${failure.phase}: ${failure.code}`), `  ${failure.subject}: ${failure.detail}`])]),
    ...run.untold.map(({ what, code, detail }) => item([warn(`not told: ${what}`), `  ${detail} (${code})`])),
    ...(set === undefined ? [] : [command(`requorum backup show ${set.id}`, "what is in it")]),
  ];
}

function setWords({ set, wantedLevel }: BackupRunDocument): Inline {
  const level =
    set?.level === undefined ? warn("nothing proven") : set.isProven ? good(`${set.level} proven`) : warn(`${set.level} proven`);
  return [`revision ${String(set?.revision)}, `, level, dim(` of ${wantedLevel} wanted`)];
}

function reverifiedWords({ id, level, isProven }: NonNullable<ScheduledRun["reverified"]>): Inline {
  const proven = level === undefined ? "nothing proven" : `${level} proven`;
  return [`looked again at set ${id}: `, isProven ? good(proven) : bad(proven)];
}

function pruneWords({ isApplied, remove, refusals }: NonNullable<ScheduledRun["prune"]>): string {
  if (refusals.length > 0) return "nothing was pruned";
  return isApplied
    ? `${count(remove.length, "set")} removed by the rules of retention`
    : `the rules of retention would remove ${count(remove.length, "set")}`;
}

/** In `status`, `backup list` and `backup timer`. */
export function scheduleWords(schedule: ScheduleSummary | undefined): readonly (string | Span)[] {
  if (schedule === undefined) return [dim("none on this machine")];
  const { lastSuccess, nextBy, timer } = schedule;
  const last = lastSuccess === undefined ? ["no proven set yet"] : [`last proven set ${timeWords(lastSuccess.at)}`];
  const next = nextBy === undefined ? [] : [dim(`; the next by ${timeWords(nextBy)}`)];
  const when = timer === undefined ? [dim(" (no timer of requorum's)")] : [dim(` (${timer.schedule})`)];
  return [stateSpan(schedule), ", ", ...last, ...next, ...when];
}

function stateSpan({ state, failuresInARow }: ScheduleSummary): Span {
  switch (state) {
    case "ok":
      return good("as scheduled");
    case "waiting":
      return warn("none has run yet");
    case "incomplete":
      return warn("proven, but not all was done");
    case "failing":
      return bad(failuresInARow === 1 ? "THE LAST ONE FAILED" : `THE LAST ${String(failuresInARow)} FAILED`);
    case "overdue":
      return bad("OVERDUE");
    default:
      return state satisfies never;
  }
}

/** The reason beneath, where there is one, and what the last run remarked. `told`: said on the same page already. */
export function scheduleReason(schedule: ScheduleSummary | undefined, told?: string): readonly Block[] {
  if (schedule === undefined) return [];
  const { because, remarks } = schedule;
  return [
    ...(because === undefined ? [] : [item([bad("scheduled backups: "), because])]),
    ...remarks.filter((remark) => remark !== told).map((remark) => item([warn("the last scheduled backup remarked: "), remark])),
  ];
}
