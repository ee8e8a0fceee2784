import type { LineageBreak } from "../model/prune-plan.ts";
import type { BackupManifest } from "../model/backup-set.ts";
import type { BackupSetId } from "../model/ids.ts";

export interface LineageSet {
  readonly id: BackupSetId;
  readonly manifest: Pick<BackupManifest, "cluster" | "snapshot" | "marks">;
}

/**
 * A cluster that lost more than half of its keys between two backups was
 * emptied, or it is another one. Clean-ups of this size are rare enough to be
 * asked about; gardener's etcd-backup-restore asks at much less.
 */
const keysKeptMin = 0.5;

/**
 * Where a set does not look like what came before it: of an orphan that a
 * split brain left, of a cluster made anew, of one that was emptied (failure
 * catalogue H11, I-R10). `oldestFirst`: of one configured cluster. The newest
 * break comes first. After a restore the break is real and right: the new
 * cluster has another id. `accepted`: from these sets on they are the true
 * cluster's, whatever came before.
 */
export function findBreaks(oldestFirst: readonly LineageSet[], accepted: readonly BackupSetId[]): readonly LineageBreak[] {
  const breaks: LineageBreak[] = [];
  const lastOf = new Map<string | undefined, LineageSet>();
  let previous: LineageSet | undefined;
  for (const set of oldestFirst) {
    const { clusterId } = set.manifest.cluster;
    const found = breakBetween(set, previous) ?? lowerRevision(set, clusterId === undefined ? previous : lastOf.get(clusterId));
    if (found !== undefined) breaks.push({ newer: set.id, ...found, isAccepted: false });
    lastOf.set(clusterId, set);
    previous = set;
  }
  const newestAccepted = oldestFirst.findLastIndex(({ id }) => accepted.includes(id));
  const trusted = new Set(oldestFirst.slice(0, newestAccepted + 1).map(({ id }) => id));
  return breaks.map((one) => ({ ...one, isAccepted: trusted.has(one.newer) })).reverse();
}

type Found = Pick<LineageBreak, "older" | "because"> | undefined;

function breakBetween(newer: LineageSet, older: LineageSet | undefined): Found {
  if (older === undefined) return undefined;
  const [now, then] = [newer.manifest, older.manifest];
  if (now.cluster.clusterId !== undefined && then.cluster.clusterId !== undefined && now.cluster.clusterId !== then.cluster.clusterId)
    return {
      older: older.id,
      because: `it is of etcd cluster ${now.cluster.clusterId}, and ${older.id} before it of ${then.cluster.clusterId}`,
    };
  if (now.snapshot.totalKeys < then.snapshot.totalKeys * keysKeptMin)
    return {
      older: older.id,
      because: `it has ${String(now.snapshot.totalKeys)} keys, and ${older.id} before it ${String(then.snapshot.totalKeys)}`,
    };
  return markBreak(newer, older);
}

/** What the one who made it saw already. */
function markBreak(newer: LineageSet, older: LineageSet): Found {
  const marks = new Set(older.manifest.marks.map(({ code }) => code));
  const mark = newer.manifest.marks.find(
    ({ code }) => (code === "OLDER_THAN_LAST_SEEN" || code === "OTHER_CLUSTER_ID") && !marks.has(code),
  );
  return mark === undefined ? undefined : { older: older.id, because: `it was marked when it was made: ${mark.code}: ${mark.because}` };
}

/** Of one etcd cluster revisions only grow. */
function lowerRevision(newer: LineageSet, older: LineageSet | undefined): Found {
  if (older === undefined || newer.manifest.snapshot.revision >= older.manifest.snapshot.revision) return undefined;
  return {
    older: older.id,
    because: `its revision is ${String(newer.manifest.snapshot.revision)}, and that of ${older.id} before it ${String(older.manifest.snapshot.revision)}`,
  };
}
