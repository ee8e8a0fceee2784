/**
 * The part of etcd's gRPC API that requorum uses. Method names, field names
 * and field numbers from etcd 3.6.16, api/etcdserverpb/rpc.proto and
 * api/mvccpb/kv.proto; the fields used here have the same numbers in 3.4, 3.5
 * and 3.7. Names follow rpc.proto, in camel case.
 */
import {
  bool,
  bytes,
  defineMessage,
  int64,
  message,
  repeated,
  string,
  uint32,
  uint64,
  type MessageOf,
  type MessageType,
} from "./protobuf-message.ts";

export const responseHeader = defineMessage({ clusterId: uint64(1), memberId: uint64(2), revision: int64(3), raftTerm: uint64(4) });

export const keyValue = defineMessage({
  key: bytes(1),
  createRevision: int64(2),
  modRevision: int64(3),
  version: int64(4),
  value: bytes(5),
  lease: int64(6),
});

export const rangeRequest = defineMessage({
  key: bytes(1),
  rangeEnd: bytes(2),
  limit: int64(3),
  revision: int64(4),
  serializable: bool(7),
  keysOnly: bool(8),
  countOnly: bool(9),
});
export const rangeResponse = defineMessage({
  header: message(1, responseHeader),
  kvs: repeated(message(2, keyValue)),
  more: bool(3),
  count: int64(4),
});

export const deleteRangeRequest = defineMessage({ key: bytes(1), rangeEnd: bytes(2) });
/** `request` is a oneof; only deletion is used. */
export const requestOp = defineMessage({ requestDeleteRange: message(3, deleteRangeRequest) });
/** Values of CompareResult and CompareTarget. */
export const compareEqual = 0;
export const compareModRevision = 2;
/** `target_union` is a oneof; only mod_revision is used. */
export const compare = defineMessage({ result: uint32(1), target: uint32(2), key: bytes(3), modRevision: int64(6) });
export const txnRequest = defineMessage({ compare: repeated(message(1, compare)), success: repeated(message(2, requestOp)) });
export const txnResponse = defineMessage({ header: message(1, responseHeader), succeeded: bool(2) });

export const hashKvRequest = defineMessage({ revision: int64(1) });
/** hashRevision only since 3.6. */
export const hashKvResponse = defineMessage({
  header: message(1, responseHeader),
  hash: uint32(2),
  compactRevision: int64(3),
  hashRevision: int64(4),
});

export const snapshotRequest = defineMessage({});
export const snapshotResponse = defineMessage({ remainingBytes: uint64(2), blob: bytes(3) });

export const member = defineMessage({
  id: uint64(1),
  name: string(2),
  peerUrls: repeated(string(3)),
  clientUrls: repeated(string(4)),
  isLearner: bool(5),
});
/** linearizable only since 3.5; before, every list is serializable. */
export const memberListRequest = defineMessage({ linearizable: bool(1) });
/** Of MemberList, MemberRemove and MemberPromote: they have the same fields. */
export const membersResponse = defineMessage({ header: message(1, responseHeader), members: repeated(message(2, member)) });
/** Of MemberRemove and MemberPromote. */
export const memberIdRequest = defineMessage({ id: uint64(1) });

export const moveLeaderRequest = defineMessage({ targetId: uint64(1) });
export const headerOnlyResponse = defineMessage({ header: message(1, responseHeader) });

/** Values of AlarmType; action 0 is GET. */
export const alarmTypes = ["NONE", "NOSPACE", "CORRUPT"] as const;
export const alarmRequest = defineMessage({ action: uint32(1), memberId: uint64(2), alarm: uint32(3) });
export const alarmMember = defineMessage({ memberId: uint64(1), alarm: uint32(2) });
export const alarmResponse = defineMessage({ header: message(1, responseHeader), alarms: repeated(message(2, alarmMember)) });

export const statusRequest = defineMessage({});
/** storageVersion only since 3.6. */
export const statusResponse = defineMessage({
  header: message(1, responseHeader),
  version: string(2),
  dbSize: int64(3),
  leader: uint64(4),
  raftIndex: uint64(5),
  raftTerm: uint64(6),
  raftAppliedIndex: uint64(7),
  errors: repeated(string(8)),
  dbSizeInUse: int64(9),
  isLearner: bool(10),
  storageVersion: string(11),
});

export interface Rpc<Request, Response> {
  /** As on the wire. */
  readonly path: string;
  /** As in words. */
  readonly name: string;
  readonly request: MessageType<Request>;
  readonly response: MessageType<Response>;
  /** Its effect may be there even when no answer came. */
  readonly isWrite: boolean;
}

function rpc<Request, Response>(
  path: string,
  request: MessageType<Request>,
  response: MessageType<Response>,
  isWrite = false,
): Rpc<Request, Response> {
  return { path: `/etcdserverpb.${path}`, name: path.slice(path.indexOf("/") + 1), request, response, isWrite };
}

export const etcdRpcs = {
  range: rpc("KV/Range", rangeRequest, rangeResponse),
  txn: rpc("KV/Txn", txnRequest, txnResponse, true),
  status: rpc("Maintenance/Status", statusRequest, statusResponse),
  alarm: rpc("Maintenance/Alarm", alarmRequest, alarmResponse),
  hashKv: rpc("Maintenance/HashKV", hashKvRequest, hashKvResponse),
  snapshot: rpc("Maintenance/Snapshot", snapshotRequest, snapshotResponse),
  moveLeader: rpc("Maintenance/MoveLeader", moveLeaderRequest, headerOnlyResponse, true),
  memberList: rpc("Cluster/MemberList", memberListRequest, membersResponse),
  memberRemove: rpc("Cluster/MemberRemove", memberIdRequest, membersResponse, true),
  memberPromote: rpc("Cluster/MemberPromote", memberIdRequest, membersResponse, true),
} as const;

export type ResponseHeader = MessageOf<typeof responseHeader>;
export type WireMember = MessageOf<typeof member>;
export type WireStatus = MessageOf<typeof statusResponse>;
export type WireKeyValue = MessageOf<typeof keyValue>;
export type WireAlarm = MessageOf<typeof alarmMember>;
