import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { SeenSetsStore } from "../../ports/seen-sets-store.ts";
import { makePrivateDirectory, replaceFile } from "./durable-file.ts";
import { errnoOf, toRecoveryError, translating } from "./to-recovery-error.ts";

/** STATE/CLUSTER/backup-seen.json, replaced as a whole. */
export class FileSeenSetsStore implements SeenSetsStore {
  readonly #stateDirectory: string;

  /** `stateDirectory` is $XDG_STATE_HOME/requorum. */
  constructor(options: { readonly stateDirectory: string }) {
    this.#stateDirectory = options.stateDirectory;
  }

  async read(cluster: string): Promise<string | undefined> {
    const path = this.#path(cluster);
    try {
      return await readFile(path, "utf8");
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return undefined;
      throw toRecoveryError(error, path, "read what is remembered of backup stores");
    }
  }

  async write(cluster: string, text: string): Promise<void> {
    const path = this.#path(cluster);
    await translating(path, "remember what is in the backup store", async () => {
      await makePrivateDirectory(join(this.#stateDirectory, cluster));
      await replaceFile(path, Buffer.from(text));
    });
  }

  #path(cluster: string): string {
    return join(this.#stateDirectory, cluster, "backup-seen.json");
  }
}
