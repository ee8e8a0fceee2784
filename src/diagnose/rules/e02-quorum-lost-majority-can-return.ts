import { findingOf, type Rule } from "../rule.ts";
import { isEtcdDown } from "../situation/situation.ts";
import { quorumWords, voterCensus, voterEvidence } from "../situation/voters.ts";

export const quorumLostMajorityCanReturn: Rule = {
  code: "E02_QUORUM_LOST_MAJORITY_CAN_RETURN",
  stage: "quorum",
  diagnose(situation) {
    const { kind, voters, needed } = situation.quorum;
    const census = voterCensus(situation);
    const stopped = census.intact.filter((voter) => voter.host !== undefined && isEtcdDown(voter.host));
    if (kind !== "lost" || census.intact.length < needed || stopped.length === 0) return [];
    return [
      findingOf("E02_QUORUM_LOST_MAJORITY_CAN_RETURN", {
        subject: "cluster",
        severity: "critical",
        confidence: "certain",
        summary: `Quorum is lost (${quorumWords(situation)}), but ${String(census.intact.length)} voters have intact data; ${String(stopped.length)} of them are merely stopped.`,
        evidence: voters.flatMap(voterEvidence),
        ruledOut: [
          {
            code: "E01_QUORUM_LOST_PERMANENTLY",
            because: `data dirs with WAL and backend exist on ${String(census.intact.length)} voters, ${String(needed)} are enough`,
          },
          { code: "N09_OBSERVER_MAY_BE_IN_MINORITY", because: "the stopped members were reached and looked at" },
        ],
      }),
    ];
  },
};
