import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf } from "../situation/host-view.ts";
import { memberLabel } from "../situation/situation.ts";

export const memberDoesNotFollow: Rule = {
  code: "N04_MEMBER_DOES_NOT_FOLLOW",
  stage: "disk",
  diagnose(situation) {
    if (situation.quorum.kind !== "kept") return [];
    return (situation.members ?? []).flatMap((view) => {
      const etcd = view.host?.facts.etcd;
      if (view.host === undefined || etcd === undefined || view.member.isLearner) return [];
      const { status, serializableReadMs, linearizableReadMs } = etcd;
      if (status.kind === "unknown" || status.value.leaderId === undefined || status.value.memberId !== view.member.id) return [];
      // Only a read that hung counts: any other gap is ours.
      if (serializableReadMs.kind === "unknown" || linearizableReadMs.kind === "known" || linearizableReadMs.reason !== "timeout")
        return [];
      return [
        findingOf("N04_MEMBER_DOES_NOT_FOLLOW", {
          subject: memberLabel(view),
          host: view.host.name,
          memberId: view.member.id,
          severity: "error",
          confidence: "medium",
          summary: `etcd on ${view.host.name} answers from its own data, but reads through the quorum hang on it.`,
          evidence: [
            evidenceOf(`names ${status.value.leaderId} as leader`, status),
            evidenceOf("a serializable read answers", serializableReadMs),
            evidenceOf(`a linearizable read: ${linearizableReadMs.detail}`, linearizableReadMs),
          ],
          ruledOut: [{ code: "N08_MEMBER_CUT_OFF_FROM_PEERS", because: "it names a leader" }],
          wouldSettle: ["PB3 once more: a change of leader delays reads for a moment"],
        }),
      ];
    });
  },
};
