import type { Finding, Severity } from "../model/finding.ts";
import { explanations } from "./explanations.ts";

const severityRank: Readonly<Record<Severity, number>> = { critical: 0, error: 1, warning: 2, info: 3 };

/** How a symptom is named in `explains`. */
export function findingKey(finding: Pick<Finding, "code" | "subject">): string {
  return `${finding.code} ${finding.subject}`;
}

/**
 * Fills in `explains`, and orders: findings that nothing explains first, then
 * by severity, then in the order given (triage order).
 */
export function foldSymptoms(findings: readonly Finding[]): readonly Finding[] {
  const explained = new Set<Finding>();
  const folded = findings.map((cause) => {
    const symptoms = findings.filter((symptom) => symptom !== cause && explainsOf(cause, symptom));
    for (const symptom of symptoms) explained.add(symptom);
    return { cause, finding: { ...cause, explains: symptoms.map(findingKey) } };
  });
  const rank = ({ cause }: { readonly cause: Finding }): number => (explained.has(cause) ? 10 : 0) + severityRank[cause.severity];
  // Array.prototype.sort is stable: triage order is kept among equals.
  return [...folded].sort((a, b) => rank(a) - rank(b)).map(({ finding }) => finding);
}

function explainsOf(cause: Finding, symptom: Finding): boolean {
  return explanations.some((explanation) => {
    if (explanation.cause !== cause.code || !(explanation.symptoms as readonly string[]).includes(symptom.code)) return false;
    if (explanation.scope === "cluster") return true;
    return (
      (cause.host !== undefined && cause.host === symptom.host) || (cause.memberId !== undefined && cause.memberId === symptom.memberId)
    );
  });
}

/** A finding that no other one explains. For views that show symptoms under their causes. */
export function rootCauses(findings: readonly Finding[]): readonly Finding[] {
  const explained = new Set(findings.flatMap((finding) => finding.explains));
  return findings.filter((finding) => !explained.has(findingKey(finding)));
}
