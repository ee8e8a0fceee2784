import type { HostFacts, LastSeen } from "./inventory.ts";
import { valueOf } from "./observation.ts";

/** etcd below a cluster of Kubernetes is never this long without a write. */
const quietMsMax = 5 * 60_000;

/**
 * The facts of a machine, with what the last good look adds: etcd's data was on another filesystem then. One is missing
 * or one hides it, also of those that neither /etc/fstab nor systemd's units know (ZFS, DRBD, a disk that is unlocked by
 * hand). Whole data that was written until that look, or since, was moved.
 */
export function withKnownMount(facts: HostFacts, lastSeen: LastSeen | undefined): HostFacts {
  const { etcdDataDir } = facts;
  const before = lastSeen?.hosts.find(({ name }) => name === facts.name);
  // Only a machine that is known to be another one has other disks.
  const machineId = valueOf(facts.machine)?.machineId ?? before?.machineId;
  if (lastSeen === undefined || etcdDataDir.kind === "unknown" || machineId !== before?.machineId) return facts;
  const { hasWal, hasBackend, mountPoint, newestFileAt } = etcdDataDir.value;
  if (before?.dataMountPoint === undefined || mountPoint === before.dataMountPoint) return facts;
  if (hasWal && hasBackend && Date.parse(newestFileAt) >= Date.parse(lastSeen.takenAt) - quietMsMax) return facts;
  return { ...facts, etcdDataDir: { ...etcdDataDir, value: { ...etcdDataDir.value, mountPointBefore: before.dataMountPoint } } };
}
