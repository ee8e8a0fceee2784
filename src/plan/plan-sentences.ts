import type { RecoveryPlan } from "../model/plan.ts";

/** A plan in sentences, one line each, for tests and logs of decisions: verdict and reasons, then every step with the quorum after it. */
export function planSentences(plan: RecoveryPlan): readonly string[] {
  const head = `${plan.verdict}: ${plan.strategy}`;
  const reasons = plan.reasons.map((reason) => `because: ${reason}`);
  const steps = plan.steps.map((step) => {
    const quorum = step.quorumAfter;
    const after =
      quorum === undefined
        ? "quorum after: not known"
        : `quorum after: ${String(quorum.healthy)} of ${String(quorum.voters)} healthy, ${String(quorum.needed)} needed`;
    const copy = step.copyBy === undefined ? "" : `; copy by ${step.copyBy}`;
    return `${step.id} [${step.risk}] ${step.describes} (${after}${copy})`;
  });
  return [head, ...reasons, ...steps];
}
