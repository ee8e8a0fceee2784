import type { ScheduleRecordName, ScheduleRecords } from "../../src/ports/schedule-records.ts";

/** Records of scheduled backups in memory. */
export class FakeScheduleRecords implements ScheduleRecords {
  readonly texts = new Map<string, string>();
  /** Thrown by every write while it is set. */
  writeFailure: Error | undefined;

  read(cluster: string, name: ScheduleRecordName): Promise<string | undefined> {
    return Promise.resolve(this.texts.get(`${cluster}/${name}`));
  }

  write(cluster: string, name: ScheduleRecordName, text: string): Promise<void> {
    if (this.writeFailure !== undefined) return Promise.reject(this.writeFailure);
    this.texts.set(`${cluster}/${name}`, text);
    return Promise.resolve();
  }

  forget(cluster: string, name: ScheduleRecordName): Promise<void> {
    this.texts.delete(`${cluster}/${name}`);
    return Promise.resolve();
  }
}
