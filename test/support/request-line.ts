import type {
  InternalRaftRequest,
  RaftAction,
  RangeRequest,
  DeleteRangeRequest,
  PutRequest,
  TxnOperation,
  TxnRequest,
} from "../../src/formats/etcd/raft/internal-raft-request.ts";
import { readInternalRequest } from "../../src/formats/etcd/raft/read-internal-request.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";

/** One line that says all that an apply of the request would use, as tools/wal-oracle/request.go writes it. */
export function requestLine(data: Uint8Array): string {
  let request: InternalRaftRequest;
  try {
    request = readInternalRequest(data, { file: "log", offset: undefined });
  } catch (error) {
    if (error instanceof RecoveryError && error.code === "FILE_DAMAGED") return "undecodable";
    throw error;
  }
  const { action } = request;
  if (action.kind === "v2") {
    const { id, method, path, value, isDirectory } = action.v2;
    return `v2 ${String(id)} ${textHex(method)} ${textHex(path)} ${textHex(value)} ${String(isDirectory)}`;
  }
  return `${String(request.id)} ${textHex(request.username)} ${String(request.authRevision)} ${actionLine(action)}`;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const textHex = (text: string): string => Buffer.from(text).toString("hex");
const alarmActions = ["get", "activate", "deactivate"] as const;
const alarms = ["none", "nospace", "corrupt"] as const;
const results = ["equal", "greater", "less", "not-equal"] as const;
const targets = ["version", "create-revision", "mod-revision", "value", "lease"] as const;

function actionLine(action: Exclude<RaftAction, { kind: "v2" }>): string {
  switch (action.kind) {
    case "range":
      return rangeLine(action.range);
    case "put":
      return putLine(action.put);
    case "delete-range":
      return deleteLine(action.deleteRange);
    case "txn":
      return txnLine(action.txn);
    case "compaction":
      return `compaction ${String(action.revision)} ${String(action.isPhysical)}`;
    case "lease-grant":
      return `lease-grant ${String(action.leaseId)} ${String(action.ttlSeconds)}`;
    case "lease-revoke":
      return `lease-revoke ${String(action.leaseId)}`;
    case "lease-checkpoint":
      return ["lease-checkpoint", ...action.checkpoints.map((one) => `${String(one.leaseId)}=${String(one.remainingTtlSeconds)}`)].join(
        " ",
      );
    case "alarm":
      return `alarm ${String(alarmActions.indexOf(action.action))} ${String(action.memberId)} ${String(alarms.indexOf(action.alarm))}`;
    case "cluster-version-set":
      return `cluster-version-set ${textHex(action.version)}`;
    case "cluster-member-attributes-set":
      return `member ${String(action.memberId)} ${textHex(action.name)} ${action.clientUrls.join(",")}`;
    case "downgrade-info-set":
      return `downgrade ${String(action.isEnabled)} ${textHex(action.version)}`;
    case "auth":
    case "downgrade-version-test":
    case "unknown":
      return "other";
  }
}

const rangeLine = (one: RangeRequest): string => `range ${hex(one.key)} ${hex(one.rangeEnd)} ${String(one.limit)} ${String(one.revision)}`;
const putLine = (one: PutRequest): string =>
  `put ${hex(one.key)} ${hex(one.value)} ${String(one.lease)} ${String(one.prevKv)} ${String(one.ignoreValue)} ${String(one.ignoreLease)}`;
const deleteLine = (one: DeleteRangeRequest): string => `delete-range ${hex(one.key)} ${hex(one.rangeEnd)} ${String(one.prevKv)}`;

function txnLine(txn: TxnRequest): string {
  return [
    "txn",
    ...txn.compare.map(
      (one) =>
        `(if ${hex(one.key)} ${hex(one.rangeEnd)} ${String(results.indexOf(one.result))} ${String(targets.indexOf(one.target))} ${String(one.number)} ${hex(one.value)})`,
    ),
    ...txn.success.map((one) => `(then ${operationLine(one)})`),
    ...txn.failure.map((one) => `(else ${operationLine(one)})`),
  ].join(" ");
}

function operationLine(operation: TxnOperation): string {
  switch (operation.kind) {
    case "range":
      return rangeLine(operation.range);
    case "put":
      return putLine(operation.put);
    case "delete-range":
      return deleteLine(operation.deleteRange);
    case "txn":
      return txnLine(operation.txn);
    case "none":
      return "none";
  }
}
