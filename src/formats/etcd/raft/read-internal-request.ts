/**
 * Decodes the data of normal log entries. Malformed bytes end in FILE_DAMAGED;
 * an action of a later etcd is `unknown`, which is no damage.
 * Source: etcd server/etcdserver/server.go (applyEntryNormal: what cannot be
 * read as InternalRaftRequest is a v2 request).
 */
import { damaged } from "../../format-error.ts";
import { boolOf, int64Of, messageOf, stringOf, uint32Of, uint64Of } from "../../protobuf/checked-fields.ts";
import type { MessagePlace } from "../../protobuf/decode-at.ts";
import { MalformedMessage, WireReader, wireType } from "../../protobuf/wire-reader.ts";
import type { InternalRaftRequest, LeaseCheckpoint, RaftAction, V2Request } from "./internal-raft-request.ts";
import { authActionOf } from "./read-auth-action.ts";
import { deleteRangeOf, nameOf, putOf, rangeOf, txnOf } from "./read-txn.ts";

/** More checkpoints than a lessor makes in one go (1000); more is damage. Source: etcd server/lease/lessor.go (maxLeaseCheckpointBatchSize). */
const maxCheckpoints = 100_000;
const maxClientUrls = 1000;
const maxUnknownFields = 100;

/** `data` of an entry of kind `normal` that is not empty. Throws FILE_DAMAGED. */
export function readInternalRequest(data: Uint8Array, place: MessagePlace): InternalRaftRequest {
  try {
    return internalRequestOf(new WireReader(data));
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
    return olderRequest(data, place, error);
  }
}

function olderRequest(data: Uint8Array, place: MessagePlace, first: MalformedMessage): InternalRaftRequest {
  try {
    const v2 = v2RequestOf(new WireReader(data));
    // Methods are words: without one it was damage in a request of today.
    if (!/^[A-Z]{3,8}$/.test(v2.method)) throw new MalformedMessage("no method", 0);
    return { id: v2.id, username: "", authRevision: 0n, action: { kind: "v2", v2 } };
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
    throw damaged(place.file, place.offset, `the request of a log entry cannot be decoded: ${first.message}`);
  }
}

function internalRequestOf(reader: WireReader): InternalRaftRequest {
  let [ownId, headerId, username, authRevision] = [0n, 0n, "", 0n];
  let action: RaftAction | undefined;
  const unknown: number[] = [];
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) ownId = uint64Of(reader);
    else if (field === 100) {
      const header = messageOf(reader);
      for (let part = header.nextField(); part !== 0; part = header.nextField()) {
        if (part === 1) headerId = uint64Of(header);
        else if (part === 2) username = stringOf(header);
        else if (part === 3) authRevision = uint64Of(header);
        else header.skip();
      }
    } else {
      const found = actionOf(field, reader);
      if (found !== undefined) {
        // No etcd writes two. One that read them would apply only one, by its own order, and make one of two of a kind.
        if (action !== undefined) throw new MalformedMessage("more than one action", reader.position);
        action = found;
      } else {
        if (unknown.length < maxUnknownFields) unknown.push(field);
        reader.skip();
      }
    }
  }
  // Apply takes the request's own id first, the header's when there is none.
  return { id: ownId === 0n ? headerId : ownId, username, authRevision, action: action ?? { kind: "unknown", fields: unknown } };
}

/** undefined, with nothing read, for a field of no known action. */
function actionOf(field: number, reader: WireReader): RaftAction | undefined {
  switch (field) {
    case 2:
      return { kind: "v2", v2: v2RequestOf(messageOf(reader)) };
    case 3:
      return { kind: "range", range: rangeOf(messageOf(reader)) };
    case 4:
      return { kind: "put", put: putOf(messageOf(reader)) };
    case 5:
      return { kind: "delete-range", deleteRange: deleteRangeOf(messageOf(reader)) };
    case 6:
      return { kind: "txn", txn: txnOf(messageOf(reader)) };
    case 7:
      return compactionOf(messageOf(reader));
    case 8:
      return leaseGrantOf(messageOf(reader));
    case 9:
      return leaseRevokeOf(messageOf(reader));
    case 10:
      return alarmOf(messageOf(reader));
    case 11:
      return leaseCheckpointOf(messageOf(reader));
    case 1300:
    case 9900:
      return { kind: field === 1300 ? "cluster-version-set" : "downgrade-version-test", version: textField(messageOf(reader), 1) };
    case 1301:
      return memberAttributesOf(messageOf(reader));
    case 1302:
      return downgradeInfoOf(messageOf(reader));
    default: {
      const auth = authActionOf(field, reader);
      return auth === undefined ? undefined : { kind: "auth", auth };
    }
  }
}

