import { FileScheduleRecords } from "../../adapters/local-fs/file-schedule-records.ts";
import { runningBeside, thisProcess } from "../../adapters/system/node-process-owner.ts";
import { readSchedule } from "../../app/backup/read-schedule.ts";
import type { ScheduleSummary } from "../../model/backup-schedule.ts";
import type { CliContext } from "../cli-context.ts";

/** How scheduled backups of a cluster stand on this machine. BACKUP_RECORD_DAMAGED, LOCAL_FILE_FAILED. */
export async function scheduleHere(
  cli: Pick<CliContext, "directories">,
  cluster: string,
  nowMs: number,
): Promise<ScheduleSummary | undefined> {
  const records = new FileScheduleRecords({ stateDirectory: cli.directories.state });
  return readSchedule({ records, isRunning: runningBeside(await thisProcess()), nowMs }, cluster);
}
