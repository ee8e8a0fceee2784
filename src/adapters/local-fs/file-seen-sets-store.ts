import { join } from "node:path";
import type { SeenSetsStore } from "../../ports/seen-sets-store.ts";
import { readStateText, writeStateText } from "./state-text.ts";

/** STATE/CLUSTER/backup-seen.json, replaced as a whole. */
export class FileSeenSetsStore implements SeenSetsStore {
  readonly #stateDirectory: string;

  /** `stateDirectory` is $XDG_STATE_HOME/requorum. */
  constructor(options: { readonly stateDirectory: string }) {
    this.#stateDirectory = options.stateDirectory;
  }

  read(cluster: string): Promise<string | undefined> {
    return readStateText(this.#path(cluster), "read what is remembered of backup stores");
  }

  write(cluster: string, text: string): Promise<void> {
    return writeStateText(this.#path(cluster), text, "remember what is in the backup store");
  }

  #path(cluster: string): string {
    return join(this.#stateDirectory, cluster, "backup-seen.json");
  }
}
