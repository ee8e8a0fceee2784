import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf } from "../situation/host-view.ts";
import { joinDoubt } from "../situation/join-doubt.ts";
import { listEvidence, memberLabel } from "../situation/situation.ts";

export const joinDiedAfterAnnounce: Rule = {
  code: "A06_JOIN_DIED_AFTER_ANNOUNCE",
  stage: "quorum",
  diagnose: (situation) =>
    (situation.members ?? [])
      .filter((view) => view.member.isLearner && !view.isStarted)
      .map((view) => {
        const host = view.host;
        const doubt = joinDoubt(host);
        return findingOf("A06_JOIN_DIED_AFTER_ANNOUNCE", {
          subject: memberLabel(view),
          host: host?.name,
          memberId: view.member.id,
          severity: "warning",
          confidence: doubt === undefined ? "high" : "medium",
          summary: `A join announced learner ${view.member.id} (${view.member.peerUrls.join(", ")}) and its etcd ${doubt === undefined ? "never started" : "has not started"}.`,
          evidence: [
            ...listEvidence(situation, `learner ${view.member.id} has no name and no client address`),
            ...(host === undefined ? [] : [evidenceOf(doubt?.words ?? `no etcd process on ${host.name}`, host.facts.processes)]),
          ],
          ruledOut: [{ code: "E14_LEARNER_STUCK", because: "it never announced a name, so it never ran" }],
          lossProof: situation.cluster.list?.isLinearizable === true && doubt === undefined ? "never-started" : undefined,
          wouldSettle: doubt === undefined ? [] : [doubt.wouldSettle],
        });
      }),
};
