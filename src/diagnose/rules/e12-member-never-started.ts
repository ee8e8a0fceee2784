import { findingOf, type Rule } from "../rule.ts";
import { listEvidence, memberLabel } from "../situation/situation.ts";

export const memberNeverStarted: Rule = {
  code: "E12_MEMBER_NEVER_STARTED",
  stage: "quorum",
  diagnose: (situation) =>
    (situation.members ?? [])
      // An unstarted learner costs no quorum: A06 tells it.
      .filter((view) => !view.isStarted && !view.member.isLearner)
      .map((view) =>
        findingOf("E12_MEMBER_NEVER_STARTED", {
          subject: memberLabel(view),
          host: view.host?.name,
          memberId: view.member.id,
          severity: "error",
          confidence: situation.cluster.list?.isLinearizable === true ? "certain" : "medium",
          summary: `Member ${view.member.id} (${view.member.peerUrls.join(", ")}) was added and never started; it counts as a voter.`,
          evidence: listEvidence(situation, `no name and no client address for ${view.member.peerUrls.join(", ")}`),
          ruledOut: [{ code: "E05_DATA_DIR_LOST_MEMBER_REGISTERED", because: "it never announced a name, so it never had data" }],
          lossProof: situation.cluster.list?.isLinearizable === true ? "never-started" : undefined,
        }),
      ),
};
