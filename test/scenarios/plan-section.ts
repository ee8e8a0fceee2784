/**
 * What is planned in a scenario. Head lines: `# goal: replace cp2 with cp4`
 * (default: recover), `# attest-lost: cp2 cp3`. An act is followed by what the
 * plan checker says and by what planning again from its simulated end gives.
 */
import { checkPlan } from "../../src/plan/check/check-plan.ts";
import { planSentences } from "../../src/plan/plan-sentences.ts";
import { planned, plannedAgain, replaceGoal, type PlannedOptions } from "../support/planned.ts";
import type { ScenarioSection } from "./scenario-sections.ts";

export const planSection: ScenarioSection = (scenario) => {
  const options = optionsOf(scenario.head);
  const plan = planned(scenario.inventory, options);
  const objections = checkPlan(plan).map((objection) => `  checker: ${objection.invariant} ${objection.step ?? ""} ${objection.because}`);
  const head = scenario.head.get("goal") === undefined ? "plan" : `plan (goal: ${scenario.head.get("goal") ?? ""})`;
  const again = plan.verdict === "act" ? [`  afterwards: ${plannedAgain(plan, options).verdict}`] : [];
  const others = plan.alternatives
    .filter((alternative) => !alternative.chosen)
    .map((alternative) => `  ${alternative.isPossible ? "instead" : "not possible"}: ${alternative.name}: ${alternative.because}`);
  return [head, ...planSentences(plan).map((line) => `  ${line}`), ...objections, ...again, ...others];
};

function optionsOf(head: ReadonlyMap<string, string>): PlannedOptions {
  const goal = /^replace (\S+)(?: with (\S+))?$/.exec(head.get("goal") ?? "");
  const attested = head.get("attest-lost")?.split(/\s+/);
  return {
    ...(goal?.[1] === undefined ? {} : { goal: replaceGoal(goal[1], goal[2]) }),
    ...(attested === undefined ? {} : { attestLost: attested }),
  };
}
