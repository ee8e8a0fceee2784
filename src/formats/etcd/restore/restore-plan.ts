import { clusterIdOf, memberIdOf, type ClusterId, type MemberId } from "../../../model/ids.ts";
import type { BoltReader } from "../../bbolt/bolt-reader.ts";
import { openMvcc } from "../mvcc/open-mvcc.ts";
import { readMeta } from "../schema/read-meta.ts";
import { byValue, computeClusterId, computeMemberId, invalidRequest, normalPeerUrls, type Sha1 } from "./member-ids.ts";

export const etcdMinors = ["3.4", "3.5", "3.6", "3.7"] as const;
/** The minor versions of etcd that a data dir can be made for. */
export type EtcdMinor = (typeof etcdMinors)[number];

export interface RestoreRequest {
  /** All members that the new cluster begins with; all vote. */
  readonly members: readonly { readonly name: string; readonly peerUrls: readonly string[] }[];
  /**
   * Makes the ids: with a token that was never used, no member of the old
   * cluster can talk to one of the new. The same for all members.
   */
  readonly clusterToken: string;
  /**
   * Added to the revision, and everything before it marked compacted, so that
   * watchers and caches of clients find out instead of waiting for revisions
   * that come a second time. At least as many as were written since the
   * snapshot. Left out: no bump, no mark.
   */
  readonly revisionBump?: bigint | undefined;
  /** The etcd that will start on it. Left out: what the source says is kept, as `etcdutl` does. */
  readonly targetMinor?: EtcdMinor | undefined;
  /** `keep` when left out, as `etcdutl` does: a space alarm makes the restored cluster refuse writes until it is disarmed. */
  readonly alarms?: "keep" | "clear" | undefined;
}

export interface RestoredMember {
  readonly id: MemberId;
  readonly name: string;
  readonly peerUrls: readonly string[];
}

/** All that is decided; writing has no choices left. */
export interface RestorePlan {
  readonly clusterId: ClusterId;
  /** In the order of ids, as etcd writes them into the log. */
  readonly members: readonly RestoredMember[];
  readonly sourceRevision: bigint;
  /** What the restored cluster starts with. */
  readonly revision: bigint;
  readonly revisionBump: bigint | undefined;
  /** The first entries of the new log are the members: index and consistent index are their number, the term is 1. */
  readonly index: bigint;
  readonly term: bigint;
  readonly targetMinor: EtcdMinor | undefined;
  /** undefined: not written, because the target does not know it or the source has none. */
  readonly storageVersion: string | undefined;
  readonly clusterVersion: string | undefined;
  readonly clearsAlarms: boolean;
}

/** Server revisions are int64, this engine counts to 2^53; one bump of this size is enough for 30 years at 10^6 writes a second. */
const revisionMax = 2n ** 53n - 1n;
const memberNameForm = /^[^\s,=]{1,253}$/u;

/**
 * Checks the request as `etcdutl snapshot restore` does and computes ids and
 * versions. Reads only the small buckets of the source.
 * Throws RESTORE_REQUEST_INVALID, FILE_NOT_RECOGNISED, FILE_DAMAGED.
 */
export function planRestore(source: BoltReader, request: RestoreRequest, sha1: Sha1): RestorePlan {
  const subject = `restore of ${source.name}`;
  const members = membersOf(request, sha1, subject);
  const sourceRevision = openMvcc(source).revision;
  const { revisionBump, targetMinor } = request;
  if (revisionBump !== undefined && (revisionBump <= 0n || sourceRevision + revisionBump > revisionMax))
    throw invalidRequest(subject, `a revision bump of ${revisionBump}; it must be at least 1, and the revision stay below 2^53`);
  const meta = readMeta(source);
  return {
    clusterId: clusterIdOf(
      computeClusterId(
        members.map(({ id }) => BigInt(`0x${id}`)),
        sha1,
      ),
    ),
    members,
    sourceRevision,
    revision: sourceRevision + (revisionBump ?? 0n),
    revisionBump,
    index: BigInt(members.length),
    term: 1n,
    targetMinor,
    storageVersion: storageVersionFor(targetMinor, meta.storageVersion),
    clusterVersion: notAbove(targetMinor, meta.clusterVersion),
    clearsAlarms: request.alarms === "clear",
  };
}

function membersOf({ members, clusterToken }: RestoreRequest, sha1: Sha1, subject: string): readonly RestoredMember[] {
  if (members.length === 0) throw invalidRequest(subject, "a cluster needs a member");
  if (clusterToken === "") throw invalidRequest(subject, "the cluster token is empty");
  const names = new Set<string>();
  const urls = new Set<string>();
  const restored = members.map(({ name, peerUrls }) => {
    if (!memberNameForm.test(name)) throw invalidRequest(subject, `${JSON.stringify(name)} is no name for a member`);
    if (names.has(name)) throw invalidRequest(subject, `two members are called ${name}`);
    names.add(name);
    const normal = normalPeerUrls(peerUrls, `member ${name}`);
    for (const url of normal) {
      if (urls.has(url)) throw invalidRequest(subject, `peer URL ${url} is given twice`);
      urls.add(url);
    }
    return { id: memberIdOf(computeMemberId(normal, clusterToken, sha1)), name, peerUrls: normal };
  });
  return restored.sort((left, right) => byValue(BigInt(`0x${left.id}`), BigInt(`0x${right.id}`)));
}

/** A server refuses storage that is newer than itself, and brings older storage up by itself. Source: etcd server/storage/schema/schema.go (Validate, Migrate). */
function storageVersionFor(target: EtcdMinor | undefined, stored: string | undefined): string | undefined {
  return target === "3.4" || target === "3.5" ? undefined : notAbove(target, stored);
}

/** A server ends at once when the cluster version is above its own. Source: etcd server/etcdserver/version/downgrade.go (MustDetectDowngrade). */
function notAbove(target: EtcdMinor | undefined, stored: string | undefined): string | undefined {
  if (target === undefined || stored === undefined) return stored;
  return minorOf(stored) > minorOf(target) ? `${target}.0` : stored;
}

function minorOf(version: string): number {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major * 1000 + minor;
}
