import { findingOf, type Rule } from "../rule.ts";
import { hostOfUrl } from "../situation/addresses.ts";
import { evidenceOf } from "../situation/host-view.ts";
import { addressStanding } from "../situation/loss.ts";

export const kubeadmConfigStale: Rule = {
  code: "K07_KUBEADM_CONFIG_STALE",
  stage: "stale-objects",
  diagnose(situation) {
    const { kubernetes, config } = situation.inventory;
    const recorded = kubernetes.kind === "known" ? kubernetes.value.kubeadmConfig?.controlPlaneEndpoint : undefined;
    if (kubernetes.kind === "unknown" || recorded === undefined || recorded === "" || recorded === config.controlPlaneEndpoint) return [];
    const named = hostOfUrl(recorded);
    const host = situation.hosts.find((candidate) => candidate.addresses.includes(named) || (candidate.name as string) === named);
    const standing = addressStanding(situation, named);
    if (host === undefined || (standing !== "gone" && standing !== "silent")) return [];
    return [
      findingOf("K07_KUBEADM_CONFIG_STALE", {
        subject: "configmap kube-system/kubeadm-config",
        host: host.name,
        severity: "warning",
        confidence: "certain",
        summary: `kubeadm-config names ${recorded} as control-plane endpoint, which ${standing === "gone" ? "is gone" : "does not answer"}.`,
        evidence: [evidenceOf(`controlPlaneEndpoint: ${recorded}`, kubernetes)],
      }),
    ];
  },
};
