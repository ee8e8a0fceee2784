import type { ClusterModel } from "../../model/cluster-model.ts";
import type { PlannedStep } from "../../model/plan.ts";
import type { Step, StepKind, StepSpecs } from "../../model/step.ts";
import type { Verdict } from "../../model/verdict.ts";
import type { StepContext, StepHandlers } from "../step-handler.ts";

/** A planned step with its spec and handler applied to its own arguments: the loop needs no kinds. */
export interface BoundStep {
  readonly planned: PlannedStep;
  readonly settleMs: number;
  pre(model: ClusterModel): Verdict;
  post(model: ClusterModel): Verdict;
  observe(context: StepContext): Promise<ClusterModel>;
  perform(context: StepContext): Promise<void>;
  cleanUp(context: StepContext, seen: { readonly goalHolds: boolean }): Promise<void>;
}

export function bindStep(planned: PlannedStep, specs: StepSpecs, handlers: StepHandlers): BoundStep {
  return { planned, ...boundParts<StepKind>(planned, specs, handlers) };
}

function boundParts<K extends StepKind>(step: Step<K>, specs: StepSpecs, handlers: StepHandlers): Omit<BoundStep, "planned"> {
  const spec = specs[step.kind];
  const handler = handlers[step.kind];
  return {
    settleMs: handler.settleMs,
    pre: (model) => spec.pre(model, step.args),
    post: (model) => spec.post(model, step.args),
    observe: (context) => handler.observe(step.args, context),
    perform: (context) => handler.perform(step.args, context),
    cleanUp: async (context, seen) => await handler.cleanUp?.(step.args, context, seen),
  };
}
