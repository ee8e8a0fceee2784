import { isUnreadable } from "../../format-error.ts";
import type { BoltReader } from "../../bbolt/bolt-reader.ts";
import type { DataDir } from "../data-dir/data-dir.ts";
import { openMvcc } from "../mvcc/open-mvcc.ts";
import { readConfChange } from "../raft/raft-messages.ts";
import { readMembers } from "../schema/read-members.ts";
import { readMeta, type StoredMeta } from "../schema/read-meta.ts";
import { readSnapFile } from "../snap/snap-file.ts";
import type { WalLog } from "../wal/wal-log.ts";

/** What of a database tells whether a log belongs to it. */
export interface LoggedDatabase {
  readonly consistentIndex: bigint | undefined;
  readonly term: bigint | undefined;
  /** Unsigned ids of all members that its cluster has and had, as far as it knows; left out or empty: it names none. */
  readonly memberIds?: ReadonlySet<bigint>;
  /** Of the keys. */
  readonly revision?: bigint;
}

/** Of the database of a data dir. Throws FILE_DAMAGED. */
export function loggedDatabase(bolt: BoltReader, dir: Pick<DataDir, "snapFiles">): StoredMeta & LoggedDatabase {
  const meta = readMeta(bolt);
  const memberIds = databaseMemberIds(bolt);
  return {
    ...meta,
    revision: revisionOf(bolt),
    memberIds: memberIds.size === 0 ? memberIds : new Set([...memberIds, ...foundersOf(meta, dir)]),
  };
}

function revisionOf(bolt: BoltReader): bigint {
  try {
    return openMvcc(bolt).revision;
  } catch (error) {
    if (isUnreadable(error)) return 1n; // whoever reads the keys says so
    throw error;
  }
}

/**
 * Why the database is not one that this log made: an entry adds one revision at
 * most, and a cluster that began with nothing has no more of them than entries.
 * So it is with a restored database in the old data dir, whose member and
 * cluster may have the same ids. A log of what was restored says in a snapshot record with what it began.
 */
export function otherBeginningWords(log: WalLog, { consistentIndex = 0n, revision = 1n }: LoggedDatabase): string | undefined {
  const isFromNothing = log.continuousFrom === 1n && !log.snapshots.some(({ index }) => index > 0n && index <= consistentIndex);
  return isFromNothing && revision > consistentIndex + 1n
    ? `the database holds entries up to ${consistentIndex} and revision ${revision}, and the log begins with an empty database, from which as many entries cannot make that: the database was restored, or is of another time`
    : undefined;
}

/** Empty also where they cannot be read: then of which cluster it is remains unknown. */
export function databaseMemberIds(bolt: BoltReader): ReadonlySet<bigint> {
  try {
    const { members, removed } = readMembers(bolt);
    return new Set([...members.map((one) => one.id), ...removed].map((id) => BigInt(`0x${id}`)));
  } catch (error) {
    if (isUnreadable(error)) return new Set();
    throw error;
  }
}

/**
 * The restore of 3.4 leaves the members of the old cluster in the database;
 * the new ones stand in the snapshot file beside it alone, until each has told
 * its name. Source: etcd 3.4 clientv3/snapshot/v3_snapshot.go (saveDB, saveWALAndSnap).
 */
function foundersOf({ term }: StoredMeta, { snapFiles }: Pick<DataDir, "snapFiles">): readonly bigint[] {
  if (term !== undefined && term !== 0n) return [];
  return snapFiles.flatMap(({ source }) => {
    try {
      const { index, confState } = readSnapFile(source);
      // Its log begins with one entry a member.
      return index === BigInt(confState.voters.length) ? confState.voters.map((id) => BigInt.asUintN(64, id)) : [];
    } catch (error) {
      if (isUnreadable(error)) return []; // etcd sets such a file aside
      throw error;
    }
  });
}

/**
 * Why the log is not one that belongs to this database: no member that the
 * database names wrote it. `log` is the part of it that continues the
 * database: a member that joins has the others' entries before it is told in
 * one of them that it is a member itself. etcd knows no such comparison; 3.6 ends with
 * "failed to update; member unknown", and 3.4 serves a mixture.
 */
export function strangerWords(wal: WalLog, log: WalLog | undefined, { consistentIndex, memberIds }: LoggedDatabase): string | undefined {
  if (wal.metadata === undefined || memberIds === undefined || memberIds.size === 0) return undefined;
  const own = BigInt.asUintN(64, wal.metadata.memberId);
  if (memberIds.has(own) || (log !== undefined && joinsAbove(log, consistentIndex ?? 0n, own))) return undefined;
  const known = [...memberIds].slice(0, maxNamed).map(hexOf).join(", ");
  const more = memberIds.size > maxNamed ? ` and ${String(memberIds.size - maxNamed)} more` : "";
  return `the log is that of member ${hexOf(own)} of cluster ${hexOf(wal.metadata.clusterId)}, and the database knows only ${known}${more}: they are of two clusters`;
}

/** A cluster has a handful; those that were removed add up. */
const maxNamed = 7;

function joinsAbove(log: WalLog, held: bigint, own: bigint): boolean {
  const { continuousFrom, lastIndex } = log;
  if (continuousFrom === undefined || lastIndex === undefined || lastIndex <= held) return false;
  for (const entry of log.entries(continuousFrom > held + 1n ? continuousFrom : held + 1n)) {
    if (entry.kind !== "conf-change") continue;
    const { kind, memberId } = readConfChange(entry.data, { file: `entry ${entry.index}`, offset: undefined });
    if (kind.startsWith("add-") && BigInt.asUintN(64, memberId) === own) return true;
  }
  return false;
}

function hexOf(id: bigint): string {
  return BigInt.asUintN(64, id).toString(16);
}
