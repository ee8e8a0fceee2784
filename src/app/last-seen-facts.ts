import type { LastSeen } from "../model/inventory.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { shellWord } from "../model/shell-word.ts";
import type { LastSeenStore } from "../ports/last-seen-store.ts";
import { readLastSeen } from "../schemas/last-seen.ts";

/**
 * What this machine kept of the last good look; undefined: nothing yet.
 * LOCAL_FILE_FAILED; INVENTORY_FILE_INVALID, which names the file and says what
 * to do: it may be the only record of what was, so nothing replaces it by itself.
 */
export async function lastSeenFacts(store: LastSeenStore, cluster: string): Promise<LastSeen | undefined> {
  const text = await store.read(cluster);
  if (text === undefined) return undefined;
  const place = store.placeOf?.(cluster);
  try {
    return readLastSeen(text);
  } catch (error) {
    if (!(error instanceof RecoveryError) || place === undefined) throw error;
    throw new RecoveryError(error.code, {
      subject: `last-seen facts ${place}`,
      detail: `${place}, which says what the last good look at ${cluster} saw, is damaged: ${error.detail}`,
      cause: error,
      remedies: [
        {
          why: "put it aside: the next good look begins a new one. Until then nothing is compared with what was seen before",
          command: `mv ${shellWord(place)} ${shellWord(`${place}.damaged`)}`,
        },
      ],
    });
  }
}

/** For whom it is one witness of several: facts, or why there are none. What is no such failure is thrown. */
export async function lastSeenIfReadable(
  store: LastSeenStore,
  cluster: string,
): Promise<{ readonly lastSeen?: LastSeen; readonly problem?: string }> {
  try {
    const lastSeen = await lastSeenFacts(store, cluster);
    return lastSeen === undefined ? {} : { lastSeen };
  } catch (error) {
    if (!(error instanceof RecoveryError) || (error.code !== "LOCAL_FILE_FAILED" && error.code !== "INVENTORY_FILE_INVALID")) throw error;
    const remedy = error.remedies.map(({ why, command }) => `. ${why}: ${command ?? ""}`).join("");
    return {
      problem: `the last good look could not be read and compared with this one (${error.code}: ${error.subject}: ${error.detail})${remedy}`,
    };
  }
}
