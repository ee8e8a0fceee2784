import { scheduleSummaryOf, type ScheduleSummary } from "../../model/backup-schedule.ts";
import type { IsRunning } from "../../ports/process-owner.ts";
import type { ScheduleRecords } from "../../ports/schedule-records.ts";
import { readInstalledTimer, readScheduleRecord } from "../../schemas/backup-schedule.ts";
import { withoutKilled } from "./run-scheduled-backup.ts";

/** How scheduled backups stand on this machine; undefined: there are none. Writes nothing. BACKUP_RECORD_DAMAGED, LOCAL_FILE_FAILED. */
export async function readSchedule(
  given: { readonly records: ScheduleRecords; readonly isRunning: IsRunning; readonly nowMs: number },
  cluster: string,
): Promise<ScheduleSummary | undefined> {
  const [runs, timer] = await Promise.all([given.records.read(cluster, "runs"), given.records.read(cluster, "timer")]);
  const record = runs === undefined ? undefined : readScheduleRecord(runs);
  const ended = record === undefined ? undefined : await withoutKilled(record, new Date(given.nowMs).toISOString(), given.isRunning);
  return scheduleSummaryOf(ended, timer === undefined ? undefined : readInstalledTimer(timer), given.nowMs);
}
