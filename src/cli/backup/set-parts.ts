import { StoredSetParts } from "../../app/backup/set-part-source.ts";
import type { Invocation } from "../command-spec.ts";
import type { OpenBackup } from "./open-backup.ts";
import { keySourcesOf, neededSetKey } from "./set-key.ts";

/** Files of the store's sets, opened with the key that the options say, or that this machine holds. Whoever makes it closes it. */
export function setPartsOf(invocation: Invocation, backup: OpenBackup): StoredSetParts {
  const sources = keySourcesOf(backup);
  return new StoredSetParts(sources.reading, (id) => neededSetKey(invocation, sources, id));
}
