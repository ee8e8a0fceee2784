import type { Finding } from "../../model/finding.ts";
import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf } from "../situation/host-view.ts";

export const clusterIdsDiffer: Rule = {
  code: "E08_CLUSTER_IDS_DIFFER",
  stage: "cluster-ids",
  diagnose(situation): readonly Finding[] {
    const { main, answering } = situation.cluster;
    const remembered = situation.inventory.lastSeen;
    const evidence = answering.flatMap((cluster) =>
      cluster.hosts.map(({ name, status, observation }) =>
        evidenceOf(`${name}: cluster ${cluster.id}, revision ${String(status.revision)}, term ${String(status.raftTerm)}`, observation),
      ),
    );
    if (answering.length > 1) {
      return [
        findingOf("E08_CLUSTER_IDS_DIFFER", {
          subject: "cluster",
          severity: "critical",
          confidence: "certain",
          summary: `${String(answering.length)} different etcd clusters answer${main === undefined ? ", and which one is the real one cannot be told" : `; ${main.id} is the real one`}.`,
          evidence,
          wouldSettle: main === undefined ? ["the facts of the last good look, or what people know: which cluster holds the history"] : [],
        }),
      ];
    }
    const [only] = answering;
    if (only === undefined || remembered === undefined || only.id === remembered.clusterId) return [];
    return [
      findingOf("E08_CLUSTER_IDS_DIFFER", {
        subject: "cluster",
        severity: main === undefined ? "critical" : "warning",
        confidence: "high",
        summary: `The etcd cluster that answers (${only.id}) is not the one of the last good look (${remembered.clusterId}).`,
        evidence: [
          ...evidence,
          {
            what: `last good look: cluster ${remembered.clusterId}, revision ${String(remembered.revision)}`,
            observedAt: remembered.takenAt,
            source: "last-seen facts",
          },
        ],
        wouldSettle: ["whether somebody restored a snapshot into a new cluster since then"],
      }),
    ];
  },
};
