import { WireWriter } from "../../src/formats/protobuf/wire-writer.ts";

/** Requests as etcd's log holds them, for tests of what reads or applies them. Source: etcd api/etcdserverpb/{raft_internal,rpc}.proto. */
type Write = (writer: WireWriter) => void;
const utf8 = new TextEncoder();

function request(field: number, write: Write): Uint8Array {
  return new WireWriter()
    .message(field, write)
    .message(100, (header) => header.uint64(1, 7n))
    .finish();
}

interface PutShape {
  readonly value?: string;
  readonly lease?: bigint;
  readonly ignoreValue?: boolean;
  readonly ignoreLease?: boolean;
}
export function putFields(key: string, put: PutShape = {}): Write {
  return (writer) => {
    writer.bytes(1, utf8.encode(key)).bytes(2, utf8.encode(put.value ?? (put.ignoreValue === true ? "" : "v")));
    if (put.lease !== undefined) writer.int64(3, put.lease);
    if (put.ignoreValue === true) writer.bool(5, true);
    if (put.ignoreLease === true) writer.bool(6, true);
  };
}
export function deleteFields(key: string, rangeEnd?: string): Write {
  return (writer) => {
    writer.bytes(1, utf8.encode(key));
    if (rangeEnd !== undefined) writer.bytes(2, utf8.encode(rangeEnd));
  };
}
export const putRequest = (key: string, put?: PutShape): Uint8Array => request(4, putFields(key, put));
export const deleteRequest = (key: string, rangeEnd?: string): Uint8Array => request(5, deleteFields(key, rangeEnd));
export const compactionRequest = (revision: bigint): Uint8Array => request(7, (writer) => writer.int64(1, revision));
export const leaseGrantRequest = (id: bigint, ttl = 60n): Uint8Array => request(8, (writer) => writer.int64(1, ttl).int64(2, id));
export const leaseRevokeRequest = (id: bigint): Uint8Array => request(9, (writer) => writer.int64(1, id));
/** action: 1 activate, 2 deactivate; alarm: 1 NOSPACE, 2 CORRUPT. */
export const alarmRequest = (action: number, alarm: number): Uint8Array =>
  request(10, (writer) => writer.uint32(1, action).uint64(2, 5n).uint32(3, alarm));
export const authEnableRequest = (): Uint8Array => request(1000, () => undefined);
export const checkpointRequest = (id: bigint, remaining: bigint): Uint8Array =>
  request(11, (writer) => writer.message(1, (one) => one.int64(1, id).int64(2, remaining)));
export const clusterVersionRequest = (version: string): Uint8Array => request(1300, (writer) => writer.string(1, version));
export const memberAttributesRequest = (id: bigint, name: string, clientUrl: string): Uint8Array =>
  request(1301, (writer) => writer.uint64(1, id).message(2, (one) => one.string(1, name).string(2, clientUrl)));

export interface TxnShape {
  readonly compare?: readonly Write[];
  readonly success?: readonly Write[];
  readonly failure?: readonly Write[];
}
export function txnFields(txn: TxnShape): Write {
  return (writer) => {
    for (const one of txn.compare ?? []) writer.message(1, one);
    for (const one of txn.success ?? []) writer.message(2, one);
    for (const one of txn.failure ?? []) writer.message(3, one);
  };
}
export const txnRequest = (txn: TxnShape): Uint8Array => request(6, txnFields(txn));
/** Operations of a transaction. */
export const rangeAt =
  (key: string, revision: bigint): Write =>
  (writer) =>
    writer.message(1, (one) => one.bytes(1, utf8.encode(key)).int64(4, revision));
export const put =
  (key: string, shape?: PutShape): Write =>
  (writer) =>
    writer.message(2, putFields(key, shape));
export const deleteKey =
  (key: string, rangeEnd?: string): Write =>
  (writer) =>
    writer.message(3, deleteFields(key, rangeEnd));
export const txn =
  (inner: TxnShape): Write =>
  (writer) =>
    writer.message(4, txnFields(inner));
/** result: 0 equal, 1 greater, 2 less, 3 not equal. */
export const compareVersion =
  (key: string, result: number, version: bigint): Write =>
  (writer) =>
    writer.uint32(1, result).uint32(2, 0).bytes(3, utf8.encode(key)).int64(4, version);
export const compareModRevision =
  (key: string, result: number, revision: bigint): Write =>
  (writer) =>
    writer.uint32(1, result).uint32(2, 2).bytes(3, utf8.encode(key)).int64(6, revision);
export const compareValue =
  (key: string, result: number, value: string): Write =>
  (writer) =>
    writer.uint32(1, result).uint32(2, 3).bytes(3, utf8.encode(key)).bytes(7, utf8.encode(value));
