/** The requests on keys, which stand alone in a log entry or inside a transaction. All throw MalformedMessage. Source: etcd api/etcdserverpb/rpc.proto. */
import { boolOf, int64Of, messageOf, uint32Of, viewOf } from "../../protobuf/checked-fields.ts";
import { MalformedMessage, wireType, type WireReader } from "../../protobuf/wire-reader.ts";
import type {
  CompareTarget,
  DeleteRangeRequest,
  PutRequest,
  RangeRequest,
  TxnCompare,
  TxnOperation,
  TxnRequest,
} from "./internal-raft-request.ts";

/** Transactions inside transactions. etcd names no limit; a client that nests this deep was never seen, and the stack must not depend on a file. */
const maxTxnDepth = 64;
/** In one list of one transaction; etcd's own limit is `--max-txn-ops`, 128 unless raised. */
const maxTxnOperations = 1_000_000;
const nothing = new Uint8Array(0);
const results = ["equal", "greater", "less", "not-equal"] as const;
const targets = ["version", "create-revision", "mod-revision", "value", "lease"] as const;

export function rangeOf(reader: WireReader): RangeRequest {
  let [key, rangeEnd, limit, revision]: [Uint8Array, Uint8Array, bigint, bigint] = [nothing, nothing, 0n, 0n];
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) key = viewOf(reader);
    else if (field === 2) rangeEnd = viewOf(reader);
    else if (field === 3) limit = int64Of(reader);
    else if (field === 4) revision = int64Of(reader);
    else {
      if (field <= 13) reader.expect(wireType.varint); // order, target, bounds: not wanted here, and etcd checks their types
      reader.skip();
    }
  }
  return { key, rangeEnd, limit, revision };
}

export function putOf(reader: WireReader): PutRequest {
  let [key, value, lease]: [Uint8Array, Uint8Array, bigint] = [nothing, nothing, 0n];
  let [prevKv, ignoreValue, ignoreLease] = [false, false, false];
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) key = viewOf(reader);
    else if (field === 2) value = viewOf(reader);
    else if (field === 3) lease = int64Of(reader);
    else if (field === 4) prevKv = boolOf(reader);
    else if (field === 5) ignoreValue = boolOf(reader);
    else if (field === 6) ignoreLease = boolOf(reader);
    else reader.skip();
  }
  return { key, value, lease, prevKv, ignoreValue, ignoreLease };
}

export function deleteRangeOf(reader: WireReader): DeleteRangeRequest {
  let [key, rangeEnd, prevKv]: [Uint8Array, Uint8Array, boolean] = [nothing, nothing, false];
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) key = viewOf(reader);
    else if (field === 2) rangeEnd = viewOf(reader);
    else if (field === 3) prevKv = boolOf(reader);
    else reader.skip();
  }
  return { key, rangeEnd, prevKv };
}

export function txnOf(reader: WireReader, depth = 0): TxnRequest {
  if (depth >= maxTxnDepth) throw new MalformedMessage(`transactions nested more than ${maxTxnDepth} deep`, reader.position);
  const compare: TxnCompare[] = [];
  const success: TxnOperation[] = [];
  const failure: TxnOperation[] = [];
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) pushTo(compare, compareOf(messageOf(reader)), reader);
    else if (field === 2) pushTo(success, operationOf(messageOf(reader), depth), reader);
    else if (field === 3) pushTo(failure, operationOf(messageOf(reader), depth), reader);
    else reader.skip();
  }
  return { compare, success, failure };
}

function pushTo<Item>(list: Item[], item: Item, reader: WireReader): void {
  if (list.length >= maxTxnOperations) throw new MalformedMessage(`a transaction of more than ${maxTxnOperations} parts`, reader.position);
  list.push(item);
}

function operationOf(reader: WireReader, depth: number): TxnOperation {
  let operation: TxnOperation = { kind: "none" };
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) operation = { kind: "range", range: rangeOf(messageOf(reader)) };
    else if (field === 2) operation = { kind: "put", put: putOf(messageOf(reader)) };
    else if (field === 3) operation = { kind: "delete-range", deleteRange: deleteRangeOf(messageOf(reader)) };
    else if (field === 4) operation = { kind: "txn", txn: txnOf(messageOf(reader), depth + 1) };
    else reader.skip();
  }
  return operation;
}

function compareOf(reader: WireReader): TxnCompare {
  let [key, rangeEnd, result, target]: [Uint8Array, Uint8Array, number, number] = [nothing, nothing, 0, 0];
  // The oneof: the last of its fields counts.
  let union: { readonly target: CompareTarget; readonly number: bigint; readonly value: Uint8Array } | undefined;
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) result = uint32Of(reader);
    else if (field === 2) target = uint32Of(reader);
    else if (field === 3) key = viewOf(reader);
    else if (field === 4) union = { target: "version", number: int64Of(reader), value: nothing };
    else if (field === 5) union = { target: "create-revision", number: int64Of(reader), value: nothing };
    else if (field === 6) union = { target: "mod-revision", number: int64Of(reader), value: nothing };
    else if (field === 7) union = { target: "value", number: 0n, value: viewOf(reader) };
    else if (field === 8) union = { target: "lease", number: int64Of(reader), value: nothing };
    else if (field === 64) rangeEnd = viewOf(reader);
    else reader.skip();
  }
  const targetName = nameOf(targets, target, reader, "compare target");
  const fits = union?.target === targetName ? union : undefined;
  return {
    key,
    rangeEnd,
    result: nameOf(results, result, reader, "compare result"),
    target: targetName,
    number: fits?.number ?? 0n,
    value: fits?.value ?? nothing,
  };
}

/** The name of an enum's value; throws when there is none. */
export function nameOf<const Names extends readonly string[]>(
  names: Names,
  value: number,
  reader: WireReader,
  what: string,
): Names[number] {
  const name = names[value];
  if (name === undefined) throw new MalformedMessage(`${what} ${value}`, reader.position);
  return name;
}
