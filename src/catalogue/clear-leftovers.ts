import type { BackupSetId } from "../model/ids.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import type { SetCiphers } from "../formats/backup-set/set-ciphers.ts";
import {
  indexName,
  indexPrefix,
  isNameOfOurs,
  manifestName,
  manifestPrefix,
  packName,
  packPrefix,
  proofPrefix,
  setIdOfProofName,
} from "../formats/backup-set/set-names.ts";
import type { BackupStore, StoredObject } from "../ports/backup-store.ts";
import type { ProcessOwner } from "../ports/process-owner.ts";
import { listSets, type ListedSet } from "./list-sets.ts";
import { RemovingClaim } from "./removing-claim.ts";
import {
  findClaims,
  foreignClaimMsMax,
  newClaimId,
  putClaim,
  removeForGood,
  timeOfClaim,
  whoWorks,
  type ClaimPorts,
  type FoundClaim,
} from "./store-claims.ts";

export interface Clearing extends ClaimPorts {
  readonly ciphers: SetCiphers;
  readonly owner: ProcessOwner;
  readonly randomHex: (byteCount: number) => string;
}

export type Cleared =
  | {
      readonly kind: "cleared";
      /** Names of packs and indexes that no set needs, and of proofs of no set. */
      readonly removed: readonly string[];
      /** Unfinished uploads. */
      readonly unfinished: number;
      /** Claims of processes that are gone. */
      readonly claims: number;
    }
  /** Nothing was removed, or not all, and why. */
  | {
      readonly kind: "left";
      readonly because: string;
      /** Somebody was killed there: then something may be left. false: others are at work, and that is all. */
      readonly areOthersGone: boolean;
    };

/** An unfinished upload that began so long before one's own claim is of nobody who is at work, when nobody else has a claim that counts. */
const unfinishedMsMin = 60_000;
/** With nothing that tells of a killed writer, what is so young may be of one whose claim is not listed yet. */
const youngMs = 60 * 60 * 1000;

/**
 * What a new writer does first. Leftovers come with the claim of a dead
 * writer; only then everything is looked through. How old a claim of another
 * machine is, is only known under a claim of one's own. What cannot be removed
 * only takes room: it is left, and keeps nobody from a backup; that is to be
 * told (`leftRemarks`), and the next writer tries again.
 */
export async function clearAfterOthers(clearing: Clearing, signal?: AbortSignal): Promise<Cleared> {
  const claims = await findClaims(clearing, undefined, signal);
  const atWork = claims.find(({ state }) => state === "living");
  if (atWork !== undefined) return leftToWorker(atWork, claims);
  if (claims.length === 0) return { kind: "cleared", removed: [], unfinished: 0, claims: 0 };
  try {
    return await clearLeftovers(clearing, signal);
  } catch (error) {
    if (error instanceof RecoveryError && /^BACKUP_STORE_(?:FAILED|BUSY|FULL)$/.test(error.code))
      return { kind: "left", because: `${error.subject}: ${error.detail} (${error.code})`, areOthersGone: true };
    throw error;
  }
}

function leftToWorker(atWork: FoundClaim, claims: readonly FoundClaim[]): Cleared {
  return { kind: "left", because: whoWorks(atWork), areOthersGone: claims.some(({ state }) => state === "gone") };
}

/** For whoever made a set or a copy meanwhile: what is left, and why. Nothing where nobody is known to have left anything. */
export function leftRemarks(cleared: Cleared, place: string): readonly string[] {
  if (cleared.kind === "cleared" || !cleared.areOthersGone) return [];
  return [
    `what a killed writer left in ${place} could not be removed: ${cleared.because}. It takes room, and harms no set; the next backup or copy there tries again`,
  ];
}

/**
 * Removes packs and indexes that no listed set names, unfinished uploads, and
 * the claims of processes that are gone. Nothing while somebody may be at
 * work, and no pack or index while a listed manifest cannot be read: what that
 * set needs is unknown. BACKUP_STORE_*.
 */
export async function clearLeftovers(clearing: Clearing, signal?: AbortSignal): Promise<Cleared> {
  const own = await RemovingClaim.put(clearing, signal);
  try {
    const claims = await findClaims(clearing, own.id, signal);
    const atWork = claims.find(({ state }) => state !== "gone");
    if (atWork !== undefined) return leftToWorker(atWork, claims);
    const unneeded = await removeForGone(clearing, { own, gone: claims }, signal);
    if (unneeded.kind === "left") return { ...unneeded, areOthersGone: claims.length > 0 };
    const unfinished = await clearUnfinished(clearing.store, { id: own.id, areOthersGone: claims.length > 0 }, signal);
    return { kind: "cleared", removed: unneeded.removed, unfinished, claims: claims.length };
  } finally {
    await own.release();
  }
}

type Unneeded = { readonly kind: "removed"; readonly removed: readonly string[] } | { readonly kind: "left"; readonly because: string };

/** Under which claim of one's own things are removed, and what is known. */
export interface Removing {
  readonly own: RemovingClaim;
  readonly gone: readonly FoundClaim[];
  /** Sets that are surely there: a listing without one of them is not believed. */
  readonly kept?: readonly BackupSetId[];
  /** Objects of sets that were removed just now: of them it is known why no set names them. */
  readonly released?: ReadonlySet<string>;
}

