import type { BackupSetId } from "../model/ids.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { shellWord } from "../model/shell-word.ts";
import { manifestName } from "../formats/backup-set/set-names.ts";
import type { BackupStore } from "../ports/backup-store.ts";
import type { Clock } from "../ports/clock.ts";
import type { ProcessOwner } from "../ports/process-owner.ts";
import { assertHeld, claimGone, isHeld, newClaimId, putLastingClaim, releaseClaim, type HeldClaim } from "./store-claims.ts";

/** A manifest that its writer may put only while others know that it is at work. */
export interface ClaimedManifest {
  readonly id: BackupSetId;
  readonly bytes: Uint8Array;
  readonly claim: HeldClaim;
  /** Of the error when the claim is gone: what has become of the set. */
  readonly outcome: string;
  /**
   * Called right before the put: from then on the manifest may be there, whatever
   * the put's answer is. Then both claims are to stay, the own one and `lasting`.
   * With undefined, when the store said that it took nothing: then nothing of it lands.
   */
  readonly onBegin: (lasting: BackupSetId | undefined) => void;
}

export interface ManifestPutting {
  readonly store: BackupStore;
  readonly clock: Clock;
  readonly owner: ProcessOwner;
  readonly randomHex: (byteCount: number) => string;
}

/**
 * The own claim is looked for right before the put and again after it: see
 * `isHeld`. Without it the set is not left listed: what it needs may be gone,
 * or go. BACKUP_STORE_BUSY then. Once the put was answered the set is there:
 * a store that does not let the claim be looked at after it is a remark, which
 * is what this gives. BACKUP_SET_UNDECIDED when the put was begun, and whether
 * the set is listed is not known.
 *
 * A put that was lost may take effect later, when this process has ended long
 * ago. What keeps then all that the set needs is a claim that nobody takes for
 * dead: it is put before the doubt, as a store that does not answer the put
 * takes no claim either, and is removed when the put was answered.
 */
export async function putManifest(putting: ManifestPutting, manifest: ClaimedManifest, signal?: AbortSignal): Promise<readonly string[]> {
  const { store } = putting;
  const { id, bytes, claim, outcome } = manifest;
  const options = signal === undefined ? {} : { signal };
  await assertHeld(store, claim, outcome);
  const lasting = await putLasting(putting, id, signal);
  manifest.onBegin(lasting);
  try {
    await store.put(manifestName(id), bytes, options);
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    if (!(await isRefused(store, id, error)))
      throw undecided(store, error, {
        id,
        words: `Set ${id} may still appear there, so nothing of it is removed; a later backup clears it away if it does not`,
      });
    // A claim that nobody takes for dead would keep everybody for a day from making room.
    await releaseClaim(store, lasting);
    manifest.onBegin(undefined);
    throw error;
  }
  const look = await isHeldStill(store, claim);
  if (look === false) return takeOut(store, manifest);
  await releaseClaim(store, lasting);
  if (look === true) return [];
  const { all } = looking(store, id);
  return [
    `set ${id} was stored; whether somebody took its writer for dead meanwhile could not be looked at: ${look}. Read it once: ${all}`,
  ];
}

/** Why it could not be looked at; else the answer. */
async function isHeldStill(store: BackupStore, claim: HeldClaim): Promise<boolean | string> {
  try {
    return await isHeld(store, claim);
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    return `${error.subject}: ${error.detail} (${error.code})`;
  }
}

/** BACKUP_STORE_BUSY; BACKUP_SET_UNDECIDED when it stays listed. */
async function takeOut(store: BackupStore, { id, claim, outcome }: ClaimedManifest): Promise<never> {
  try {
    await store.remove(manifestName(id));
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    const words = `Set ${id} may be listed there, and what it needs may be gone: somebody took its writer for dead`;
    throw undecided(store, error, { id, words });
  }
  throw claimGone(store, claim, `${outcome}; it was taken out of the store's list again`);
}

/** That there is no room is an answer, and not one that was lost: what is not there then does not come later. */
async function isRefused(store: BackupStore, id: BackupSetId, { code }: RecoveryError): Promise<boolean> {
  if (code !== "BACKUP_STORE_FULL") return false;
  try {
    return (await store.stat(manifestName(id))) === undefined;
  } catch (error) {
    if (error instanceof RecoveryError) return false; // then it is in doubt as after any other failure
    throw error;
  }
}

async function putLasting(
  { store, clock, owner, randomHex }: ManifestPutting,
  set: BackupSetId,
  signal: AbortSignal | undefined,
): Promise<BackupSetId> {
  const startedAt = clock.nowIso();
  const id = newClaimId(startedAt, randomHex);
  try {
    await putLastingClaim(store, { id, purpose: "write", owner, startedAt, token: randomHex(16), set }, signal);
    return id;
  } catch (error) {
    await releaseClaim(store, id); // its answer may have been lost only
    throw error;
  }
}

/** Also to who interrupts: that a set may be listed says more than that. */
function undecided(
  store: BackupStore,
  cause: RecoveryError,
  { id, words }: { readonly id: BackupSetId; readonly words: string },
): RecoveryError {
  const { listed, all } = looking(store, id);
  return new RecoveryError("BACKUP_SET_UNDECIDED", {
    subject: `set ${id}`,
    detail: `${store.place}: ${cause.detail} (${cause.code}). ${words}`,
    cause,
    remedies: [
      { why: "see whether it is listed", command: listed },
      { why: "where it is, read all of it", command: all },
    ],
  });
}

/** Commands that look at the set and read all of it, in whichever store it is. */
function looking({ place }: BackupStore, id: BackupSetId): { readonly listed: string; readonly all: string } {
  const store = shellWord(place);
  return { listed: `requorum backup list --store ${store}`, all: `requorum backup verify ${id} --level V1 --store ${store}` };
}
