import { findingOf, type Rule } from "../rule.ts";
import { quorumWords, voterCensus, voterEvidence } from "../situation/voters.ts";
import type { Situation } from "../situation/situation.ts";

export const observerMayBeInMinority: Rule = {
  code: "N09_OBSERVER_MAY_BE_IN_MINORITY",
  stage: "path",
  diagnose(situation) {
    if (!isHold(situation)) return [];
    const census = voterCensus(situation);
    const { voters, needed } = situation.quorum;
    return [
      findingOf("N09_OBSERVER_MAY_BE_IN_MINORITY", {
        subject: "cluster",
        severity: "critical",
        confidence: "medium",
        summary: `No majority can be seen from here (${quorumWords(situation)}); ${String(census.unseen.length)} voters were not seen and may be down or on the other side of a cut.`,
        evidence: voters.flatMap(voterEvidence),
        ruledOut: [
          {
            code: "E01_QUORUM_LOST_PERMANENTLY",
            because: `only ${String(census.lost.length)} voters are observed to have lost their data; ${String(voters.length - needed + 1)} would be needed`,
          },
          ...(situation.quorum.kind === "lost"
            ? []
            : [
                {
                  code: "E02_QUORUM_LOST_MAJORITY_CAN_RETURN" as const,
                  because: "it is not shown that quorum is lost: the voters that were not seen could hold it",
                },
              ]),
        ],
        wouldSettle: census.unseen.map((voter) => `a second vantage point for ${voter.label}: console, power state, another network path`),
      }),
    ];
  },
};

/** Neither kept, nor explained by what was seen on the machines: too many voters are only out of sight. */
export function isHold(situation: Situation): boolean {
  const { kind, voters, needed } = situation.quorum;
  if (kind === "kept" || voters.length === 0) return false;
  const census = voterCensus(situation);
  // Somebody names a leader: then a quorum was there a moment ago, and only our linearizable reads are missing.
  const someoneHasLeader = voters.some(
    (voter) => voter.host?.facts.etcd.status.kind === "known" && voter.host.facts.etcd.status.value.leaderId !== undefined,
  );
  if (kind === "unseen") return !someoneHasLeader && census.unseen.some((voter) => voter.host?.presence.kind !== "reached");
  return census.intact.length < needed && voters.length - census.lost.length >= needed;
}
