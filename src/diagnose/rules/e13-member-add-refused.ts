import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf } from "../situation/host-view.ts";
import { looksDead } from "../situation/situation.ts";

export const memberAddRefused: Rule = {
  code: "E13_MEMBER_ADD_REFUSED",
  stage: "quorum",
  diagnose(situation) {
    // Silent voters count here: etcd judges by its own connections, too.
    const absent = situation.quorum.voters.filter((voter) => voter.health === "down" || looksDead(voter));
    if (situation.quorum.kind !== "kept" || situation.members === undefined || absent.length === 0) return [];
    const affected = (situation.cluster.main?.hosts ?? []).filter(({ status }) => refusesAddWithVoterDown(status.version));
    const [first] = affected;
    if (first === undefined) return [];
    return [
      findingOf("E13_MEMBER_ADD_REFUSED", {
        subject: "cluster",
        severity: "info",
        confidence: "high",
        summary: `etcd ${first.status.version} refuses to add a member while ${absent.map((voter) => voter.label).join(", ")} is down: the dead member must be removed first.`,
        evidence: affected.map(({ name, status, observation }) => evidenceOf(`${name} runs etcd ${status.version}`, observation)),
      }),
    ];
  },
};

/** Fixed in 3.5.30 and 3.6.11 (etcd CHANGELOG-3.5, CHANGELOG-3.6); 3.4 never. An unreadable version is not accused. */
export function refusesAddWithVoterDown(version: string): boolean {
  const match = /^(\d+)\.(\d+)\.(\d+)/.exec(version);
  if (match === null) return false;
  const [major, minor, patch] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (major !== 3) return false;
  if (minor === 5) return patch < 30;
  if (minor === 6) return patch < 11;
  return minor < 5;
}
