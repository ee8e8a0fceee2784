import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf, reachEvidence } from "../situation/host-view.ts";
import { memberLabel } from "../situation/situation.ts";

export const memberCutOffFromPeers: Rule = {
  code: "N08_MEMBER_CUT_OFF_FROM_PEERS",
  stage: "path",
  diagnose(situation) {
    if (situation.quorum.kind !== "kept") return [];
    return (situation.members ?? []).flatMap((view) => {
      const status = view.host?.facts.etcd.status;
      if (view.host === undefined || status?.kind !== "known" || view.member.isLearner) return [];
      // A frozen or hung process has no leader either, and a rule of its own.
      if (view.host.etcd !== "answering" || status.value.memberId !== view.member.id || status.value.leaderId !== undefined) return [];
      const { name } = view.host;
      const blocked = situation.inventory.reach.filter(
        (reach) =>
          reach.port === "etcd-peer" &&
          (reach.from === name || reach.to === name) &&
          (reach.outcome === "timeout" || reach.outcome === "unreachable"),
      );
      return [
        findingOf("N08_MEMBER_CUT_OFF_FROM_PEERS", {
          subject: memberLabel(view),
          host: name,
          memberId: view.member.id,
          severity: "error",
          confidence: blocked.length > 0 ? "high" : "medium",
          summary: `etcd on ${name} runs but knows no leader, while the others have one.`,
          evidence: [evidenceOf("answers, and names no leader", status), ...blocked.map(reachEvidence)],
          ruledOut: [{ code: "E04_REMOVED_MEMBER_REFUSES_TO_RUN", because: "its id is in the majority's member list" }],
          wouldSettle: blocked.length > 0 ? [] : [`PB1 on port 2380 between ${name} and its peers, in both directions`],
        }),
      ];
    });
  },
};
