import { RecoveryError } from "../model/recovery-error.ts";
import type { BackupStore } from "../ports/backup-store.ts";
import type { Clock } from "../ports/clock.ts";

const hourMs = 60 * 60 * 1000;

/**
 * How long a writer, or a remover, has been at work. Of both clocks the larger difference
 * counts: the monotonic one stands still while a machine is suspended, and the
 * other one may be set back.
 */
export class WorkTime {
  readonly #clock: Clock;
  readonly #msMax: number;
  readonly #beganMs: number;
  readonly #beganMonotonicMs: number;

  constructor(clock: Clock, msMax: number) {
    this.#clock = clock;
    this.#msMax = msMax;
    this.#beganMs = clock.nowMs();
    this.#beganMonotonicMs = clock.monotonicMs();
  }

  /** BACKUP_STORE_BUSY when others may count its claim as of somebody dead. */
  assertShort(store: BackupStore, outcome: string): void {
    const ms = Math.max(this.#clock.nowMs() - this.#beganMs, this.#clock.monotonicMs() - this.#beganMonotonicMs);
    if (ms <= this.#msMax) return;
    throw new RecoveryError("BACKUP_STORE_BUSY", {
      subject: `store ${store.place}`,
      detail: `this took more than ${this.#msMax === hourMs ? "an hour" : `${this.#msMax / hourMs} hours`}; others may take this program for dead by now. ${outcome}`,
    });
  }
}
