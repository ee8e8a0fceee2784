import { votingMembers, type ClusterModel, type ModelMember } from "../../model/cluster-model.ts";
import type { HostName, MemberId } from "../../model/ids.ts";
import type { Inventory } from "../../model/inventory.ts";
import { valueOf } from "../../model/observation.ts";

/** A healthy voter on a machine that can be worked on. */
export interface Survivor {
  readonly id: MemberId;
  readonly host: HostName;
  readonly member: ModelMember;
  readonly isApiServerReady: boolean;
}

/**
 * Healthy voters that requests can go through, best first: with a ready API
 * server, not the leader (it has the most to do), quickest to answer. A slow
 * machine counts as a voter but is asked last.
 */
export function survivorsOf(inventory: Inventory, model: ClusterModel): readonly Survivor[] {
  const survivors = votingMembers(model.members ?? []).flatMap((member): readonly Survivor[] => {
    const host = model.hosts.find((candidate) => candidate.name === member.host);
    if (member.id === undefined || host?.isReachable !== true || member.isHealthy !== true) return [];
    return [{ id: member.id, host: host.name, member, isApiServerReady: host.apiServer === "ready" }];
  });
  const rank = (survivor: Survivor): readonly number[] => {
    const etcd = inventory.hosts.find((host) => host.name === survivor.host)?.etcd;
    const isLeader = etcd !== undefined && valueOf(etcd.status)?.leaderId === survivor.id;
    const readMs = (etcd === undefined ? undefined : valueOf(etcd.linearizableReadMs)) ?? Number.MAX_SAFE_INTEGER;
    // Differences below 50 ms are noise, not slowness.
    return [survivor.isApiServerReady ? 0 : 1, Math.floor(readMs / 50), isLeader ? 1 : 0];
  };
  return [...survivors].sort((left, right) => compareRanks(rank(left), rank(right)));
}

/** Hosts whose API server is ready, in configured order. */
export function apiHostsOf(model: ClusterModel): readonly HostName[] {
  return model.hosts.filter((host) => host.isReachable === true && host.apiServer === "ready").map((host) => host.name);
}

function compareRanks(left: readonly number[], right: readonly number[]): number {
  const index = left.findIndex((value, at) => value !== right[at]);
  return index === -1 ? 0 : (left[index] ?? 0) - (right[index] ?? 0);
}
