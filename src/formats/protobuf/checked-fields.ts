/**
 * The value of the field that `nextField` read last, when it has the wire type
 * that the field's type wants; a MalformedMessage otherwise, as etcd's own
 * decoders up to 3.6 (gogo/protobuf) do it.
 */
import { wireType, type WireReader } from "./wire-reader.ts";

export function uint64Of(reader: WireReader): bigint {
  reader.expect(wireType.varint);
  return reader.uint64();
}
export function int64Of(reader: WireReader): bigint {
  reader.expect(wireType.varint);
  return reader.int64();
}
export function uint32Of(reader: WireReader): number {
  reader.expect(wireType.varint);
  return reader.uint32();
}
export function boolOf(reader: WireReader): boolean {
  reader.expect(wireType.varint);
  return reader.bool();
}
/** A view into the message, not a copy. */
export function viewOf(reader: WireReader): Uint8Array {
  reader.expect(wireType.bytes);
  return reader.view();
}
export function stringOf(reader: WireReader): string {
  reader.expect(wireType.bytes);
  return reader.string();
}
export function messageOf(reader: WireReader): WireReader {
  reader.expect(wireType.bytes);
  return reader.message();
}