/**
 * Takes away the claims of those who are gone, and then what no set needs. In
 * this order: one of them who lives after all sees that its claim is gone, or
 * its manifest is listed here. While something is left, a claim in the name of
 * one of them stays, by which the next writer knows that it must look.
 */
export async function removeForGone(clearing: Clearing, removing: Removing, signal?: AbortSignal): Promise<Unneeded> {
  const { store } = clearing;
  for (const { objectName } of removing.gone) await removeForGood(store, objectName);
  let unneeded: Unneeded | undefined;
  try {
    unneeded = await removeUnneeded(clearing, removing, signal);
    return unneeded;
  } finally {
    const [first] = removing.gone;
    if (unneeded?.kind !== "removed" && first !== undefined) await putInNameOf(clearing, first);
  }
}

async function putInNameOf({ store, clock, randomHex }: Clearing, { claim }: FoundClaim): Promise<void> {
  const startedAt = claim?.startedAt ?? clock.nowIso();
  const owner = claim?.owner ?? { host: "unknown", pid: 0, bootId: "" };
  await putClaim(store, { id: newClaimId(clock.nowIso(), randomHex), purpose: "write", owner, startedAt, token: randomHex(16) });
}

/** Packs and indexes that no listed set names, and proofs of sets that are not listed, under a claim of one's own, when nobody else is at work. */
async function removeUnneeded(
  clearing: Clearing,
  { own, gone, kept, released }: Removing,
  signal: AbortSignal | undefined,
): Promise<Unneeded> {
  const { store } = clearing;
  const options = signal === undefined ? {} : { signal };
  const objects = [...(await store.list(packPrefix, options)), ...(await store.list(indexPrefix, options))];
  const proofs = await store.list(proofPrefix, options);
  const sets = await listSets(clearing, { publicKeys: [] }, signal);
  const damaged = sets.find((set) => set.kind === "damaged");
  if (damaged !== undefined)
    return { kind: "left", because: `what set ${damaged.id ?? damaged.object.name} needs is not known: ${damaged.because}` };
  const needed = new Set(sets.flatMap(objectsOf));
  const youngestMs = gone.length > 0 ? Infinity : Date.parse(await timeOfClaim(store, own.id, signal)) - youngMs;
  const isOfNobody = ({ name, modifiedAt }: StoredObject) => released?.has(name) === true || Date.parse(modifiedAt) < youngestMs;
  const ids = new Set(sets.map(({ id }) => id));
  // Of a set whose removal was broken off; what others put there has other names.
  const isOfNoSet = ({ name }: StoredObject) => isNameOfOurs(name) && !ids.has(setIdOfProofName(name));
  const unneeded = [...objects.filter(({ name }) => !needed.has(name)), ...proofs.filter(isOfNoSet)].filter(isOfNobody);
  if (unneeded.length === 0) return { kind: "removed", removed: [] };
  const doubt = await doubtOf(clearing, { id: own.id, kept: kept ?? [], listed: sets.map(({ object }) => object.name) }, signal);
  if (doubt !== undefined) return { kind: "left", because: doubt };
  for (const { name } of unneeded) await own.remove(name, signal);
  return { kind: "removed", removed: unneeded.map(({ name }) => name) };
}

/** Why a listing of sets is no ground to remove anything: listings may be old, or miss what was written a moment ago. */
async function doubtOf(
  clearing: Clearing,
  looked: { readonly id: BackupSetId; readonly kept: readonly BackupSetId[]; readonly listed: readonly string[] },
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const listed = new Set(looked.listed);
  const again = (await clearing.store.list(manifestPrefix, signal === undefined ? {} : { signal })).map(({ name }) => name);
  const missed = [...looked.kept.map(manifestName), ...again].find((name) => !listed.has(name));
  if (missed !== undefined) return `a listing of the sets did not show ${missed}, and another one did`;
  const atWork = (await findClaims(clearing, looked.id, signal)).find(({ state }) => state !== "gone");
  return atWork === undefined ? undefined : whoWorks(atWork);
}

/** Every object that a set needs besides its manifest. */
export function objectsOf(set: ListedSet): readonly string[] {
  return set.kind === "damaged" ? [] : [indexName(set.manifest.index.sha256), ...set.manifest.packs.map(({ sha256 }) => packName(sha256))];
}

/**
 * Unfinished uploads that began before one's own claim was put, both by the
 * store's clock. Without claims of killed writers they may be of a writer
 * whose claim is not seen: then only what is older than any writer gets.
 */
export async function clearUnfinished(
  store: BackupStore,
  { id, areOthersGone }: { readonly id: BackupSetId; readonly areOthersGone: boolean },
  signal?: AbortSignal,
): Promise<number> {
  const ownMs = Date.parse(await timeOfClaim(store, id, signal));
  const begunBefore = new Date(ownMs - (areOthersGone ? unfinishedMsMin : foreignClaimMsMax)).toISOString();
  return store.clearUnfinished({ begunBefore, ...(signal === undefined ? {} : { signal }) });
}
