/** This machine's memory of what was in a store: a store that was put back looks whole by itself. */
import type { ListedSet } from "../../catalogue/list-sets.ts";
import { readStoreIdentity } from "../../catalogue/store-identity.ts";
import { isOfFuture } from "../../catalogue/time-of-set.ts";
import { manifestPrefix, storeFileName } from "../../formats/backup-set/set-names.ts";
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

export interface LookAtSets {
  readonly cluster: string;
  readonly sets: readonly ListedSet[];
  readonly nowIso: string;
}

/**
 * Compares with what was there before: the set that is gone, and what remembers what is there now, apart from it, as what
 * is seen is not less where it cannot be remembered. BACKUP_STORE_*, LOCAL_FILE_FAILED where the memory cannot be read.
 */
export async function compareWithSeen(
  { store, seen }: Remembering,
  { cluster, sets, nowIso }: LookAtSets,
): Promise<{ readonly lost: SeenSet | undefined; readonly remember: () => Promise<void> }> {
  if (seen === undefined) return { lost: undefined, remember: () => Promise.resolve() };
  const own = sets.flatMap((set) => (set.kind === "trusted" && set.manifest.cluster.name === cluster ? [set.manifest] : []));
  // One of the future would be the newest until its day comes, and no loss of another would be seen.
  const past = own.filter((manifest) => !isOfFuture(manifest, Date.parse(nowIso)));
  const newest = newestOf(past.length > 0 ? past : own);
  const storeId = (await readStoreIdentity(store))?.storeId ?? "";
  const stores = await readStores(seen, cluster);
  const before = seenStoreOf(stores, { place: store.place, storeId });
  const now = { place: store.place, storeId, ids: sets.flatMap(({ id }) => id ?? []), newest, nowIso };
  // A look at a disk that is not mounted must not make the next one believe that there never was a store.
  const folded = foldSeenStore(before, storeId === "" ? { ...now, storeId: before?.storeId ?? "" } : now);
  // Nor that the one below it is the right one: only who writes there says so.
  const after = before !== undefined && isAnother(before, storeId) ? { ...before, lost: folded.lost ?? before.lost } : folded;
  return { lost: folded.lost, remember: () => keep(seen, cluster, { stores, before, after }) };
}

/** What is about to be written. */
export interface AboutToWrite {
  /** The operator says that a store begins there, or is another one. */
  readonly isNewStore?: boolean | undefined;
  /** Sets go by a plan that somebody agrees to: then another store is as good, and only one must be there. */
  readonly isRemoval?: true;
  /** How that is said, and how one looks at that place, when it is not by the verbs and the store of the configuration. */
  readonly commands?: { readonly begin: string; readonly list: string } | undefined;
}

/**
 * Before anything is written: a place that had a store and shows none, or one
 * that this machine never saw, is a disk that is not mounted, until somebody
 * says otherwise. What was written meanwhile would lie on another disk, and be
 * hidden by the true one later. Disks that take turns at a place are each said
 * once. BACKUP_STORE_UNREACHABLE; BACKUP_STORE_INVALID where sets are and what
 * names the store is not; BACKUP_STORE_*, LOCAL_FILE_FAILED.
 */
export async function assertStoreIsThere({ store, seen }: Remembering, cluster: string, about: AboutToWrite = {}): Promise<void> {
  if (seen === undefined || about.isNewStore === true) return;
  const identity = await readStoreIdentity(store);
  const stores = await readStores(seen, cluster);
  if (identity !== undefined && (about.isRemoval === true || stores.some(({ storeId }) => storeId === identity.storeId))) return;
  const before = stores.find(({ place }) => place === store.place);
  if (before === undefined || before.storeId === "") return;
  const subject = `store ${store.place}`;
  const was = `store ${before.storeId} was there${before.newest === undefined ? "" : `, with set ${before.newest.id},`}`;
  const sets = identity === undefined ? (await store.list(manifestPrefix)).length : 0;
  if (sets > 0)
    throw new RecoveryError("BACKUP_STORE_INVALID", {
      subject,
      detail: `${was} and ${String(sets)} of its sets still are, but not ${storeFileName}, by which it is known. Put that back: it may lie at aside/${storeFileName} there, or in a backup of that disk. With another one a new data key begins, and everything is stored anew. Nothing was written`,
    });
  const now = identity === undefined ? "nothing of a store is now" : `another one is now, ${identity.storeId}`;
  const { begin, list } = about.commands ?? { begin: "requorum backup create --new-store", list: "requorum backup list" };
  throw new RecoveryError("BACKUP_STORE_UNREACHABLE", {
    subject,
    detail: `${was} and ${now}; is the disk mounted? Nothing was written`,
    remedies: [
      { why: "mount it, or see what is there", command: list },
      identity === undefined
        ? { why: "only if that store is gone, and a new one is to begin there", command: begin }
        : { why: "only if this one is to be written to as well, as of disks that take turns there", command: begin },
    ],
  });
}

/** After a set was made or copied there, or some were pruned: what is there by one's own doing. `lost` stays. */
export async function rememberOwnWork(
  { store, seen }: Remembering,
  cluster: string,
  work: { readonly made: BackupManifest } | { readonly copied: BackupManifest } | { readonly removed: readonly string[] },
): Promise<void> {
  if (seen === undefined) return;
  const storeId = (await readStoreIdentity(store))?.storeId ?? "";
  const stores = await readStores(seen, cluster);
  const before = seenStoreOf(stores, { place: store.place, storeId });
  // To prune a store is not to say that it is the one of that place.
  if ("removed" in work && isAnother(before, storeId)) return;
  const was = isAnother(before, storeId) ? undefined : before?.newest;
  const newest =
    "made" in work ? newestOf([work.made]) : "copied" in work ? newestOf([...(was === undefined ? [] : [was]), work.copied]) : was;
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
  // Of disks that take turns at a place each is remembered.
  const others = stores.filter((one) => one !== before || isAnother(one, after.storeId));
  const text = writeSeenSets([after, ...others].slice(0, storesMax));
  if (text !== writeSeenSets(stores)) await seen.write(cluster, text);
}

function isAnother(before: SeenStore | undefined, storeId: string): boolean {
  return before !== undefined && before.storeId !== "" && storeId !== "" && before.storeId !== storeId;
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

function newestOf(manifests: readonly SeenSet[]): SeenSet | undefined {
  let newest: SeenSet | undefined;
  for (const { id, createdAt } of manifests)
    if (newest === undefined || Date.parse(createdAt) > Date.parse(newest.createdAt)) newest = { id, createdAt };
  return newest;
}
