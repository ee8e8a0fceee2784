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
    .map(
      (finding) =>
        `${finding.code} (${finding.subject}): ${finding.summary} No strategy of this version takes care of it (NOT_BUILT_YET): requorum explain ${finding.code}`,
    );
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

/** Damage on a machine that does not heal by waiting; each is named by its place in the failure catalogue. */
const notHealedByWaiting = /^(N03|N04|N06|N07|P0[0-9]|E17|E18|E19|E20|E22|H07|H09)_/;

/** Open findings that explain why something is silent: waiting for it would be waiting for nothing. */
export function causesToSettle(situation: PlanningSituation): readonly string[] {
  const { findings } = situation.diagnosis;
  return openFindings({
    ...situation,
    diagnosis: { ...situation.diagnosis, findings: findings.filter((finding) => notHealedByWaiting.test(finding.code)) },
  });
}

const identityCodes = ["E06_", "E07_", "E08_", "K17_", "K01_"];

/** I-G3: doubts about which cluster this is; nothing is changed while one stands. */
export function identityDoubts({ diagnosis, inventory, model }: PlanningSituation): readonly string[] {
  const doubts = diagnosis.findings
    .filter((finding) => identityCodes.some((code) => finding.code.startsWith(code)))
    .map(
      (finding) =>
        `${finding.code} (${finding.subject}): ${finding.summary} This is settled first (I-G3): requorum explain ${finding.code}`,
    );
  const before = inventory.lastSeen?.clusterId;
  const now = model.clusterId;
  if (doubts.length === 0 && before !== undefined && now !== undefined && before !== now) {
    return [
      `The cluster that answers has the id ${now}; at the last good look it was ${before}. It may be an orphan: this is settled first (I-G3).`,
    ];
  }
  return doubts;
}
