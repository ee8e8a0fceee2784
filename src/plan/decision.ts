import type { LossStatement, RecoveryPlan, StrategyName } from "../model/plan.ts";
import type { Projection } from "./projected-steps.ts";
import type { Candidate } from "./strategies/candidate.ts";

/** A strategy's offer with its steps simulated. */
export interface ProjectedCandidate {
  readonly candidate: Candidate;
  /** undefined: not possible. */
  readonly projection: Projection | undefined;
}

/** What the planner settled on, and why. */
export interface Decision {
  readonly verdict: RecoveryPlan["verdict"];
  readonly strategy: StrategyName;
  readonly reasons: readonly string[];
  readonly loss: LossStatement;
}
