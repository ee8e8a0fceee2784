import { damaged } from "../../format-error.ts";
import { MalformedMessage, WireReader } from "../../protobuf/wire-reader.ts";
import type { BoltEntry, BoltReader } from "../../bbolt/bolt-reader.ts";
import { parseExactJson } from "./exact-json.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The value of one key of one of etcd's buckets; undefined when the key, or the bucket, is not there. */
export function valueOf(bolt: BoltReader, bucket: Uint8Array, key: Uint8Array): Uint8Array | undefined {
  return bolt.root.bucket(bucket)?.get(key);
}

/** The entries of one bucket; none when it is not there. */
export function entriesOf(bolt: BoltReader, bucket: Uint8Array): Iterable<BoltEntry> {
  return bolt.root.bucket(bucket)?.entries() ?? [];
}

/** Eight bytes, big-endian, unsigned. Throws FILE_DAMAGED. */
export function uint64Value(bolt: BoltReader, what: string, bytes: Uint8Array): bigint {
  if (bytes.length !== 8) throw damaged(bolt.name, undefined, `${what} has ${bytes.length} bytes where a number has 8`);
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0);
}

/** Throws FILE_DAMAGED for bytes that are not UTF-8. */
export function textValue(bolt: BoltReader, what: string, bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw damaged(bolt.name, undefined, `${what} is not text`);
  }
}

/** An object of JSON, its long integers as text. Throws FILE_DAMAGED. */
export function jsonValue(bolt: BoltReader, what: string, bytes: Uint8Array): { readonly [field: string]: unknown } {
  const text = textValue(bolt, what, bytes);
  let value: unknown;
  try {
    value = parseExactJson(text);
  } catch {
    throw damaged(bolt.name, undefined, `${what} is not JSON`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw damaged(bolt.name, undefined, `${what} is no JSON object`);
  return Object.fromEntries(Object.entries(value));
}

/** Runs a decoder of protobuf; what is malformed becomes FILE_DAMAGED. */
export function messageValue<Value>(bolt: BoltReader, what: string, bytes: Uint8Array, decode: (reader: WireReader) => Value): Value {
  try {
    return decode(new WireReader(bytes));
  } catch (error) {
    if (error instanceof MalformedMessage) throw damaged(bolt.name, undefined, `${what}: ${error.message}`);
    throw error;
  }
}
