import { inTurns } from "../../catalogue/in-turns.ts";
import { listSets, type ListedSet } from "../../catalogue/list-sets.ts";
import { readProofs } from "../../catalogue/read-proofs.ts";
import { restorabilityOf, type Restorability } from "../../catalogue/verify/restorability.ts";
import type { SeenSet } from "../../model/seen-sets.ts";
import type { CatalogueContext } from "./backup-context.ts";
import { rememberSets } from "./remember-sets.ts";

export interface ListedBackupSet {
  readonly set: ListedSet;
  /** undefined: its manifest cannot be read, or is not trusted: nothing is proven of it. */
  readonly restorability: Restorability | undefined;
}

/** Sets whose proofs are read at one time; each reads several. */
const setsAtOnce = 4;

/** Newest first; what cannot be read is among them, at the end. BACKUP_STORE_*. */
export async function listBackups(context: CatalogueContext, nowMs: number): Promise<readonly ListedBackupSet[]> {
  const sets = await listSets(context.backup, context.trust, context.signal);
  const madeAt = (set: ListedSet): string => (set.kind === "damaged" ? "" : set.manifest.createdAt);
  const newestFirst = [...sets].sort((one, other) => (madeAt(one) < madeAt(other) ? 1 : madeAt(one) > madeAt(other) ? -1 : 0));
  return inTurns(newestFirst, setsAtOnce, async (set) => ({ set, restorability: await restorabilityOfSet(context, set, nowMs) }));
}

/** As `listBackups`; and which set is gone that was there when this machine last looked. LOCAL_FILE_FAILED too. */
export async function listAndRemember(
  context: CatalogueContext,
  cluster: string,
  nowMs: number,
): Promise<{ readonly sets: readonly ListedBackupSet[]; readonly lost: SeenSet | undefined }> {
  const sets = await listBackups(context, nowMs);
  const seen = { cluster, sets: sets.map(({ set }) => set), nowIso: new Date(nowMs).toISOString() };
  return { sets, lost: await rememberSets(context.backup, seen) };
}

/** What the evidence in the store says of one set. BACKUP_STORE_*. */
export async function restorabilityOfSet(context: CatalogueContext, set: ListedSet, nowMs: number): Promise<Restorability | undefined> {
  if (set.kind !== "trusted") return undefined;
  const proofs = await readProofs({ ...context.backup, trust: context.trust }, set, context.signal);
  return restorabilityOf(set.manifest, proofs, nowMs);
}
