import { olderThan, type KnownBefore } from "../../catalogue/source/judge-source.ts";
import type { BackupMark } from "../../model/backup-set.ts";
import type { ClusterId } from "../../model/ids.ts";
import type { SnapshotDescription } from "../../model/snapshot-description.ts";

/**
 * Whether what was taken is of the history that is known, and not from before
 * its end. `answeredId` is what etcd said when it was asked; of an offline copy
 * its own log says it, and is compared here for the first time.
 */
export function historyMarks(
  known: readonly KnownBefore[],
  answeredId: ClusterId | undefined,
  found: Pick<SnapshotDescription, "clusterId" | "revision">,
): readonly BackupMark[] {
  const clusterId = answeredId ?? found.clusterId;
  const authority = known.find((one) => one.clusterId !== undefined);
  const isOther = answeredId === undefined && clusterId !== undefined && authority !== undefined && authority.clusterId !== clusterId;
  const other: readonly BackupMark[] = isOther
    ? [
        {
          code: "OTHER_CLUSTER_ID",
          because: `the log of the data dir says cluster id ${clusterId}; ${authority.name} has ${authority.clusterId ?? "none"}. After a restore that is right; else this is an orphan that was begun empty`,
        },
      ]
    : [];
  return [...other, ...olderThan(known, clusterId, found.revision)];
}
