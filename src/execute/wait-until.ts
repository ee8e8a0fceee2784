import { RecoveryError } from "../model/recovery-error.ts";
import type { StepContext } from "./step-handler.ts";

/**
 * Asks until `ask` gives something else than undefined; shows what it waits
 * for. TIMED_OUT_WAITING with the words of the last answer when the limit is
 * over. Expected failures of a question are waited out; bugs are thrown.
 * With `silenceLimitMs`, a question that has only failed for that long is
 * thrown as its own error: who is asked has died, and waiting shows nothing.
 */
export async function waitUntil<T>(
  context: StepContext,
  wait: { readonly text: string; readonly limitMs: number; readonly pauseMs?: number; readonly silenceLimitMs?: number },
  ask: (say: (words: string) => void) => Promise<T | undefined>,
): Promise<T> {
  const { clock } = context.ports;
  const startedMs = clock.monotonicMs();
  let last = "no answer yet";
  let heardMs = startedMs;
  for (;;) {
    context.signal.throwIfAborted();
    try {
      const answer = await ask((words) => {
        last = words;
      });
      if (answer !== undefined) return answer;
      heardMs = clock.monotonicMs();
    } catch (error) {
      context.signal.throwIfAborted();
      if (!(error instanceof RecoveryError)) throw error;
      last = error.message;
      if (wait.silenceLimitMs !== undefined && clock.monotonicMs() - heardMs >= wait.silenceLimitMs) throw error;
    }
    const elapsedMs = clock.monotonicMs() - startedMs;
    if (elapsedMs >= wait.limitMs) {
      throw new RecoveryError("TIMED_OUT_WAITING", {
        subject: wait.text,
        detail: `${wait.text}: not within ${Math.round(wait.limitMs / 1000)} s; last: ${last}`,
      });
    }
    context.report({ kind: "waiting", text: `${wait.text} (${last})`, elapsedMs, limitMs: wait.limitMs, step: context.step });
    await clock.sleep(wait.pauseMs ?? 1_000, context.signal);
  }
}
