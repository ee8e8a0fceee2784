import type { ClusterModel } from "../../model/cluster-model.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { unknown, type Verdict } from "../../model/verdict.ts";
import type { StepContext } from "../step-handler.ts";
import type { BoundStep } from "./bound-step.ts";

export interface Look {
  readonly post: Verdict;
  /** undefined: the look itself failed. */
  readonly model: ClusterModel | undefined;
}

/** Between looks at something that is settling: short against an election, long against a round trip. */
const lookPauseMs = 1_000;

/** One look. An expected failure of the question is an unknown answer; interruption and bugs are thrown. */
export async function lookOnce(step: BoundStep, context: StepContext): Promise<Look> {
  context.signal.throwIfAborted();
  try {
    const model = await step.observe(context);
    return { post: step.post(model), model };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof RecoveryError)) throw error;
    return { post: unknown(`${error.subject}: ${error.message}`), model: undefined };
  }
}

/**
 * Looks until `post` holds or the effect can no longer land: a lost write may
 * still take effect after the first look. The last look counts.
 */
export async function lookUntilSettled(step: BoundStep, context: StepContext, windowMs: number): Promise<Look> {
  const { clock } = context.ports;
  const startedMs = clock.monotonicMs();
  for (;;) {
    const look = await lookOnce(step, context);
    const elapsedMs = clock.monotonicMs() - startedMs;
    if (look.post.kind === "holds" || elapsedMs >= windowMs) return look;
    context.report({ kind: "waiting", text: `for ${step.planned.describes} to show`, elapsedMs, limitMs: windowMs, step: step.planned.id });
    await clock.sleep(Math.min(lookPauseMs, windowMs - elapsedMs), context.signal);
  }
}

/** The reasons or gaps of a verdict that does not hold. */
export function wordsOf(verdict: Verdict): readonly string[] {
  switch (verdict.kind) {
    case "holds":
      return [];
    case "fails":
      return verdict.because;
    case "unknown":
      return verdict.missing.map((gap) => `not known: ${gap}`);
  }
}
