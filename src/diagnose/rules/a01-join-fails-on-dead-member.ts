import { findingOf, type Rule } from "../rule.ts";
import { memberLabel } from "../situation/situation.ts";
import { voterEvidence } from "../situation/voters.ts";

export const joinFailsOnDeadMember: Rule = {
  code: "A01_JOIN_FAILS_ON_DEAD_MEMBER",
  stage: "quorum",
  diagnose(situation) {
    if (situation.quorum.kind !== "kept" || situation.inventory.config.etcdTopology === "external") return [];
    return (situation.members ?? [])
      .filter((view) => view.health === "down" || (view.health === "unknown" && view.host?.presence.kind === "silent"))
      .map((view) =>
        findingOf("A01_JOIN_FAILS_ON_DEAD_MEMBER", {
          subject: memberLabel(view),
          host: view.host?.name,
          memberId: view.member.id,
          severity: "info",
          confidence: view.health === "down" ? "high" : "medium",
          summary: `kubeadm join would stop at member ${view.member.id}, which is listed and does not answer.`,
          evidence: voterEvidence({ label: memberLabel(view), host: view.host, member: view.member, health: view.health }),
        }),
      );
  },
};
