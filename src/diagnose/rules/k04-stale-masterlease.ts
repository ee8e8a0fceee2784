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
          host: hostOf(situation.hosts, address),
          severity: "warning",
          confidence: "high",
          summary: `etcd holds a lease for an API server at ${address}, where none is.`,
          evidence: [evidenceOf(`/registry/masterleases/${address}`, kubernetes)],
        }),
      );
  },
};

function hostOf<H extends { readonly name: N; readonly addresses: readonly string[] }, N>(
  hosts: readonly H[],
  address: string,
): N | undefined {
  return hosts.find((host) => host.addresses.includes(address))?.name;
}
