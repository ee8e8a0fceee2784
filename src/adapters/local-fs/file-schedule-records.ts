import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ScheduleRecordName, ScheduleRecords } from "../../ports/schedule-records.ts";
import { makePrivateDirectory, replaceFile } from "./durable-file.ts";
import { errnoOf, toRecoveryError, translating } from "./to-recovery-error.ts";

/** STATE/CLUSTER/backup-schedule/{runs,timer}.json, each replaced as a whole. */
export class FileScheduleRecords implements ScheduleRecords {
  readonly #stateDirectory: string;

  /** `stateDirectory` is $XDG_STATE_HOME/requorum. */
  constructor(options: { readonly stateDirectory: string }) {
    this.#stateDirectory = options.stateDirectory;
  }

  async read(cluster: string, name: ScheduleRecordName): Promise<string | undefined> {
    const path = this.#path(cluster, name);
    try {
      return await readFile(path, "utf8");
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return undefined;
      throw toRecoveryError(error, path, "read what is kept of scheduled backups");
    }
  }

  async write(cluster: string, name: ScheduleRecordName, text: string): Promise<void> {
    const path = this.#path(cluster, name);
    await translating(path, "keep how the scheduled backup went", async () => {
      await makePrivateDirectory(join(this.#stateDirectory, cluster, "backup-schedule"));
      await replaceFile(path, Buffer.from(text));
    });
  }

  async forget(cluster: string, name: ScheduleRecordName): Promise<void> {
    const path = this.#path(cluster, name);
    await translating(path, "forget the timer", () => rm(path, { force: true }));
  }

  #path(cluster: string, name: ScheduleRecordName): string {
    return join(this.#stateDirectory, cluster, "backup-schedule", `${name}.json`);
  }
}
