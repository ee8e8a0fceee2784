import type { BackupSetId } from "../model/ids.ts";
import type { BackupStore } from "../ports/backup-store.ts";
import type { Clock } from "../ports/clock.ts";
import type { ProcessOwner } from "../ports/process-owner.ts";
import { assertHeld, newClaimId, putClaim, releaseClaim, removingMsMax, type HeldClaim } from "./store-claims.ts";
import { WorkTime } from "./work-time.ts";

export interface RemovingPorts {
  readonly store: BackupStore;
  readonly clock: Clock;
  readonly owner: ProcessOwner;
  readonly randomHex: (byteCount: number) => string;
}

/**
 * The claim of whoever removes, under which alone manifests, packs and indexes
 * go. A machine may sleep in the middle of it: who wakes up and goes on with a
 * list of yesterday removes what came back meanwhile. So before each removal
 * the claim must be there, unchanged, and young.
 */
export class RemovingClaim {
  readonly #store: BackupStore;
  readonly #held: HeldClaim;
  readonly #workTime: WorkTime;

  private constructor(store: BackupStore, held: HeldClaim, workTime: WorkTime) {
    this.#store = store;
    this.#held = held;
    this.#workTime = workTime;
  }

  static async put({ store, clock, owner, randomHex }: RemovingPorts, signal?: AbortSignal): Promise<RemovingClaim> {
    const workTime = new WorkTime(clock, removingMsMax);
    const startedAt = clock.nowIso();
    const claim = { id: newClaimId(startedAt, randomHex), purpose: "remove", owner, startedAt, token: randomHex(16) } as const;
    return new RemovingClaim(store, await putClaim(store, claim, signal), workTime);
  }

  get id(): BackupSetId {
    return this.#held.id;
  }

  /** BACKUP_STORE_BUSY when the claim is gone, or counts as gone soon: `name` was not removed then, nor is anything after it. */
  async remove(name: string, signal?: AbortSignal): Promise<void> {
    const outcome = `So ${name} was not removed, nor what was to go after it. Call it again: it looks at everything anew`;
    await assertHeld(this.#store, this.#held, outcome);
    // Last: between this look and the removal nothing is waited for.
    this.#workTime.assertShort(this.#store, outcome);
    await this.#store.remove(name, signal === undefined ? {} : { signal });
  }

  async release(): Promise<void> {
    await releaseClaim(this.#store, this.id);
  }
}
