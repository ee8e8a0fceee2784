import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { LastSeenStore } from "../../ports/last-seen-store.ts";
import { makePrivateDirectory, replaceFile } from "./durable-file.ts";
import { errnoOf, toRecoveryError, translating } from "./to-recovery-error.ts";

/** STATE/CLUSTER/last-seen/inventory.json, replaced as a whole: a reader sees the old facts or the new ones. */
export class FileLastSeenStore implements LastSeenStore {
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
      throw toRecoveryError(error, path, "read the facts of the last good probe");
    }
  }

  async write(cluster: string, text: string): Promise<void> {
    const path = this.#path(cluster);
    await translating(path, "keep the facts of this probe", async () => {
      await makePrivateDirectory(join(this.#stateDirectory, cluster, "last-seen"));
      await replaceFile(path, Buffer.from(text));
    });
  }

  #path(cluster: string): string {
    return join(this.#stateDirectory, cluster, "last-seen", "inventory.json");
  }
}
