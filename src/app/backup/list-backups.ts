import { inTurns } from "../../catalogue/in-turns.ts";
import { listSets, type ListedSet } from "../../catalogue/list-sets.ts";
import { readAllProofs } from "../../catalogue/read-proofs.ts";
import { restorabilityOf, type Restorability } from "../../catalogue/verify/restorability.ts";
import { indexName, indexPrefix, packName, packPrefix } from "../../formats/backup-set/set-names.ts";
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
  const sizes = await storedSizes(context);
  return inTurns(newestFirst, setsAtOnce, async (set) => ({ set, restorability: await judged(context, set, { nowMs, sizes }) }));
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
  return judged(context, set, { nowMs, sizes: await storedSizes(context) });
}

type Sizes = ReadonlyMap<string, number>;

/** Proofs tell what was there once. One listing of the packs costs little beside what was read to prove them. */
async function storedSizes({ backup, signal }: CatalogueContext): Promise<Sizes> {
  const [packs, indexes] = await Promise.all([backup.store.list(packPrefix, { signal }), backup.store.list(indexPrefix, { signal })]);
  return new Map([...packs, ...indexes].map(({ name, sizeBytes }) => [name, sizeBytes]));
}

async function judged(
  context: CatalogueContext,
  set: ListedSet,
  { nowMs, sizes }: { readonly nowMs: number; readonly sizes: Sizes },
): Promise<Restorability | undefined> {
  if (set.kind !== "trusted") return undefined;
  const { known, unread } = await readAllProofs({ ...context.backup, trust: context.trust }, set, context.signal);
  const found = restorabilityOf(set.manifest, known, nowMs, unread);
  const { index, packs } = set.manifest;
  const names = [{ name: indexName(index.sha256), ref: index }, ...packs.map((ref) => ({ name: packName(ref.sha256), ref }))];
  const lost = names.filter(({ name, ref }) => sizes.get(name) !== ref.sizeBytes);
  const [first] = lost;
  if (first === undefined) return found;
  const because = `${first.name}${lost.length === 1 ? " is" : ` and ${String(lost.length - 1)} more are`} not in the store in the size that was written: whatever was proven, it cannot be restored`;
  return { ...found, score: 0, level: undefined, because: [because, ...found.because], expectedRto: undefined };
}
