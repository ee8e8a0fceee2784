import { WireWriter } from "../../protobuf/wire-writer.ts";

export interface KeyValueFields {
  readonly key: Uint8Array;
  readonly createRevision: bigint;
  readonly modRevision: bigint;
  readonly version: bigint;
  readonly value: Uint8Array;
  readonly lease: bigint;
}

/** A record as etcd stores it, byte for byte, because hashes run over it. Source: etcd api/mvccpb/kv.proto (proto3: what is zero or empty is left out). */
export function encodeKeyValue(fields: KeyValueFields): Uint8Array {
  const writer = new WireWriter()
    .bytes(1, fields.key)
    .uint64(2, fields.createRevision)
    .uint64(3, fields.modRevision)
    .uint64(4, fields.version);
  if (fields.value.length > 0) writer.bytes(5, fields.value);
  if (fields.lease !== 0n) writer.uint64(6, BigInt.asUintN(64, fields.lease));
  return writer.finish();
}

/** What stands behind the revision of a deletion: the key alone. */
export function encodeTombstone(key: Uint8Array): Uint8Array {
  return new WireWriter().bytes(1, key).finish();
}
