import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf } from "../situation/host-view.ts";
import { joinDoubt } from "../situation/join-doubt.ts";
import { listEvidence, memberLabel } from "../situation/situation.ts";

export const memberNeverStarted: Rule = {
  code: "E12_MEMBER_NEVER_STARTED",
  stage: "quorum",
  diagnose: (situation) =>
    (situation.members ?? [])
      // An unstarted learner costs no quorum: A06 tells it.
      .filter((view) => !view.isStarted && !view.member.isLearner)
      .map((view) => {
        const { host } = view;
        const doubt = joinDoubt(host);
        return findingOf("E12_MEMBER_NEVER_STARTED", {
          subject: memberLabel(view),
          host: host?.name,
          memberId: view.member.id,
          severity: "error",
          confidence: situation.cluster.list?.isLinearizable === true ? "certain" : "medium",
          summary: `Member ${view.member.id} (${view.member.peerUrls.join(", ")}) was added and never started; it counts as a voter.`,
          evidence: [
            ...listEvidence(situation, `no name and no client address for ${view.member.peerUrls.join(", ")}`),
            ...(host === undefined
              ? []
              : [evidenceOf(doubt?.words ?? `no etcd and no join under way on ${host.name}`, host.facts.processes)]),
          ],
          ruledOut: [{ code: "E05_DATA_DIR_LOST_MEMBER_REGISTERED", because: "it never announced a name, so it never had data" }],
          // It may be on its way in: somebody adds it just now.
          lossProof: situation.cluster.list?.isLinearizable === true && doubt === undefined ? "never-started" : undefined,
          wouldSettle: doubt === undefined ? [] : [doubt.wouldSettle],
        });
      }),
};
