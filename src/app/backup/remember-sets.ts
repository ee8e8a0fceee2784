/** This machine's memory of what was in a store: a store that was put back looks whole by itself. */
import type { ListedSet } from "../../catalogue/list-sets.ts";
import { readStoreIdentity } from "../../catalogue/store-identity.ts";
import type { BackupManifest } from "../../model/backup-set.ts";
import { foldSeenStore, seenStoreOf, type SeenSet, type SeenStore } from "../../model/seen-sets.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { BackupStore } from "../../ports/backup-store.ts";
import type { SeenSetsStore } from "../../ports/seen-sets-store.ts";
import { readSeenSets, writeSeenSets } from "../../schemas/backup-seen.ts";

export interface Remembering {
  readonly store: BackupStore;
  /** Absent: nothing is remembered. */
  readonly seen?: SeenSetsStore | undefined;
}

/** As many places as anybody has; the oldest are forgotten. */
const storesMax = 16;

/**
 * Compares with what was there before, and remembers what is there now; gives
 * the set that is gone. BACKUP_STORE_*, LOCAL_FILE_FAILED.
 */
export async function rememberSets(
  { store, seen }: Remembering,
  { cluster, sets, nowIso }: { readonly cluster: string; readonly sets: readonly ListedSet[]; readonly nowIso: string },
): Promise<SeenSet | undefined> {
  if (seen === undefined) return undefined;
  const own = sets.flatMap((set) => (set.kind === "trusted" && set.manifest.cluster.name === cluster ? [set.manifest] : []));
  const storeId = (await readStoreIdentity(store))?.storeId ?? "";
  const stores = await readStores(seen, cluster);
  const before = seenStoreOf(stores, { place: store.place, storeId });
  const now = { place: store.place, storeId, ids: sets.flatMap(({ id }) => id ?? []), newest: newestOf(own), nowIso };
  // A look at a disk that is not mounted must not make the next one believe that there never was a store.
  const after = foldSeenStore(before, storeId === "" ? { ...now, storeId: before?.storeId ?? "" } : now);
  await keep(seen, cluster, { stores, before, after });
  return after.lost;
}

/**
 * Before a set is made: a place that had a store and shows none is a disk that
 * is not mounted, until somebody says that a new one is to begin there. What
 * was written meanwhile would lie on another disk, and be hidden by the true
 * one later. BACKUP_STORE_UNREACHABLE, BACKUP_STORE_*, LOCAL_FILE_FAILED.
 */
export async function assertStoreIsThere({ store, seen }: Remembering, cluster: string, isNewStore: boolean): Promise<void> {
  if (seen === undefined || isNewStore || (await readStoreIdentity(store)) !== undefined) return;
  const before = (await readStores(seen, cluster)).find(({ place }) => place === store.place);
  if (before === undefined || before.storeId === "") return;
  throw new RecoveryError("BACKUP_STORE_UNREACHABLE", {
    subject: `store ${store.place}`,
    detail: `store ${before.storeId} was there${before.newest === undefined ? "" : `, with set ${before.newest.id},`} and nothing of a store is now; is the disk mounted? Nothing was written`,
    remedies: [
      { why: "mount it, or see what is there", command: "requorum backup list" },
      { why: "only if that store is gone, and a new one is to begin there", command: "requorum backup create --new-store" },
    ],
  });
}

/** After a set was made, or some were pruned: what is there by one's own doing. `lost` stays. */
export async function rememberOwnWork(
  { store, seen }: Remembering,
  cluster: string,
  work: { readonly made: BackupManifest } | { readonly removed: readonly string[] },
): Promise<void> {
  if (seen === undefined) return;
  const storeId = (await readStoreIdentity(store))?.storeId ?? "";
  const stores = await readStores(seen, cluster);
  const before = seenStoreOf(stores, { place: store.place, storeId });
  const newest = "made" in work ? newestOf([work.made]) : before?.newest;
  const isRemoved = "removed" in work && newest !== undefined && work.removed.includes(newest.id);
  const after = { place: store.place, storeId, newest: isRemoved ? undefined : newest, lost: before?.lost };
  await keep(seen, cluster, { stores, before, after });
}

/** For a look that must be quick and changes nothing. */
export async function lostIn(
  { store, seen }: Remembering,
  cluster: string,
  now: { readonly ids: readonly string[]; readonly newest: SeenSet | undefined; readonly nowIso: string },
): Promise<SeenSet | undefined> {
  if (seen === undefined) return undefined;
  const { place } = store;
  const before = (await readStores(seen, cluster)).find((one) => one.place === place);
  return before === undefined ? undefined : foldSeenStore(before, { ...now, place, storeId: before.storeId }).lost;
}

async function keep(
  seen: SeenSetsStore,
  cluster: string,
  { stores, before, after }: { readonly stores: readonly SeenStore[]; readonly before: SeenStore | undefined; readonly after: SeenStore },
): Promise<void> {
  const text = writeSeenSets([after, ...stores.filter((one) => one !== before)].slice(0, storesMax));
  if (text !== writeSeenSets(stores)) await seen.write(cluster, text);
}

async function readStores(seen: SeenSetsStore, cluster: string): Promise<readonly SeenStore[]> {
  const text = await seen.read(cluster);
  try {
    return text === undefined ? [] : readSeenSets(text);
  } catch (error) {
    // A memory that cannot be read must keep nobody from a backup: it begins anew.
    if (error instanceof RecoveryError && error.code === "BACKUP_RECORD_DAMAGED") return [];
    throw error;
  }
}

function newestOf(manifests: readonly BackupManifest[]): SeenSet | undefined {
  let newest: SeenSet | undefined;
  for (const { id, createdAt } of manifests)
    if (newest === undefined || Date.parse(createdAt) > Date.parse(newest.createdAt)) newest = { id, createdAt };
  return newest;
}
