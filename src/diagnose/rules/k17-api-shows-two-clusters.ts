import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf } from "../situation/host-view.ts";

export const apiShowsTwoClusters: Rule = {
  code: "K17_API_SHOWS_TWO_CLUSTERS",
  stage: "cluster-ids",
  diagnose(situation) {
    const seen = situation.hosts.flatMap((host) => {
      const uid = host.facts.apiServer.kubeSystemUid;
      return uid.kind === "known" && uid.value !== "" ? [{ host, uid }] : [];
    });
    if (new Set(seen.map(({ uid }) => uid.value)).size < 2) return [];
    return [
      findingOf("K17_API_SHOWS_TWO_CLUSTERS", {
        subject: "cluster",
        severity: "critical",
        confidence: "certain",
        summary: "API servers show different clusters: the identity of namespace kube-system differs.",
        evidence: seen.map(({ host, uid }) => evidenceOf(`${host.name}: kube-system has UID ${uid.value}`, uid)),
      }),
    ];
  },
};
