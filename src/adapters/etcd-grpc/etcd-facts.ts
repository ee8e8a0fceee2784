/** etcd's messages in the model's words. */
import { clusterIdOf, memberIdOf, type HostName, type MemberId } from "../../model/ids.ts";
import type { EtcdStatus, MemberFacts } from "../../model/inventory.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { EtcdHeader, KeyValue } from "../../ports/etcd-client.ts";
import { alarmTypes, type ResponseHeader, type WireAlarm, type WireKeyValue, type WireMember, type WireStatus } from "./etcd-messages.ts";

/** REMOTE_ANSWER_MALFORMED without a header: every etcd answers with one. */
export function headerOf(response: { readonly header: ResponseHeader | undefined }, host: HostName): EtcdHeader {
  if (response.header === undefined) throw malformed(host, "the answer has no header");
  const { clusterId, memberId, revision, raftTerm } = response.header;
  return { clusterId: clusterIdOf(clusterId), memberId: memberIdOf(memberId), revision, raftTerm };
}

export function memberFactsOf(members: readonly WireMember[]): readonly MemberFacts[] {
  return members.map(({ id, name, peerUrls, clientUrls, isLearner }) => ({ id: memberIdOf(id), name, peerUrls, clientUrls, isLearner }));
}

/** REMOTE_ANSWER_MALFORMED for an alarm that this version does not know: it must not pass for none. */
export function alarmsOf(
  alarms: readonly WireAlarm[],
  host: HostName,
): readonly { readonly memberId: MemberId; readonly alarm: (typeof alarmTypes)[number] }[] {
  return alarms.map(({ memberId, alarm: type }) => {
    const alarm = alarmTypes[type];
    if (alarm === undefined) throw malformed(host, `an alarm of unknown type ${String(type)}`);
    return { memberId: memberIdOf(memberId), alarm };
  });
}

function malformed(host: HostName, detail: string): RecoveryError {
  return new RecoveryError("REMOTE_ANSWER_MALFORMED", { subject: `etcd on ${host}`, detail });
}

export function statusOf(status: WireStatus, host: HostName): EtcdStatus {
  const header = headerOf(status, host);
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
