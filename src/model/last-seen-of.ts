import type { EtcdStatus, HostFacts, Inventory, LastSeen, MemberFacts } from "./inventory.ts";
import { valueOf } from "./observation.ts";

/**
 * What is worth keeping of this round for the day when the cluster is gone.
 * undefined when the round must not replace what was kept before: no member
 * list backed by a quorum, or more than one cluster id answering (the other
 * may be an orphan, H11). Facts that this round lacks (a machine id of an
 * unreachable host, object counts) are carried over from the inventory's own
 * last-seen facts while the cluster id is the same.
 */
export function lastSeenOf(inventory: Inventory, objectCounts?: LastSeen["objectCounts"]): LastSeen | undefined {
  const statuses = inventory.hosts.flatMap((host) => valueOf(host.etcd.status) ?? []);
  const members = inventory.hosts.map((host) => valueOf(host.etcd.membersLinearizable)).find((list) => list !== undefined);
  const [first, ...others] = statuses;
  if (first === undefined || members === undefined) return undefined;
  if (others.some((status) => status.clusterId !== first.clusterId)) return undefined;
  const before = inventory.lastSeen?.clusterId === first.clusterId ? inventory.lastSeen : undefined;
  return {
    takenAt: inventory.takenAt,
    clusterId: first.clusterId,
    members,
    revision: highest(statuses, (status) => status.revision),
    raftIndex: highest(statuses, (status) => status.raftIndex),
    raftTerm: highest(statuses, (status) => status.raftTerm),
    objectCounts: objectCounts ?? before?.objectCounts ?? [],
    hosts: inventory.hosts.flatMap((host) => seenHost(host, inventory, members, before) ?? []),
  };
}

function highest(statuses: readonly EtcdStatus[], pick: (status: EtcdStatus) => bigint): bigint {
  return statuses.map(pick).reduce((top, value) => (value > top ? value : top), 0n);
}

/** Only hosts that run a member: a spare that waits unused is no part of what was lost. */
function seenHost(
  host: HostFacts,
  inventory: Inventory,
  members: readonly MemberFacts[],
  before: LastSeen | undefined,
): LastSeen["hosts"][number] | undefined {
  const address = inventory.config.hosts.find((config) => config.name === host.name)?.address;
  if (address === undefined) return undefined;
  const isMember = members.some((member) => member.name === host.name || member.peerUrls.some((url) => url.includes(`//${address}:`)));
  if (!isMember) return undefined;
  const answers = host.etcd.status.kind === "known";
  const earlier = before?.hosts.find((seen) => seen.name === host.name);
  // A machine that does not run its member may be a newcomer under the old name: what the old one was is kept, and the
  // newcomer is not remembered as the one that was lost.
  const machineId = answers ? (valueOf(host.machine)?.machineId ?? earlier?.machineId) : earlier?.machineId;
  if (machineId === undefined) return undefined;
  const dir = valueOf(host.etcdDataDir);
  const isServedFrom = answers && dir !== undefined && dir.readError === undefined && dir.hasWal && dir.hasBackend;
  const dataMountPoint = isServedFrom ? dir.mountPoint : earlier?.machineId === machineId ? earlier.dataMountPoint : undefined;
  return { name: host.name, machineId, address, ...(dataMountPoint === undefined ? {} : { dataMountPoint }) };
}
