import type { ClusterConfig } from "../model/cluster-config.ts";
import type { HostName } from "../model/ids.ts";
import type { Inventory, LastSeen } from "../model/inventory.ts";
import { valueOf } from "../model/observation.ts";
import { peerEndpointOf } from "../model/peer-endpoint.ts";

/** Where a configured machine's member listens although the configuration has another address for the machine. */
export interface MemberAddress {
  readonly host: HostName;
  readonly address: string;
  readonly port: number;
}

/** More would be no cluster of etcd; the list comes from outside. */
const addressesMax = 16;

/**
 * SSH may go by another network than etcd does, and a machine may have been
 * given another address in the configuration: its member still listens at its
 * peer URLs. They are known from the look before this one or from the last
 * good one.
 */
export function memberAddressesOf(
  config: ClusterConfig,
  known: { readonly earlier?: Inventory | undefined; readonly lastSeen?: LastSeen | undefined },
): readonly MemberAddress[] {
  const lists = (known.earlier?.hosts ?? []).flatMap(({ etcd }) => [valueOf(etcd.membersLinearizable), valueOf(etcd.membersSerializable)]);
  const found = [...lists, known.lastSeen?.members]
    .flatMap((members) => members ?? [])
    .flatMap((member): readonly MemberAddress[] => {
      const host = config.hosts.find((candidate) => (candidate.name as string) === member.name)?.name;
      if (host === undefined) return [];
      const endpoints = member.peerUrls.flatMap((url) => peerEndpointOf(url) ?? []);
      return endpoints
        .filter(({ address }) => !config.hosts.some((candidate) => candidate.address === address))
        .map((endpoint) => ({ host, ...endpoint }));
    });
  return [...new Map(found.map((entry) => [`${entry.host} ${entry.address} ${String(entry.port)}`, entry])).values()].slice(
    0,
    addressesMax,
  );
}

/** How the n-th of them is called in what a machine is asked and answers; no host is called so. */
export function memberAlias(index: number): string {
  return `@member-${String(index)}`;
}
