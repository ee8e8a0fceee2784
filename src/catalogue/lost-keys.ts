import type { BackupManifest } from "../model/backup-set.ts";

/** What two looks at a cluster are compared by. */
export type CountedKeys = Pick<BackupManifest["snapshot"], "totalKeys" | "objects">;

/** Fewer than half of the keys that were there before. */
export interface LostKeys {
  readonly now: number;
  readonly before: number;
  /** What was counted, in words. */
  readonly what: string;
}

/**
 * A cluster that lost more than half of its keys between two backups was
 * emptied, or it is another one (I-R10). Clean-ups of this size are rare enough
 * to be asked about; gardener's etcd-backup-restore asks at much less.
 */
const keptMin = 0.5;

/** A cluster that is just being built changes by more than half from one day to the next. What kube-apiserver makes by itself is more than this. */
const keysCountedFrom = 50;

/**
 * What expires, or is written anew by whoever runs: after an hour of trouble
 * there are more events than anything else, and an hour later none of them.
 * As `SnapshotDescription` names them.
 */
const passing: readonly (readonly [group: string, resource: string])[] = [
  ["", "events"],
  ["events.k8s.io", "events"],
  ["coordination.k8s.io", "leases"],
  ["coordination.k8s.io", "leasecandidates"],
  ["certificates.k8s.io", "certificatesigningrequests"],
  ["", "masterleases"],
  ["", "peerserverleases"],
];

/** undefined: at least half is there, or there were too few to tell. Where a manifest does not count by resource, all keys are compared. */
export function lostKeys(now: CountedKeys, before: CountedKeys): LostKeys | undefined {
  const isCounted = [now, before].every(({ objects, totalKeys }) => objects.length > 0 || totalKeys === 0);
  const counts = [now, before].map(({ objects, totalKeys }) => {
    const left = isCounted ? objects.filter(({ resource }) => isPassing(resource)).reduce((sum, { count }) => sum + count, 0) : 0;
    return totalKeys - left;
  });
  const [nowCount = 0, beforeCount = 0] = counts;
  if (beforeCount < keysCountedFrom || nowCount >= beforeCount * keptMin) return undefined;
  return { now: nowCount, before: beforeCount, what: isCounted ? "keys without events and leases" : "keys" };
}

/** Also of objects below a second prefix ("leases.coordination.k8s.io below /old"), and of keys that no API server wrote ("/registry/events/"). */
function isPassing(name: string): boolean {
  const [plain = ""] = name.split(" below ");
  return passing.some(([group, resource]) => {
    if (plain.startsWith("/")) return plain.endsWith(`/${resource}/`);
    return plain === (group === "" ? resource : `${group}/${resource}`) || plain === `${resource}.${group}`;
  });
}
