import type { HostFacts, LastSeen } from "./inventory.ts";
import { valueOf } from "./observation.ts";

/**
 * The facts of a machine, with what the last good look adds: etcd's data was on a filesystem of its own that is not
 * mounted now. /etc/fstab and systemd's units do not know every one (ZFS, DRBD, a disk that is unlocked by hand).
 */
export function withKnownMount(facts: HostFacts, lastSeen: LastSeen | undefined): HostFacts {
  const { etcdDataDir } = facts;
  const before = lastSeen?.hosts.find(({ name }) => name === facts.name);
  const machineId = valueOf(facts.machine)?.machineId;
  if (etcdDataDir.kind === "unknown" || before?.dataMountPoint === undefined || machineId !== before.machineId) return facts;
  const { unmountedAt, hasWal, hasBackend, mountPoint } = etcdDataDir.value;
  // Whole data is no leftover of a missing filesystem; it may have been moved there since.
  if (unmountedAt !== undefined || (hasWal && hasBackend) || before.dataMountPoint === "/" || mountPoint === before.dataMountPoint)
    return facts;
  const unmounted = `${before.dataMountPoint} (a filesystem of its own at the last good look)`;
  return { ...facts, etcdDataDir: { ...etcdDataDir, value: { ...etcdDataDir.value, unmountedAt: unmounted } } };
}
