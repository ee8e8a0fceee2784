import { RecoveryError } from "../model/recovery-error.ts";
import type { Clock } from "../ports/clock.ts";

export interface RetryLimits {
  readonly attemptsMax: number;
  /** No further attempt starts after this time. */
  readonly elapsedMsMax: number;
  /** The first pause; it doubles, up to `pauseMsMax`. */
  readonly pauseMs: number;
  readonly pauseMsMax: number;
}

/**
 * For single questions and idempotent requests: an election lasts 1-2 s and an
 * SSH master that died is made again in one; four tries in 15 s ride over both
 * and do not keep a person waiting for what is really down.
 */
export const questionLimits: RetryLimits = { attemptsMax: 4, elapsedMsMax: 15_000, pauseMs: 500, pauseMsMax: 4_000 };

/**
 * The one place where anything is repeated. Only errors whose retry rule is
 * `transient` (no effect happened) are; everything else is thrown at once, and
 * so is the last error. The signal ends a pause with its reason.
 */
export async function retryTransient<T>(
  options: { readonly clock: Clock; readonly signal: AbortSignal; readonly limits?: RetryLimits },
  call: () => Promise<T>,
): Promise<T> {
  const limits = options.limits ?? questionLimits;
  const startedMs = options.clock.monotonicMs();
  let pauseMs = limits.pauseMs;
  for (let attempt = 1; ; attempt++) {
    options.signal.throwIfAborted();
    try {
      return await call();
    } catch (error) {
      const elapsedMs = options.clock.monotonicMs() - startedMs;
      const mayRepeat =
        error instanceof RecoveryError && error.retry === "transient" && attempt < limits.attemptsMax && elapsedMs < limits.elapsedMsMax;
      if (!mayRepeat) throw error;
      await options.clock.sleep(pauseMs, options.signal);
      pauseMs = Math.min(pauseMs * 2, limits.pauseMsMax);
    }
  }
}
