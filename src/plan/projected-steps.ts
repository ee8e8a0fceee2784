import { modelQuorum, type ClusterModel } from "../model/cluster-model.ts";
import { asStepId, type StepId } from "../model/ids.ts";
import type { PlannedStep } from "../model/plan.ts";
import type { Verdict } from "../model/verdict.ts";
import { effectOf, postOf, preOf, specOf, type StepDraft } from "./steps/judge-step.ts";

export interface Projection {
  readonly steps: readonly PlannedStep[];
  /** The cluster after the last step, as far as effects tell. */
  readonly end: ClusterModel;
  /** Steps whose precondition would not hold at their place. Such steps make no plan. */
  readonly problems: readonly string[];
}

/** Puts steps in a row and simulates them: what holds before each, and how many failures it leaves room for. */
export function projectSteps(start: ClusterModel, drafts: readonly StepDraft[]): Projection {
  const steps: PlannedStep[] = [];
  const problems: string[] = [];
  let model = start;
  let copyBy: StepId | undefined;
  for (const draft of drafts) {
    const id = stepIdAt(steps.length);
    const isDone = postOf(draft, model).kind === "holds";
    const pre = preOf(draft, model);
    if (!isDone && pre.kind !== "holds") problems.push(`${id} ${draft.kind}: ${verdictWords(pre)}`);
    model = effectOf(draft, model);
    steps.push(plannedStep(draft, { id, previous: steps.at(-1)?.id, copyBy, after: model }));
    if (draft.kind === "etcd.saveSnapshot") copyBy = id;
  }
  return { steps, end: model, problems };
}

export function verdictWords(verdict: Verdict): string {
  switch (verdict.kind) {
    case "holds":
      return "holds";
    case "fails":
      return verdict.because.join("; ");
    case "unknown":
      return `not known: ${verdict.missing.join("; ")}`;
  }
}

function stepIdAt(index: number): StepId {
  return asStepId(`s${String(index + 1).padStart(2, "0")}`);
}

interface Place {
  readonly id: StepId;
  readonly previous: StepId | undefined;
  readonly copyBy: StepId | undefined;
  readonly after: ClusterModel;
}

function plannedStep(draft: StepDraft, place: Place): PlannedStep {
  const spec = specOf(draft);
  const planned = {
    id: place.id,
    kind: draft.kind,
    args: draft.args,
    host: spec.host(draft.args),
    risk: spec.risk,
    describes: spec.describe(draft.args),
    // A chain: one change at a time, and nothing goes on after a step that did not succeed.
    after: place.previous === undefined ? [] : [place.previous],
    quorumAfter: modelQuorum(place.after),
    expectedSeconds: spec.expectedSeconds(draft.args),
    attemptsMax: spec.attemptsMax,
    ...(spec.risk === "destructive" && place.copyBy !== undefined ? { copyBy: place.copyBy } : {}),
  };
  // TypeScript cannot follow that kind and args come from the same draft.
  return planned as PlannedStep;
}
