import { RecoveryError } from "../model/recovery-error.ts";
import type { BackupStore } from "../ports/backup-store.ts";
import type { Clock } from "../ports/clock.ts";
import { writingMsMax } from "./store-claims.ts";

/**
 * How long a writer has been at work. Of both clocks the larger difference
 * counts: the monotonic one stands still while a machine is suspended, and the
 * other one may be set back.
 */
export class WorkTime {
  readonly #clock: Clock;
  readonly #beganMs: number;
  readonly #beganMonotonicMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#beganMs = clock.nowMs();
    this.#beganMonotonicMs = clock.monotonicMs();
  }

  /** BACKUP_STORE_BUSY when others may count its claim as of a dead writer. */
  assertShort(store: BackupStore, outcome: string): void {
    const ms = Math.max(this.#clock.nowMs() - this.#beganMs, this.#clock.monotonicMs() - this.#beganMonotonicMs);
    if (ms <= writingMsMax) return;
    throw new RecoveryError("BACKUP_STORE_BUSY", {
      subject: `store ${store.place}`,
      detail: `this took more than ${writingMsMax / 3_600_000} hours; others may take its writer for dead by now. ${outcome}`,
    });
  }
}
