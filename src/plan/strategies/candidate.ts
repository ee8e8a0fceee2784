import type { LossStatement, StrategyName } from "../../model/plan.ts";
import type { StepDraft } from "../steps/judge-step.ts";

/** What one strategy offers in one situation. */
export type Candidate =
  | {
      readonly kind: "possible";
      readonly name: StrategyName;
      readonly steps: readonly StepDraft[];
      readonly loss: LossStatement;
      /** Why it is the way to go. */
      readonly because: string;
      /** One sentence each: for `wait` what is waited for, else what is left out. */
      readonly reasons: readonly string[];
    }
  | {
      readonly kind: "impossible";
      readonly name: StrategyName;
      /** What is missing, one sentence each; never empty. */
      readonly missing: readonly string[];
      /** Nothing of this kind is needed, as opposed to: it is needed and cannot be done. */
      readonly isNeeded: boolean;
    };

export function notNeeded(name: StrategyName, why: string): Candidate {
  return { kind: "impossible", name, missing: [why], isNeeded: false };
}

export function notPossible(name: StrategyName, ...missing: string[]): Candidate {
  return { kind: "impossible", name, missing, isNeeded: true };
}

/** While a quorum keeps every acknowledged write, none of these strategies gives anything up. */
export const noLoss: LossStatement = {
  revisions: 0n,
  objects: 0,
  seconds: 0,
  words: "Nothing is lost: a quorum of the members holds every acknowledged write.",
};
