import type { StepId } from "../../model/ids.ts";
import type { PlannedStep, RecoveryPlan } from "../../model/plan.ts";
import type { StepKind } from "../../model/step.ts";
import type { Moment } from "./replay.ts";

/** Why a plan must not be run: the invariant that it breaks (failure catalogue, section 2), where, and how. */
export interface PlanObjection {
  readonly invariant: string;
  readonly step?: StepId;
  readonly because: string;
}

/** What every check gets: the plan and the checker's own simulation of it. */
export interface CheckedPlan {
  readonly plan: RecoveryPlan;
  readonly moments: readonly Moment[];
}

export interface PlanCheck {
  readonly invariant: string;
  check(checked: CheckedPlan): readonly PlanObjection[];
}

export function objection(invariant: string, because: string, step?: PlannedStep): PlanObjection {
  return step === undefined ? { invariant, because } : { invariant, step: step.id, because };
}

/** The moments of the steps of one kind, with `args` of that kind. */
export function momentsOf<K extends StepKind>(checked: CheckedPlan, kind: K): readonly (Moment & { readonly step: PlannedStep<K> })[] {
  return checked.moments.filter((moment): moment is Moment & { readonly step: PlannedStep<K> } => moment.step.kind === kind);
}
