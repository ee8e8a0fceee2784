import { inTurns } from "../../catalogue/in-turns.ts";
import { listSets, type ListedSet } from "../../catalogue/list-sets.ts";
import { readAllProofs } from "../../catalogue/read-proofs.ts";
import { restorabilityOf, type Restorability } from "../../catalogue/verify/restorability.ts";
import { futureWords, isOfFuture, newestFirst } from "../../catalogue/time-of-set.ts";
import { readStoreIdentity } from "../../catalogue/store-identity.ts";
import { storeFileName } from "../../formats/backup-set/set-names.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { SeenSet } from "../../model/seen-sets.ts";
import type { CatalogueContext } from "./backup-context.ts";
import { compareWithSeen } from "./remember-sets.ts";
import { storedSizes, withStored, type StoredSizes } from "./stored-objects.ts";

export interface ListedBackupSet {
  readonly set: ListedSet;
  /** undefined: its manifest cannot be read, or is not trusted: nothing is proven of it. */
  readonly restorability: Restorability | undefined;
}

/** Sets whose proofs are read at one time; each reads several. */
const setsAtOnce = 4;

/** Newest first, then those that are dated in the future, then what cannot be read. BACKUP_STORE_*. */
export async function listBackups(context: CatalogueContext, nowMs: number): Promise<readonly ListedBackupSet[]> {
  const sets = await listSets(context.backup, context.trust, context.signal);
  const readable = newestFirst(
    sets.flatMap((set) => (set.kind === "damaged" ? [] : [set])),
    nowMs,
  );
  const inOrder = [...readable, ...sets.filter(({ kind }) => kind === "damaged")];
  const sizes = await storedSizes(context.backup.store, context.signal);
  return inTurns(inOrder, setsAtOnce, async (set) => ({ set, restorability: await judged(context, set, { nowMs, sizes }) }));
}

/**
 * As `listBackups`; and which set is gone that was there when this machine
 * last looked. `remarks`: what else is not as it should be, of the store as a
 * whole. `cluster`: "" where no configuration is: then nothing is remembered.
 * LOCAL_FILE_FAILED too, where what is remembered cannot be read.
 */
export async function listAndRemember(context: CatalogueContext, cluster: string, nowMs: number): Promise<StoreLook> {
  const { store } = context.backup;
  const sets = await listBackups(context, nowMs);
  const isStore = (await readStoreIdentity(store, { signal: context.signal })) !== undefined;
  const ofStore = [
    ...(isStore || sets.length === 0 ? [] : [namelessWords(store.place)]),
    ...sets.flatMap(({ set }) => ofFuture(set, cluster, nowMs)),
  ];
  if (cluster === "") return { sets, lost: undefined, isStore, remarks: ofStore };
  const look = { cluster, sets: sets.map(({ set }) => set), nowIso: new Date(nowMs).toISOString() };
  const { lost, remember } = await compareWithSeen(context.backup, look);
  const unkept = await unkeptWords(remember);
  return { sets, lost, isStore, remarks: [...ofStore, ...(unkept === undefined ? [] : [unkept])] };
}

export interface StoreLook {
  readonly sets: readonly ListedBackupSet[];
  readonly lost: SeenSet | undefined;
  /** false: what names a store is not there. */
  readonly isStore: boolean;
  readonly remarks: readonly string[];
}

function namelessWords(place: string): string {
  return `${storeFileName}, by which the store is known, is not in ${place}, and its sets are: put it back from aside/${storeFileName} there, or from a backup of that disk. With another one a new data key begins, and everything is stored anew`;
}

function ofFuture(set: ListedSet, cluster: string, nowMs: number): readonly string[] {
  if (set.kind === "damaged" || !isOfFuture(set.manifest, nowMs)) return [];
  const isOwn = set.kind === "trusted" && set.manifest.cluster.name === cluster;
  const wayOut = `. If it is the set's date that is wrong, \`requorum backup prune --future ${set.id}\` takes it away`;
  return [`${futureWords(set.manifest, nowMs)}${isOwn ? wayOut : ""}`];
}

/** A list that cannot be remembered is a list all the same. */
async function unkeptWords(remember: () => Promise<void>): Promise<string | undefined> {
  try {
    await remember();
    return undefined;
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    return `what is there cannot be remembered, and a set that is gone later may not be missed: ${error.subject}: ${error.detail} (${error.code})`;
  }
}

/** What the evidence in the store says of one set. BACKUP_STORE_*. */
export async function restorabilityOfSet(context: CatalogueContext, set: ListedSet, nowMs: number): Promise<Restorability | undefined> {
  return judged(context, set, { nowMs, sizes: await storedSizes(context.backup.store, context.signal) });
}

async function judged(
  context: CatalogueContext,
  set: ListedSet,
  { nowMs, sizes }: { readonly nowMs: number; readonly sizes: StoredSizes },
): Promise<Restorability | undefined> {
  if (set.kind !== "trusted") return undefined;
  const { known, unread } = await readAllProofs({ ...context.backup, trust: context.trust }, set, context.signal);
  return withStored(restorabilityOf(set.manifest, known, nowMs, unread), set.manifest, sizes);
}
