import type { ClusterId, HostName, MemberId } from "../../model/ids.ts";
import type { EtcdStatus, Inventory, MemberFacts } from "../../model/inventory.ts";
import { valueOf, type Observation } from "../../model/observation.ts";
import { hostOfUrl } from "./addresses.ts";
import type { HostView } from "./host-view.ts";

/** The etcd clusters that answer, and the member list that counts. */
export interface ClusterView {
  readonly answering: readonly AnsweringCluster[];
  /** The cluster that holds the history; undefined: none answers, or it cannot be told which. */
  readonly main: AnsweringCluster | undefined;
  /** The live list of the main cluster; undefined: nobody gave one that can be believed. */
  readonly list: MemberList | undefined;
}

export interface AnsweringCluster {
  readonly id: ClusterId;
  readonly hosts: readonly { readonly name: HostName; readonly status: EtcdStatus; readonly observation: Observation<EtcdStatus> }[];
}

export interface MemberList {
  readonly members: readonly MemberFacts[];
  /** Agreed by a quorum just now, or only one member's own memory. */
  readonly isLinearizable: boolean;
  readonly observation: Observation<readonly MemberFacts[]>;
  readonly from: HostName;
}

export function clusterView(inventory: Inventory, hosts: readonly HostView[]): ClusterView {
  const answering = answeringClusters(hosts);
  const main = mainCluster(inventory, hosts, answering);
  return { answering, main, list: main === undefined ? undefined : listOf(main, hosts) };
}

function answeringClusters(hosts: readonly HostView[]): readonly AnsweringCluster[] {
  const byId = new Map<ClusterId, AnsweringCluster["hosts"][number][]>();
  for (const host of hosts) {
    const status = host.facts.etcd.status;
    if (status.kind === "unknown") continue;
    byId.set(status.value.clusterId, [
      ...(byId.get(status.value.clusterId) ?? []),
      { name: host.name, status: status.value, observation: status },
    ]);
  }
  return [...byId].map(([id, members]) => ({ id, hosts: members }));
}

/**
 * With one cluster id it is that one, unless it could be an orphan that hides
 * the rest (H13): its list must cover a majority of the configured etcd
 * machines, or the others must be seen not to run etcd. With several, only the
 * id of the last good look or a strict majority with the longer history decides.
 */
function mainCluster(
  inventory: Inventory,
  hosts: readonly HostView[],
  answering: readonly AnsweringCluster[],
): AnsweringCluster | undefined {
  const remembered = inventory.lastSeen?.clusterId;
  const first = answering[0];
  if (first === undefined) return undefined;
  if (answering.length > 1) {
    const known = answering.find((cluster) => cluster.id === remembered);
    if (known !== undefined) return known;
    const etcdHosts = hosts.filter((host) => host.shouldRunEtcd).length;
    return answering.find((cluster) => cluster.hosts.length * 2 > etcdHosts && hasLongestHistory(cluster, answering));
  }
  if (first.id === remembered) return first;
  return coversTheRest(first, hosts) ? first : undefined;
}

function coversTheRest(cluster: AnsweringCluster, hosts: readonly HostView[]): boolean {
  const list = listOf(cluster, hosts)?.members ?? [];
  const etcdHosts = hosts.filter((host) => host.shouldRunEtcd);
  const covered = etcdHosts.filter(
    (host) => cluster.hosts.some(({ name }) => name === host.name) || list.some((member) => isMemberOfHost(member, host)),
  );
  if (covered.length * 2 > etcdHosts.length) return true;
  return etcdHosts.every((host) => covered.includes(host) || host.etcd === "stopped");
}

function hasLongestHistory(cluster: AnsweringCluster, all: readonly AnsweringCluster[]): boolean {
  return all.every((other) => other.id === cluster.id || highestRevision(other) <= highestRevision(cluster));
}

export function highestRevision(cluster: AnsweringCluster): bigint {
  return cluster.hosts.reduce((highest, { status }) => (status.revision > highest ? status.revision : highest), 0n);
}

/** A linearizable list if anyone gave one; otherwise the memory of the member that is furthest ahead. */
function listOf(cluster: AnsweringCluster, hosts: readonly HostView[]): MemberList | undefined {
  const furthestFirst = [...cluster.hosts].sort((a, b) => compareProgress(b.status, a.status));
  for (const kind of ["membersLinearizable", "membersSerializable"] as const) {
    for (const { name } of furthestFirst) {
      const observation = hosts.find((host) => host.name === name)?.facts.etcd[kind];
      if (observation?.kind === "known") {
        return { members: observation.value, isLinearizable: kind === "membersLinearizable", observation, from: name };
      }
    }
  }
  return undefined;
}

function compareProgress(a: EtcdStatus, b: EtcdStatus): number {
  if (a.raftTerm !== b.raftTerm) return a.raftTerm < b.raftTerm ? -1 : 1;
  if (a.appliedIndex !== b.appliedIndex) return a.appliedIndex < b.appliedIndex ? -1 : 1;
  return 0;
}

/** By peer address; by name only where the address says nothing against it. */
export function isMemberOfHost(member: MemberFacts, host: HostView): boolean {
  const peers = member.peerUrls.map(hostOfUrl);
  if (peers.some((peer) => host.addresses.includes(peer))) return true;
  const names = [host.name as string, valueOf(host.facts.machine)?.hostname ?? host.name];
  return peers.some((peer) => names.includes(peer));
}

/** The host whose own etcd says that it is this member, in the main cluster. */
export function hostAnsweringAs(id: MemberId, main: AnsweringCluster | undefined): HostName | undefined {
  return main?.hosts.find(({ status }) => status.memberId === id)?.name;
}
