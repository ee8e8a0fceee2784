import type { LineageBreak } from "../model/prune-plan.ts";
import type { BackupManifest } from "../model/backup-set.ts";
import type { BackupSetId } from "../model/ids.ts";
import { lostKeys } from "./lost-keys.ts";
import { clockLeewayMs } from "../model/clock-leeway.ts";

export interface LineageSet {
  readonly id: BackupSetId;
  readonly manifest: Pick<BackupManifest, "createdAt" | "cluster" | "snapshot" | "marks">;
}

/**
 * Where a set does not look like what came before it: of an orphan that a
 * split brain left, of a cluster made anew, of one that was emptied (failure
 * catalogue H11, I-R10). `byTime`, the oldest first: of one configured cluster. The newest
 * break comes first. After a restore the break is real and right: the new
 * cluster has another id. `accepted`: from these sets on they are the true
 * cluster's, whatever came before.
 */
export function findBreaks(byTime: readonly LineageSet[], accepted: readonly BackupSetId[]): readonly LineageBreak[] {
  const oldestFirst = inLine(byTime);
  const breaks: LineageBreak[] = [];
  const lastOf = new Map<string | undefined, LineageSet>();
  let previous: LineageSet | undefined;
  // Of an offline copy the id may not be known: it must not come between two that are of two clusters.
  let lastOfKnownId: LineageSet | undefined;
  for (const set of oldestFirst) {
    const { clusterId } = set.manifest.cluster;
    const found =
      otherCluster(set, lastOfKnownId) ??
      breakBetween(set, previous) ??
      lowerRevision(set, clusterId === undefined ? previous : lastOf.get(clusterId));
    if (found !== undefined) breaks.push({ newer: set.id, ...found, isAccepted: false });
    lastOf.set(clusterId, set);
    previous = set;
    if (clusterId !== undefined) lastOfKnownId = set;
  }
  const newestAccepted = oldestFirst.findLastIndex(({ id }) => accepted.includes(id));
  const trusted = new Set(oldestFirst.slice(0, newestAccepted + 1).map(({ id }) => id));
  // Retention took the set that was named: its successors are still what it was. Names sort by time.
  const gone = accepted.filter((id) => !oldestFirst.some((set) => set.id === id));
  const isAccepted = ({ older, newer }: LineageBreak): boolean => trusted.has(newer) || gone.some((id) => older < id && id <= newer);
  return breaks.map((one) => ({ ...one, isAccepted: isAccepted(one) })).reverse();
}

/**
 * Of sets that several makers made within minutes their clocks do not say which
 * was first; of one etcd cluster the revision does. A revision that truly went
 * back shows in the next set that is made later.
 */
function inLine(byTime: readonly LineageSet[]): readonly LineageSet[] {
  const line: LineageSet[] = [];
  for (const set of byTime) {
    let at = line.length;
    for (let before = line[at - 1]; before !== undefined && isUnsure(before, set); before = line[at - 1]) at -= 1;
    line.splice(at, 0, set);
  }
  return line;
}

/** May `later` be of before `earlier`? */
function isUnsure({ manifest: earlier }: LineageSet, { manifest: later }: LineageSet): boolean {
  const { clusterId } = earlier.cluster;
  return (
    clusterId !== undefined &&
    later.cluster.clusterId === clusterId &&
    later.snapshot.revision < earlier.snapshot.revision &&
    Date.parse(later.createdAt) - Date.parse(earlier.createdAt) <= clockLeewayMs
  );
}

type Found = Pick<LineageBreak, "older" | "because"> | undefined;

function otherCluster(newer: LineageSet, older: LineageSet | undefined): Found {
  const now = newer.manifest.cluster.clusterId;
  const before = older?.manifest.cluster.clusterId;
  if (older === undefined || now === undefined || now === before) return undefined;
  return { older: older.id, because: `it is of etcd cluster ${now}, and ${older.id} before it of ${String(before)}` };
}

function breakBetween(newer: LineageSet, older: LineageSet | undefined): Found {
  if (older === undefined) return undefined;
  const [now, then] = [newer.manifest, older.manifest];
  const lost = lostKeys(now.snapshot, then.snapshot);
  if (lost !== undefined)
    return { older: older.id, because: `it has ${String(lost.now)} ${lost.what}, and ${older.id} before it ${String(lost.before)}` };
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
