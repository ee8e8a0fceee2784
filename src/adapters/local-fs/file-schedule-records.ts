import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { ScheduleRecordName, ScheduleRecords } from "../../ports/schedule-records.ts";
import { readStateText, writeStateText } from "./state-text.ts";
import { translating } from "./to-recovery-error.ts";

/** STATE/CLUSTER/backup-schedule/{runs,timer}.json, each replaced as a whole. */
export class FileScheduleRecords implements ScheduleRecords {
  readonly #stateDirectory: string;

  /** `stateDirectory` is $XDG_STATE_HOME/requorum. */
  constructor(options: { readonly stateDirectory: string }) {
    this.#stateDirectory = options.stateDirectory;
  }

  read(cluster: string, name: ScheduleRecordName): Promise<string | undefined> {
    return readStateText(this.#path(cluster, name), "read what is kept of scheduled backups");
  }

  write(cluster: string, name: ScheduleRecordName, text: string): Promise<void> {
    return writeStateText(this.#path(cluster, name), text, "keep how the scheduled backup went");
  }

  async forget(cluster: string, name: ScheduleRecordName): Promise<void> {
    const path = this.#path(cluster, name);
    await translating(path, "forget the timer", () => rm(path, { force: true }));
  }

  #path(cluster: string, name: ScheduleRecordName): string {
    return join(this.#stateDirectory, cluster, "backup-schedule", `${name}.json`);
  }
}
