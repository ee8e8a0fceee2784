import { findingOf, type Rule } from "../rule.ts";
import { listEvidence, memberLabel } from "../situation/situation.ts";

export const memberWithoutHost: Rule = {
  code: "E26_MEMBER_WITHOUT_HOST",
  stage: "quorum",
  diagnose: (situation) =>
    (situation.members ?? [])
      .filter((view) => view.host === undefined)
      .map((view) =>
        findingOf("E26_MEMBER_WITHOUT_HOST", {
          subject: memberLabel(view),
          memberId: view.member.id,
          severity: view.member.isLearner ? "warning" : "error",
          confidence: "high",
          summary: `Member ${view.member.id} (${view.isStarted ? view.member.name : "never started"}, ${view.member.peerUrls.join(", ")}) belongs to no configured machine${view.member.isLearner ? "" : ", and it counts as a voter"}.`,
          evidence: listEvidence(situation, `peer address ${view.member.peerUrls.join(", ")}`),
          wouldSettle: [`which machine has ${view.member.peerUrls.join(", ")}; if none, an attestation`],
        }),
      ),
};
