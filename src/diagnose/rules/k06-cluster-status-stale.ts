import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf } from "../situation/host-view.ts";
import { addressStanding } from "../situation/loss.ts";

export const clusterStatusStale: Rule = {
  code: "K06_CLUSTER_STATUS_STALE",
  stage: "stale-objects",
  diagnose(situation) {
    const { kubernetes } = situation.inventory;
    if (kubernetes.kind === "unknown") return [];
    const stale = (kubernetes.value.kubeadmConfig?.clusterStatusHosts ?? []).filter((host) => addressStanding(situation, host) === "gone");
    return stale.map((host) =>
      findingOf("K06_CLUSTER_STATUS_STALE", {
        subject: `ClusterStatus entry ${host}`,
        host: situation.hosts.find((candidate) => (candidate.name as string) === host || candidate.addresses.includes(host))?.name,
        severity: "warning",
        confidence: "high",
        summary: `kubeadm's ClusterStatus names ${host}, which is not in the cluster.`,
        evidence: [evidenceOf(`kube-system/kubeadm-config, ClusterStatus: ${host}`, kubernetes)],
      }),
    );
  },
};