function compactionOf(reader: WireReader): RaftAction {
  let [revision, isPhysical] = [0n, false];
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) revision = int64Of(reader);
    else if (field === 2) isPhysical = boolOf(reader);
    else reader.skip();
  }
  return { kind: "compaction", revision, isPhysical };
}

function leaseGrantOf(reader: WireReader): RaftAction {
  let [ttlSeconds, leaseId] = [0n, 0n];
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) ttlSeconds = int64Of(reader);
    else if (field === 2) leaseId = int64Of(reader);
    else reader.skip();
  }
  return { kind: "lease-grant", leaseId, ttlSeconds };
}

function leaseRevokeOf(reader: WireReader): RaftAction {
  let leaseId = 0n;
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) leaseId = int64Of(reader);
    else reader.skip();
  }
  return { kind: "lease-revoke", leaseId };
}

function leaseCheckpointOf(reader: WireReader): RaftAction {
  const checkpoints: LeaseCheckpoint[] = [];
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field !== 1) {
      reader.skip();
      continue;
    }
    if (checkpoints.length >= maxCheckpoints) throw new MalformedMessage(`more than ${maxCheckpoints} lease checkpoints`, reader.position);
    const inner = messageOf(reader);
    let [leaseId, remainingTtlSeconds] = [0n, 0n];
    for (let part = inner.nextField(); part !== 0; part = inner.nextField()) {
      if (part === 1) leaseId = int64Of(inner);
      else if (part === 2) remainingTtlSeconds = int64Of(inner);
      else inner.skip();
    }
    checkpoints.push({ leaseId, remainingTtlSeconds });
  }
  return { kind: "lease-checkpoint", checkpoints };
}

function alarmOf(reader: WireReader): RaftAction {
  let [action, memberId, alarm] = [0, 0n, 0];
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) action = uint32Of(reader);
    else if (field === 2) memberId = uint64Of(reader);
    else if (field === 3) alarm = uint32Of(reader);
    else reader.skip();
  }
  return {
    kind: "alarm",
    action: nameOf(["get", "activate", "deactivate"] as const, action, reader, "alarm action"),
    memberId,
    alarm: nameOf(["none", "nospace", "corrupt"] as const, alarm, reader, "alarm type"),
  };
}

function memberAttributesOf(reader: WireReader): RaftAction {
  let [memberId, name] = [0n, ""];
  const clientUrls: string[] = [];
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) memberId = uint64Of(reader);
    else if (field === 2) {
      const inner = messageOf(reader);
      for (let part = inner.nextField(); part !== 0; part = inner.nextField()) {
        if (part === 1) name = stringOf(inner);
        else if (part === 2) {
          if (clientUrls.length >= maxClientUrls) throw new MalformedMessage(`more than ${maxClientUrls} client URLs`, inner.position);
          clientUrls.push(stringOf(inner));
        } else inner.skip();
      }
    } else reader.skip();
  }
  return { kind: "cluster-member-attributes-set", memberId, name, clientUrls };
}

function downgradeInfoOf(reader: WireReader): RaftAction {
  let [isEnabled, version] = [false, ""];
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) isEnabled = boolOf(reader);
    else if (field === 2) version = stringOf(reader);
    else reader.skip();
  }
  return { kind: "downgrade-info-set", isEnabled, version };
}

function v2RequestOf(reader: WireReader): V2Request {
  let [id, method, path, value, isDirectory] = [0n, "", "", "", false];
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) id = uint64Of(reader);
    else if (field === 2) method = stringOf(reader);
    else if (field === 3) path = stringOf(reader);
    else if (field === 4) value = stringOf(reader);
    else if (field === 5) isDirectory = boolOf(reader);
    else {
      // Fields that are not wanted here and whose types etcd checks all the same.
      if (field === 6) reader.expect(wireType.bytes);
      else if (field <= 17) reader.expect(wireType.varint);
      reader.skip();
    }
  }
  return { id, method, path, value, isDirectory };
}

function textField(reader: WireReader, wanted: number): string {
  let text = "";
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === wanted) text = stringOf(reader);
    else reader.skip();
  }
  return text;
}
