import type { ClusterId, MemberId } from "./ids.ts";
import type { Inventory, LookSummary } from "./inventory.ts";
import { valueOf } from "./observation.ts";

/**
 * One round of probes in few words, to be given to the next round as its
 * earlier look (I-G1). `clusterIds` and `memberIds` are those that answered
 * for themselves or stand in a member list, sorted, without repeats;
 * `leaderId` is undefined when no member names one or when members disagree.
 */
export function summariseLook(inventory: Inventory): LookSummary {
  const clusterIds = new Set<ClusterId>();
  const memberIds = new Set<MemberId>();
  const leaderIds = new Set<MemberId>();
  for (const host of inventory.hosts) {
    const status = valueOf(host.etcd.status);
    if (status !== undefined) {
      clusterIds.add(status.clusterId);
      memberIds.add(status.memberId);
      if (status.leaderId !== undefined) leaderIds.add(status.leaderId);
    }
    const members = valueOf(host.etcd.membersLinearizable) ?? valueOf(host.etcd.membersSerializable) ?? [];
    for (const member of members) memberIds.add(member.id);
  }
  const [leaderId] = leaderIds;
  return {
    takenAt: inventory.takenAt,
    hosts: inventory.hosts.map((host) => ({
      name: host.name,
      sshReachable: host.ssh.kind === "known",
      etcdAnswers: host.etcd.status.kind === "known",
      dataDirPresent: dataDirPresence(host.etcdDataDir),
    })),
    clusterIds: [...clusterIds].sort(),
    memberIds: [...memberIds].sort(),
    leaderId: leaderIds.size === 1 ? leaderId : undefined,
  };
}

function dataDirPresence(observation: Inventory["hosts"][number]["etcdDataDir"]): boolean | undefined {
  const facts = valueOf(observation);
  return facts === undefined || facts.readError !== undefined
    ? undefined
    : facts.exists && facts.hasWal && facts.hasBackend && facts.isNewborn !== true;
}
