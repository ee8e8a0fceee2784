import { rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { LastSeenStore } from "../../ports/last-seen-store.ts";
import { readStateText, writeStateText } from "./state-text.ts";
import { errnoOf, translating } from "./to-recovery-error.ts";

/** STATE/CLUSTER/last-seen/inventory.json, replaced as a whole: a reader sees the old facts or the new ones. */
export class FileLastSeenStore implements LastSeenStore {
  readonly #stateDirectory: string;

  /** `stateDirectory` is $XDG_STATE_HOME/requorum. */
  constructor(options: { readonly stateDirectory: string }) {
    this.#stateDirectory = options.stateDirectory;
  }

  read(cluster: string): Promise<string | undefined> {
    return readStateText(this.#path(cluster), "read the facts of the last good probe");
  }

  write(cluster: string, text: string): Promise<void> {
    return writeStateText(this.#path(cluster), text, "keep the facts of this probe");
  }

  placeOf(cluster: string): string {
    return this.#path(cluster);
  }

  /** For a cluster that is gone for good: the next one of its name has not been seen yet. Nothing when there are no such facts. Runs stay. */
  async forget(cluster: string): Promise<void> {
    const path = this.#path(cluster);
    await translating(path, "forget the facts of the last good probe", async () => {
      await rm(dirname(path), { recursive: true, force: true });
      await rmdir(join(this.#stateDirectory, cluster)).catch((error: unknown) => {
        if (!["ENOENT", "ENOTEMPTY", "EEXIST"].includes(errnoOf(error) ?? "")) throw error;
      });
    });
  }

  #path(cluster: string): string {
    return join(this.#stateDirectory, cluster, "last-seen", "inventory.json");
  }
}
