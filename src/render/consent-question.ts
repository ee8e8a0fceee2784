import type { RecoveryPlan } from "../model/plan.ts";
import { bad, gap, line, strong, type Page } from "./page.ts";
import { shortDigest } from "./plan-document.ts";
import { count } from "./words.ts";

/** What the operator is asked; the answer is the cluster's name. */
export function consentQuestion(plan: RecoveryPlan): Page {
  const destructive = plan.steps.filter((step) => step.risk === "destructive");
  return [
    gap,
    line([
      strong(`This changes cluster ${plan.cluster}: `),
      count(plan.steps.length, "step"),
      destructive.length === 0 ? ", none of them destructive." : `, ${String(destructive.length)} of them destructive:`,
    ]),
    ...destructive.map((step) => line(bad(step.describes), 4)),
    line([strong("Lost by it: "), plan.loss.words]),
    line(["To agree to exactly this plan (", shortDigest(plan.digest), "), type the name of the cluster: ", strong(plan.cluster)]),
  ];
}
