import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf } from "../situation/host-view.ts";
import { addressStanding } from "../situation/loss.ts";

export const deadAddressInKubernetesService: Rule = {
  code: "K04_DEAD_ADDRESS_IN_KUBERNETES_SERVICE",
  stage: "stale-objects",
  diagnose(situation) {
    const { kubernetes } = situation.inventory;
    if (kubernetes.kind === "unknown") return [];
    return kubernetes.value.kubernetesEndpoints
      .filter((address) => addressStanding(situation, address) === "gone")
      .map((address) =>
        findingOf("K04_DEAD_ADDRESS_IN_KUBERNETES_SERVICE", {
          subject: `endpoint ${address}`,
          host: situation.hosts.find((host) => host.addresses.includes(address))?.name,
          severity: "warning",
          confidence: "high",
          summary: `The kubernetes Service leads to ${address}, where no API server of this cluster is.`,
          evidence: [evidenceOf(`endpoints default/kubernetes: ${address}`, kubernetes)],
        }),
      );
  },
};
