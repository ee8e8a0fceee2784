import { findingOf, type Rule } from "../rule.ts";
import { dataEvidence } from "../situation/loss.ts";
import { listEvidence, looksDead } from "../situation/situation.ts";
import { removedWithData } from "./e04-removed-member-refuses-to-run.ts";

export const healthyMemberRemoved: Rule = {
  code: "H01_HEALTHY_MEMBER_REMOVED",
  stage: "quorum",
  diagnose(situation) {
    const dead = situation.quorum.voters.filter(looksDead);
    if (situation.members === undefined || dead.length === 0) return [];
    return removedWithData(situation)
      .filter((host) => host.presence.kind === "reached")
      .map((host) =>
        findingOf("H01_HEALTHY_MEMBER_REMOVED", {
          subject: `host ${host.name}`,
          host: host.name,
          severity: "error",
          confidence: "medium",
          summary: `${host.name} is alive with its data and was removed, while ${dead.map((voter) => voter.label).join(", ")} is dead and still registered.`,
          evidence: [
            dataEvidence(host),
            ...listEvidence(situation, `${dead.map((voter) => voter.label).join(", ")} is registered, ${host.name} is not`),
          ],
          wouldSettle: ["whoever removed the member: which one was meant"],
        }),
      );
  },
};
