import type { ScheduledRun, ScheduleRecord } from "../model/backup-schedule.ts";

/**
 * Numbers of scheduled backups in Prometheus' text format, as node-exporter's
 * textfile collector reads it (prometheus/docs, exposition_formats.md). The
 * names are API: docs/backup-schedule.md lists them.
 */
export function backupMetrics(run: ScheduledRun, record: ScheduleRecord, intervalSeconds: number | undefined): string {
  const seconds = (iso: string | undefined): number | undefined => (iso === undefined ? undefined : Date.parse(iso) / 1000);
  const { set } = run;
  const metrics: readonly (readonly [name: string, help: string, value: number | undefined])[] = [
    ["last_run_timestamp_seconds", "When the last scheduled backup ended (Unix time).", seconds(run.endedAt)],
    [
      "last_run_success",
      "1: the last scheduled backup made a set that is proven to the configured level.",
      run.outcome === "succeeded" ? 1 : 0,
    ],
    [
      "last_run_complete",
      "1: and nothing else of it failed, such as a look at an older set, or pruning.",
      run.failure === undefined ? 1 : 0,
    ],
    ["last_run_remarks", "What it saw of the store that is not as it should be, and made nothing fail.", run.remarks.length],
    ["last_run_duration_seconds", "How long it took.", Math.max(0, (Date.parse(run.endedAt) - Date.parse(run.startedAt)) / 1000)],
    ["last_success_timestamp_seconds", "When the last proven set was made (Unix time).", seconds(record.lastSuccess?.at)],
    ["last_failure_timestamp_seconds", "When a scheduled backup failed last (Unix time).", seconds(record.lastFailure?.at)],
    ["failures_in_a_row", "Scheduled backups without a proven set since the last one with.", record.failuresInARow],
    ["interval_seconds", "The longest time between two scheduled backups.", intervalSeconds],
    [
      "last_set_snapshot_bytes",
      "Size of etcd's snapshot in the set of the last run.",
      set === undefined ? undefined : Number(set.snapshotBytes),
    ],
    ["last_set_revision", "etcd's revision in that set.", set === undefined ? undefined : Number(set.revision)],
    ["last_set_marks", "How many kinds of marks that set has; 0: clean.", set?.marks.length],
    ["last_set_proven_level", "The highest level of proof that holds for it, 0 to 5; -1: none.", levelNumber(set)],
    [
      "reverify_success",
      "1: the older set that was looked at again is proven to the configured level.",
      run.reverified === undefined ? undefined : run.reverified.isProven ? 1 : 0,
    ],
  ];
  const label = `{cluster="${run.cluster}"}`;
  return metrics
    .flatMap(([name, help, value]) =>
      value === undefined
        ? []
        : [
            `# HELP requorum_backup_${name} ${help}`,
            `# TYPE requorum_backup_${name} gauge`,
            `requorum_backup_${name}${label} ${String(value)}`,
          ],
    )
    .map((text) => `${text}\n`)
    .join("");
}

function levelNumber(set: ScheduledRun["set"]): number | undefined {
  if (set === undefined) return undefined;
  return set.level === undefined ? -1 : Number(set.level.slice(1));
}
