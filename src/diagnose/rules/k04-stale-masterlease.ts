import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf } from "../situation/host-view.ts";
import { addressStanding } from "../situation/loss.ts";

export const staleMasterlease: Rule = {
  code: "K04_STALE_MASTERLEASE",
  stage: "stale-objects",
  diagnose(situation) {
    const { kubernetes } = situation.inventory;
    if (kubernetes.kind === "unknown" || kubernetes.value.masterLeases === undefined) return [];
    return kubernetes.value.masterLeases
      .filter((address) => addressStanding(situation, address) === "gone")
      .map((address) =>
        findingOf("K04_STALE_MASTERLEASE", {
          subject: `masterlease ${address}`,
          host: situation.hosts.find((host) => host.addresses.includes(address))?.name,
          severity: "warning",
          confidence: "high",
          summary: `etcd holds a lease for an API server at ${address}, where none is.`,
          evidence: [evidenceOf(`/registry/masterleases/${address}`, kubernetes)],
        }),
      );
  },
};
