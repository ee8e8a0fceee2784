import { findingOf, type Rule } from "../rule.ts";
import { reachEvidence } from "../situation/host-view.ts";
import { quorumWords, voterCensus, voterEvidence } from "../situation/voters.ts";

export const noLeaderThoughMajorityRuns: Rule = {
  code: "E38_NO_LEADER_THOUGH_MAJORITY_RUNS",
  stage: "quorum",
  diagnose(situation) {
    const { kind, voters, needed } = situation.quorum;
    const running = voterCensus(situation).intact.filter((voter) => voter.host?.etcd === "answering" || voter.host?.etcd === "running");
    if (kind !== "lost" || running.length < needed) return [];
    const blocked = situation.inventory.reach.filter(
      (reach) => reach.port === "etcd-peer" && (reach.outcome === "timeout" || reach.outcome === "unreachable"),
    );
    return [
      findingOf("E38_NO_LEADER_THOUGH_MAJORITY_RUNS", {
        subject: "cluster",
        severity: "critical",
        confidence: blocked.length > 0 ? "high" : "medium",
        summary: `${String(running.length)} members run with their data (${quorumWords(situation)}), and they elect no leader.`,
        evidence: [...voters.flatMap(voterEvidence), ...blocked.map(reachEvidence)],
        ruledOut: [{ code: "E01_QUORUM_LOST_PERMANENTLY", because: "a majority of data dirs is intact" }],
        wouldSettle: [
          "another look after an election timeout (1 s by default): an election may be under way",
          ...(blocked.length > 0 ? [] : ["PB1 on port 2380 between the members, in both directions", "PB10: clocks and certificates"]),
        ],
      }),
    ];
  },
};
