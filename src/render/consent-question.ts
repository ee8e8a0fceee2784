import type { RecoveryPlan } from "../model/plan.ts";
import { consentWords } from "../model/restore-doubt.ts";
import { bad, gap, line, strong, warn, type Page } from "./page.ts";
import { shortDigest } from "./plan-document.ts";
import { count } from "./words.ts";

/** What the operator is asked; the answer is the cluster's name. */
export function consentQuestion(plan: RecoveryPlan): Page {
  const destructive = plan.steps.filter((step) => step.risk === "destructive");
  const agreedTo = plan.steps.flatMap((step) => (step.kind === "host.restoreFiles" ? consentWords(step.args) : []));
  return [
    gap,
    line([
      strong(`This changes cluster ${plan.cluster}: `),
      count(plan.steps.length, "step"),
      destructive.length === 0 ? ", none of them destructive." : `, ${String(destructive.length)} of them destructive:`,
    ]),
    ...destructive.map((step) => line(bad(step.describes), 4)),
    ...[...agreedTo, ...plan.reasons].map((words) => line(warn(words), 4)),
    line([strong("Lost by it: "), plan.loss.words]),
    line(["To agree to exactly this plan (", shortDigest(plan.digest), "), type the name of the cluster: ", strong(plan.cluster)]),
  ];
}
