import { asPlanDigest, type PlanDigest } from "./ids.ts";
import type { RecoveryPlan } from "./plan.ts";

/** Everything of a plan that its digest covers. */
export type PlanContent = Omit<RecoveryPlan, "digest">;

/**
 * The one text of a plan: JSON with sorted keys, two blanks of indentation,
 * bigint as decimal text, absent values left out, a newline at the end.
 */
export function canonicalPlanText(plan: RecoveryPlan | PlanContent): string {
  return `${canonicalText(plan)}\n`;
}

/** sha256 over the canonical text of everything but the digest itself. */
export function planDigestOf(plan: RecoveryPlan | PlanContent, sha256Hex: (text: string) => string): PlanDigest {
  const content: PlanContent & { digest?: PlanDigest } = { ...plan };
  delete content.digest;
  return asPlanDigest(sha256Hex(canonicalPlanText(content)));
}

/** Is the plan still what its digest was made of? */
export function verifyPlanDigest(plan: RecoveryPlan, sha256Hex: (text: string) => string): boolean {
  return planDigestOf(plan, sha256Hex) === plan.digest;
}

/** JSON text that depends on the value only, not on the order in which keys were written. */
export function canonicalText(value: unknown): string {
  return JSON.stringify(sorted(value), undefined, 2);
}

function sorted(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const fields = value as { readonly [key: string]: unknown };
  // Code-unit order: the same on every machine, unlike localeCompare. JSON leaves absent values out.
  const keys = Object.keys(fields).sort();
  return Object.fromEntries(keys.map((key) => [key, sorted(fields[key])]));
}
