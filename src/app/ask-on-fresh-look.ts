import type { Clock } from "../ports/clock.ts";

/** A look is this old at most when a run begins: the time in which two looks count as one (I-G1). */
export const lookAgeMsMax = 5_000;

/**
 * Looks, asks, and looks again if the answer took its time: the prompt may
 * have been left open over lunch, and the cluster may have been repaired by
 * then. A lid may have been closed meanwhile, too, and the monotonic clock
 * stands still in suspend. `assertCurrent` is cheap and always repeated.
 */
export async function askOnFreshLook<Answer>(
  clock: Clock,
  steps: { readonly assertCurrent: () => void; readonly look: () => Promise<void>; readonly ask: () => Promise<Answer> },
): Promise<Answer> {
  steps.assertCurrent();
  const atFirst = stamp(clock);
  await steps.look();
  const looked = stamp(clock);
  const answer = await steps.ask();
  steps.assertCurrent();
  const answered = stamp(clock);
  // The clocks go apart in suspend, and when one is set: also while the look was going on.
  const apartMs = Math.abs(answered.wallMs - atFirst.wallMs - (answered.monotonicMs - atFirst.monotonicMs));
  if (answered.monotonicMs - looked.monotonicMs > lookAgeMsMax || apartMs > lookAgeMsMax) await steps.look();
  return answer;
}

function stamp(clock: Clock): { readonly monotonicMs: number; readonly wallMs: number } {
  return { monotonicMs: clock.monotonicMs(), wallMs: clock.nowMs() };
}
