import type { Finding } from "../model/finding.ts";
import type { PlanningSituation } from "./plan-input.ts";

/**
 * Serious findings that no strategy of this version takes away, one sentence
 * each. To say "nothing to do" while they stand would be a lie. A machine that
 * carries neither a member nor a Node is no longer the cluster's business.
 */
export function openFindings(situation: PlanningSituation): readonly string[] {
  return situation.diagnosis.findings
    .filter((finding) => finding.severity === "error" || finding.severity === "critical")
    .filter((finding) => isAboutTheCluster(situation, finding))
    .map((finding) => `${finding.code} (${finding.subject}): ${finding.summary} No strategy of this version takes care of it (NOT_BUILT_YET): requorum explain ${finding.code}`);
}

function isAboutTheCluster({ model }: PlanningSituation, finding: Finding): boolean {
  const { host } = finding;
  if (host === undefined) return true;
  const members = model.members ?? [];
  if (members.some((member) => member.host === host || member.name === host)) return true;
  if ((model.nodes ?? []).some((node) => node.name === host)) return true;
  const roles = model.hosts.find((candidate) => (candidate.name as string) === host)?.roles ?? [];
  return roles.includes("load-balancer");
}
