import type { ClusterModel } from "../../model/cluster-model.ts";
import type { StepArgs, StepKind, StepSpec } from "../../model/step.ts";
import type { Verdict } from "../../model/verdict.ts";
import { stepSpecs } from "./step-specs.ts";

/** A step without its place in a plan. As a union, `args` is tied to `kind`. */
export type StepDraft<K extends StepKind = StepKind> = { readonly [P in K]: { readonly kind: P; readonly args: StepArgs[P] } }[K];

export function specOf<K extends StepKind>(step: { readonly kind: K }): StepSpec<K> {
  return stepSpecs[step.kind];
}

export function preOf<K extends StepKind>(step: { readonly kind: K; readonly args: StepArgs[K] }, model: ClusterModel): Verdict {
  return specOf(step).pre(model, step.args);
}

export function postOf<K extends StepKind>(step: { readonly kind: K; readonly args: StepArgs[K] }, model: ClusterModel): Verdict {
  return specOf(step).post(model, step.args);
}

export function effectOf<K extends StepKind>(step: { readonly kind: K; readonly args: StepArgs[K] }, model: ClusterModel): ClusterModel {
  return specOf(step).effect(model, step.args);
}
