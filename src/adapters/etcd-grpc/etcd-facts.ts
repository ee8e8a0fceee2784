/** etcd's messages in the model's words. */
import { clusterIdOf, memberIdOf } from "../../model/ids.ts";
import type { EtcdStatus, MemberFacts } from "../../model/inventory.ts";
import type { EtcdHeader, KeyValue } from "../../ports/etcd-client.ts";
import type { ResponseHeader, WireKeyValue, WireMember, WireStatus } from "./etcd-messages.ts";

/** Throws an Error when an answer has no header: every etcd answer has one. */
export function headerOf(response: { readonly header: ResponseHeader | undefined }): EtcdHeader {
  if (response.header === undefined) throw new Error("etcd's answer has no header");
  const { clusterId, memberId, revision, raftTerm } = response.header;
  return { clusterId: clusterIdOf(clusterId), memberId: memberIdOf(memberId), revision, raftTerm };
}

export function memberFactsOf(members: readonly WireMember[]): readonly MemberFacts[] {
  return members.map(({ id, name, peerUrls, clientUrls, isLearner }) => ({ id: memberIdOf(id), name, peerUrls, clientUrls, isLearner }));
}

export function statusOf(status: WireStatus): EtcdStatus {
  const header = headerOf(status);
  return {
    clusterId: header.clusterId,
    memberId: header.memberId,
    leaderId: status.leader === 0n ? undefined : memberIdOf(status.leader),
    raftTerm: status.raftTerm,
    raftIndex: status.raftIndex,
    appliedIndex: status.raftAppliedIndex,
    revision: header.revision,
    dbSizeBytes: status.dbSize,
    dbSizeInUseBytes: status.dbSizeInUse,
    isLearner: status.isLearner,
    version: status.version,
    storageVersion: status.storageVersion,
    errors: status.errors,
  };
}

/** Copies the bytes, so that a kept entry does not keep its whole page in memory. */
export function keyValueOf(entry: WireKeyValue): KeyValue {
  const { createRevision, modRevision, version } = entry;
  return { key: entry.key.slice(), value: entry.value.slice(), createRevision, modRevision, version, leaseId: entry.lease };
}
