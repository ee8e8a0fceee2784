import { findingOf, type Rule } from "../rule.ts";
import { quorumWords, voterCensus, voterEvidence } from "../situation/voters.ts";

export const quorumLostPermanently: Rule = {
  code: "E01_QUORUM_LOST_PERMANENTLY",
  stage: "quorum",
  diagnose(situation) {
    const { kind, voters, needed, basis } = situation.quorum;
    const census = voterCensus(situation);
    if (kind !== "lost" || voters.length - census.lost.length >= needed) return [];
    return [
      findingOf("E01_QUORUM_LOST_PERMANENTLY", {
        subject: "cluster",
        severity: "critical",
        confidence: basis === "configuration" ? "medium" : "certain",
        summary: `Quorum is lost for good (${quorumWords(situation)}): the data of ${census.lost.map((voter) => voter.label).join(", ")} is gone; ${String(census.intact.length)} with intact data remain.`,
        evidence: voters.flatMap(voterEvidence),
        ruledOut: [
          {
            code: "E02_QUORUM_LOST_MAJORITY_CAN_RETURN",
            because: `at most ${String(voters.length - census.lost.length)} voters can still have data`,
          },
          { code: "N09_OBSERVER_MAY_BE_IN_MINORITY", because: "the lost machines were reached and looked at" },
        ],
        wouldSettle:
          basis === "configuration"
            ? ["a member list, or the facts of the last good look: the configuration may name fewer machines than there are voters"]
            : [],
      }),
    ];
  },
};
