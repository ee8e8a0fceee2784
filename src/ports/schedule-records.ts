/**
 * What is kept of scheduled backups on this machine, as text (schemas parse
 * it): `runs` of the runs, `timer` of the timer. undefined: there is none yet.
 * A write is durable and whole. LOCAL_FILE_FAILED, LOCAL_DISK_FULL.
 */
export type ScheduleRecordName = "runs" | "timer";

export interface ScheduleRecords {
  read(cluster: string, name: ScheduleRecordName): Promise<string | undefined>;
  write(cluster: string, name: ScheduleRecordName, text: string): Promise<void>;
  /** Nothing when it is not there. */
  forget(cluster: string, name: ScheduleRecordName): Promise<void>;
}
