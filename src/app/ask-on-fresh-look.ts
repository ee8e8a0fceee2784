import type { Clock } from "../ports/clock.ts";

/** A look is this old at most when a run begins: the time in which two looks count as one (I-G1). */
export const lookAgeMsMax = 5_000;

/**
 * Looks, asks, and looks again if the answer took its time: the prompt may
 * have been left open over lunch, and the cluster may have been repaired by
 * then. A lid may have been closed meanwhile, too, and the monotonic clock
 * stands still in suspend; the wall clock can be set; so the one that says
 * more counts. `assertCurrent` is cheap and always repeated.
 */
export async function askOnFreshLook<Answer>(
  clock: Clock,
  steps: { readonly assertCurrent: () => void; readonly look: () => Promise<void>; readonly ask: () => Promise<Answer> },
): Promise<Answer> {
  steps.assertCurrent();
  await steps.look();
  const before = { monotonicMs: clock.monotonicMs(), wallMs: clock.nowMs() };
  const answer = await steps.ask();
  steps.assertCurrent();
  const tookMs = Math.max(clock.monotonicMs() - before.monotonicMs, Math.abs(clock.nowMs() - before.wallMs));
  if (tookMs > lookAgeMsMax) await steps.look();
  return answer;
}
