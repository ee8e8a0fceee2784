/**
 * Member and cluster ids as etcd computes them when a cluster is made from a
 * list of names and peer URLs. They must be the same here: a member whose id
 * does not follow from its flags still starts from its data dir, but another
 * tool that restores the same snapshot would make other ids, and the two
 * members would not find each other.
 * Source: etcd server/etcdserver/api/membership/member.go (computeMemberID),
 * cluster.go (genID), client/pkg/types/urls.go (NewURLs).
 */
import { RecoveryError } from "../../../model/recovery-error.ts";

/** The 20 bytes of SHA-1. */
export type Sha1 = (data: Uint8Array) => Uint8Array;

const utf8 = new TextEncoder();
/** etcd also knows unix sockets, for its own tests. User info and paths are refused by it or meaningless. */
const peerUrlForm = /^(https?):\/\/((?:\[[0-9A-Fa-f:.]+\])|[^\s/?#@:[\]%]+):([0-9]{1,5})$/iu;

/** Trimmed, with the scheme in lower case, sorted. Throws RESTORE_REQUEST_INVALID for what etcd would refuse. */
export function normalPeerUrls(peerUrls: readonly string[], subject: string): readonly string[] {
  if (peerUrls.length === 0) throw invalidRequest(subject, "it has no peer URL");
  return peerUrls
    .map((text) => {
      const [, scheme, host, port] = peerUrlForm.exec(text.trim()) ?? [];
      if (scheme === undefined || host === undefined || port === undefined || Number(port) > 65_535)
        throw invalidRequest(subject, `${JSON.stringify(text)} is not a peer URL like https://10.0.0.11:2380`);
      return `${scheme.toLowerCase()}://${host}:${port}`;
    })
    .sort();
}

/** `peerUrls` as `normalPeerUrls` gives them. */
export function computeMemberId(peerUrls: readonly string[], clusterToken: string, sha1: Sha1): bigint {
  return firstUint64(sha1(utf8.encode(peerUrls.toSorted().join("") + clusterToken)));
}

/** From the ids of the members that the cluster begins with, in any order. */
export function computeClusterId(memberIds: readonly bigint[], sha1: Sha1): bigint {
  const ids = new Uint8Array(8 * memberIds.length);
  const view = new DataView(ids.buffer);
  memberIds.toSorted(byValue).forEach((id, index) => {
    view.setBigUint64(8 * index, id);
  });
  return firstUint64(sha1(ids));
}

export function byValue(left: bigint, right: bigint): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

export function invalidRequest(subject: string, detail: string): RecoveryError {
  return new RecoveryError("RESTORE_REQUEST_INVALID", { subject, detail });
}

function firstUint64(digest: Uint8Array): bigint {
  if (digest.length !== 20) throw new Error(`broken assumption in requorum: SHA-1 gave ${digest.length} bytes`);
  return new DataView(digest.buffer, digest.byteOffset, 8).getBigUint64(0);
}
