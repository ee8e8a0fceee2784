import { findingOf, type Rule } from "../rule.ts";
import { hostOfUrl, isLoopback } from "../situation/addresses.ts";
import { evidenceOf } from "../situation/host-view.ts";

export const etcdServersStale: Rule = {
  code: "K15_ETCD_SERVERS_STALE",
  stage: "stale-objects",
  diagnose(situation) {
    if (situation.cluster.list?.isLinearizable !== true) return [];
    const clientHosts = situation.cluster.list.members.flatMap((member) => [...member.clientUrls, ...member.peerUrls]).map(hostOfUrl);
    return situation.hosts.flatMap((host) => {
      const { manifests } = host.facts;
      if (manifests.kind === "unknown") return [];
      const stale = manifests.value
        .flatMap((manifest) => manifest.etcdServers ?? [])
        .filter((server) => !isLoopback(hostOfUrl(server)) && !clientHosts.includes(hostOfUrl(server)));
      if (stale.length === 0) return [];
      return [
        findingOf("K15_ETCD_SERVERS_STALE", {
          subject: `kube-apiserver on ${host.name}`,
          host: host.name,
          severity: "warning",
          confidence: "high",
          summary: `The API server on ${host.name} is configured with ${stale.join(", ")}, which is no member's address.`,
          evidence: [evidenceOf(`--etcd-servers has ${stale.join(", ")}`, manifests)],
        }),
      ];
    });
  },
};
