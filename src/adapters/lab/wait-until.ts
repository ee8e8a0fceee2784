import { RecoveryError } from "../../model/recovery-error.ts";

/** Names what is waited for and for how long at most; looks every `intervalMs` (default 250). */
export interface WaitOptions {
  readonly what: string;
  readonly timeoutMs: number;
  readonly intervalMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Looks until `look` answers something else than undefined or false.
 * TIMED_OUT_WAITING after `timeoutMs`; the last error that `look` threw, if any, is the cause.
 */
export async function waitUntil<T>(options: WaitOptions, look: () => Promise<T | undefined | false>): Promise<T> {
  const start = performance.now();
  let lastError: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
      lastError = undefined;
    } catch (error) {
      lastError = error; // becomes the cause when time is up
    }
    options.signal?.throwIfAborted();
    if (performance.now() - start > options.timeoutMs) {
      const why = lastError instanceof Error ? `; last answer: ${lastError.message}` : "";
      throw new RecoveryError("TIMED_OUT_WAITING", {
        subject: options.what,
        detail: `${options.what}: not within ${String(options.timeoutMs / 1000)} s${why}`,
        cause: lastError,
      });
    }
    await sleepMs(options.intervalMs ?? 250);
  }
}

export function sleepMs(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
