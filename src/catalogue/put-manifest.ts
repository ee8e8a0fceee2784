import type { BackupSetId } from "../model/ids.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { manifestName } from "../formats/backup-set/set-names.ts";
import type { BackupStore } from "../ports/backup-store.ts";
import type { Clock } from "../ports/clock.ts";
import type { ProcessOwner } from "../ports/process-owner.ts";
import { newClaimId } from "./clear-leftovers.ts";
import { assertHeld, isHeld, putLastingClaim, type HeldClaim } from "./store-claims.ts";

/** A manifest that its writer may put only while others know that it is at work. */
export interface ClaimedManifest {
  readonly id: BackupSetId;
  readonly bytes: Uint8Array;
  readonly claim: HeldClaim;
  /** Of the error when the claim is gone: what has become of the set. */
  readonly outcome: string;
  /** Called right before the put: from then on the manifest may be there, whatever the put's answer is. */
  readonly onBegin: () => void;
}

/**
 * The own claim is looked for right before the put and again after it: see
 * `isHeld`. Without it the set is not left listed: what it needs may be gone,
 * or go. BACKUP_STORE_BUSY then.
 */
export async function putManifest(store: BackupStore, manifest: ClaimedManifest, signal?: AbortSignal): Promise<void> {
  const { id, bytes, claim, outcome } = manifest;
  await assertHeld(store, claim, outcome);
  manifest.onBegin();
  try {
    await store.put(manifestName(id), bytes, signal === undefined ? {} : { signal });
  } catch (error) {
    throw error instanceof RecoveryError ? mayLand(error, id) : error;
  }
  if (await isHeld(store, claim)) return;
  await store.remove(manifestName(id));
  await assertHeld(store, claim, `${outcome}; it was taken out of the store's list again`);
}

/**
 * After a manifest's put whose outcome is not known: a put that was lost may
 * take effect later, so what it needs is kept for a day by a claim that nobody
 * takes for dead before. The own claim is to stay too.
 */
export async function leaveBehind(
  writing: {
    readonly store: BackupStore;
    readonly clock: Clock;
    readonly owner: ProcessOwner;
    readonly randomHex: (byteCount: number) => string;
  },
  set: BackupSetId,
): Promise<void> {
  const { store, clock, owner, randomHex } = writing;
  const startedAt = clock.nowIso();
  await putLastingClaim(store, { id: newClaimId(startedAt, randomHex), purpose: "write", owner, startedAt, token: randomHex(16), set });
}

function mayLand(error: RecoveryError, id: BackupSetId): RecoveryError {
  return new RecoveryError(error.code, {
    subject: error.subject,
    detail: `${error.detail}. Set ${id} may still appear there, so nothing of it is removed; a later backup clears it away if it does not`,
    cause: error,
  });
}
