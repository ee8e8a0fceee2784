import { RecoveryError } from "../../model/recovery-error.ts";

interface Waiting {
  readonly admit: () => void;
}

/** At most `slotsMax` sessions at a time on one connection; the rest wait in line. */
export class SessionSlots {
  #free: number;
  readonly #line: Waiting[] = [];

  constructor(slotsMax: number) {
    this.#free = slotsMax;
  }

  /** Resolves when a slot is ours. REMOTE_TIMEOUT (transient: nothing was sent) or INTERRUPTED when it takes too long. */
  async take(wish: { readonly reason: string; readonly timeoutMs: number; readonly signal?: AbortSignal | undefined }): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const leave = (error: RecoveryError) => {
        this.#line.splice(this.#line.indexOf(waiting), 1);
        settle();
        reject(error);
      };
      const abort = () =>
        leave(
          new RecoveryError("INTERRUPTED", {
            subject: wish.reason,
            detail: `"${wish.reason}" was not waited for any longer`,
            cause: wish.signal?.reason,
            retry: "transient",
          }),
        );
      const timer = setTimeout(
        () =>
          leave(
            new RecoveryError("REMOTE_TIMEOUT", {
              subject: wish.reason,
              detail: `"${wish.reason}" was not started within ${String(wish.timeoutMs)} ms: too many calls to this machine are under way`,
              retry: "transient",
            }),
          ),
        wish.timeoutMs,
      );
      const settle = () => {
        clearTimeout(timer);
        wish.signal?.removeEventListener("abort", abort);
      };
      const waiting: Waiting = {
        admit: () => {
          settle();
          resolve();
        },
      };
      wish.signal?.addEventListener("abort", abort, { once: true });
      this.#line.push(waiting);
    });
  }

  give(): void {
    const next = this.#line.shift();
    if (next === undefined) this.#free += 1;
    else next.admit();
  }
}
