/** A set that was in a store when this machine last looked. */
export interface SeenSet {
  readonly id: string;
  readonly createdAt: string;
}

/** What this machine remembers of one store and one cluster. */
export interface SeenStore {
  readonly place: string;
  /** "" while nothing was ever written there. */
  readonly storeId: string;
  /** The newest set; undefined: there was none. */
  readonly newest: SeenSet | undefined;
  /** Was the newest, and was gone later with no newer one in its stead. */
  readonly lost: (SeenSet & { readonly noticedAt: string }) | undefined;
}

/** What a look at a store shows. */
export interface SeenNow {
  readonly place: string;
  readonly storeId: string;
  /** Of all sets, also of those that cannot be read. */
  readonly ids: readonly string[];
  /** Of this cluster, and signed by a known key. */
  readonly newest: SeenSet | undefined;
  readonly nowIso: string;
}

/** Whoever looks once a week still sees it. */
const lostToldMsMax = 14 * 24 * 60 * 60 * 1000;

/**
 * Pruning keeps the newest set. A store whose newest one is gone, and that has
 * no newer one, was put back to an older state, emptied, is not the disk that
 * it was, or lost a set to somebody who could remove it.
 */
export function foldSeenStore(before: SeenStore | undefined, now: SeenNow): SeenStore {
  const { place, storeId, newest, ids, nowIso } = now;
  const old = before?.newest;
  const gone = old === undefined || ids.includes(old.id) || isNewer(newest, old) ? undefined : { ...old, noticedAt: nowIso };
  const told = before?.lost;
  const isStillTold = told !== undefined && !ids.includes(told.id) && Date.parse(nowIso) - Date.parse(told.noticedAt) < lostToldMsMax;
  // While what was there is still remembered, each look finds it gone anew: that is told for no longer.
  const isToldAnew = gone !== undefined && gone.id !== told?.id;
  const lost = isToldAnew ? gone : isStillTold ? told : undefined;
  return { place, storeId, newest, lost };
}

/** The same store by its name or, where that was emptied, the same place. */
export function seenStoreOf(stores: readonly SeenStore[], { place, storeId }: Pick<SeenNow, "place" | "storeId">): SeenStore | undefined {
  return stores.find((one) => one.storeId === storeId && storeId !== "") ?? stores.find((one) => one.place === place);
}

/** For a person: what is gone, and what it may mean. */
export function lostWords({ id, createdAt }: SeenSet, place: string): string {
  return `set ${id} of ${createdAt} was in ${place}, and is there no more, nor is a newer one of that time: the store was put back or emptied, is another disk, or somebody removed it`;
}

function isNewer(one: SeenSet | undefined, other: SeenSet): boolean {
  return one !== undefined && Date.parse(one.createdAt) > Date.parse(other.createdAt);
}
