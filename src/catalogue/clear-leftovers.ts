import type { BackupSetId } from "../model/ids.ts";
import { asBackupSetId } from "../model/ids.ts";
import type { SetCiphers } from "../formats/backup-set/set-ciphers.ts";
import { indexName, indexPrefix, packName, packPrefix } from "../formats/backup-set/set-names.ts";
import type { ProcessOwner } from "../ports/process-owner.ts";
import { listSets, type ListedSet } from "./list-sets.ts";
import { findClaims, putClaim, removeClaim, removeForGood, type ClaimPorts, type FoundClaim } from "./store-claims.ts";

export interface Clearing extends ClaimPorts {
  readonly ciphers: SetCiphers;
  readonly owner: ProcessOwner;
  readonly randomHex: (byteCount: number) => string;
}

export type Cleared =
  | {
      readonly kind: "cleared";
      /** Names of packs and indexes that no set needs. */
      readonly removed: readonly string[];
      /** Unfinished uploads. */
      readonly unfinished: number;
      /** Claims of processes that are gone. */
      readonly claims: number;
    }
  /** Nothing was removed, and why. */
  | { readonly kind: "left"; readonly because: string };

/**
 * An unfinished upload of a program that put no claim yet is at most as old as
 * the putting of a small object takes.
 */
const unfinishedMsMin = 60_000;

/** What a new writer does first. Leftovers come with the claim of a dead writer; only then everything is looked through. */
export async function clearAfterOthers(clearing: Clearing, signal?: AbortSignal): Promise<Cleared> {
  const claims = await findClaims(clearing, undefined, signal);
  const atWork = claims.find(({ state }) => state !== "gone");
  if (atWork !== undefined) return { kind: "left", because: whoWorks(atWork) };
  if (claims.length > 0) return clearLeftovers(clearing, signal);
  return { kind: "cleared", removed: [], unfinished: await clearUnfinished(clearing, signal), claims: 0 };
}

/**
 * Removes packs and indexes that no listed set names, unfinished uploads, and
 * the claims of processes that are gone. Nothing while somebody may be at
 * work, and no pack or index while a listed manifest cannot be read: what that
 * set needs is unknown. BACKUP_STORE_*.
 */
export async function clearLeftovers(clearing: Clearing, signal?: AbortSignal): Promise<Cleared> {
  const { store, clock, owner } = clearing;
  const id = newClaimId(clock.nowIso(), clearing.randomHex);
  await putClaim(store, { id, purpose: "remove", owner, startedAt: clock.nowIso() }, signal);
  try {
    const claims = await findClaims(clearing, id, signal);
    const atWork = claims.find(({ state }) => state !== "gone");
    if (atWork !== undefined) return { kind: "left", because: whoWorks(atWork) };
    const unneeded = await removeUnneeded(clearing, signal);
    if (unneeded.kind === "left") return unneeded;
    const unfinished = await clearUnfinished(clearing, signal);
    for (const { objectName } of claims) await removeForGood(store, objectName);
    return { kind: "cleared", removed: unneeded.removed, unfinished, claims: claims.length };
  } finally {
    await removeClaim(store, id);
  }
}

/** Packs and indexes that no listed set names. To be called under a claim of one's own, when nobody else is at work. */
export async function removeUnneeded(
  reading: Pick<Clearing, "store" | "ciphers">,
  signal?: AbortSignal,
): Promise<{ readonly kind: "removed"; readonly removed: readonly string[] } | { readonly kind: "left"; readonly because: string }> {
  const { store } = reading;
  const options = signal === undefined ? {} : { signal };
  const objects = [...(await store.list(packPrefix, options)), ...(await store.list(indexPrefix, options))];
  const sets = await listSets(reading, { publicKeys: [] }, signal);
  const damaged = sets.find((set) => set.kind === "damaged");
  if (damaged !== undefined)
    return { kind: "left", because: `what set ${damaged.id ?? damaged.object.name} needs is not known: ${damaged.because}` };
  const needed = new Set(sets.flatMap(objectsOf));
  const removed = objects.map(({ name }) => name).filter((name) => !needed.has(name));
  for (const name of removed) await store.remove(name, options);
  return { kind: "removed", removed };
}

/** Every object that a set needs besides its manifest. */
export function objectsOf(set: ListedSet): readonly string[] {
  return set.kind === "damaged" ? [] : [indexName(set.manifest.index.sha256), ...set.manifest.packs.map(({ sha256 }) => packName(sha256))];
}

/** The name of a claim that is of no set: as an id, so that it is found beside those of sets. */
export function newClaimId(nowIso: string, randomHex: (byteCount: number) => string): BackupSetId {
  const digits = nowIso.replaceAll(/[^0-9]/g, "");
  return asBackupSetId(`${digits.slice(0, 8)}-${digits.slice(8, 14)}-${randomHex(3)}`);
}

function clearUnfinished({ store }: Clearing, signal: AbortSignal | undefined): Promise<number> {
  return store.clearUnfinished({ olderThanMs: unfinishedMsMin, ...(signal === undefined ? {} : { signal }) });
}

function whoWorks({ claim, objectName }: FoundClaim): string {
  return claim === undefined
    ? `${objectName} says that somebody is at work, and cannot be read`
    : `process ${claim.owner.pid} of ${claim.owner.host} may be at work since ${claim.startedAt}`;
}
