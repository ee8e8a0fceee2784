import { listSets, type ListedSet } from "../../catalogue/list-sets.ts";
import type { CatalogueContext } from "./backup-context.ts";

/** Newest first; what cannot be read is among them, at the end. BACKUP_STORE_*. */
export async function listBackups(context: CatalogueContext): Promise<readonly ListedSet[]> {
  const sets = await listSets(context.backup, context.trust, context.signal);
  const madeAt = (set: ListedSet): string => (set.kind === "damaged" ? "" : set.manifest.createdAt);
  return [...sets].sort((one, other) => (madeAt(one) < madeAt(other) ? 1 : madeAt(one) > madeAt(other) ? -1 : 0));
}
