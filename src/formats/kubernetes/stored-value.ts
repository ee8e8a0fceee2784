/**
 * A value as the API server wrote it to etcd: protobuf behind the magic bytes
 * "k8s\0" and an envelope (runtime.Unknown: who it is, and its bytes), or JSON
 * (custom resources, and clusters with --storage-media-type=application/json),
 * or sealed. Source: k8s.io/apimachinery pkg/runtime/serializer/protobuf,
 * pkg/runtime/generated.proto.
 */
import { RecoveryError } from "../../model/recovery-error.ts";
import { MalformedMessage, WireReader, wireType } from "../protobuf/wire-reader.ts";
import { decodeKubeMessage } from "./decode-message.ts";
import { emptyKubeObject, isKubeObject, textAt, type KubeObject, type MutableKubeObject } from "./kube-json.ts";
import type { KubeTypes } from "./kube-types.ts";
import { MalformedJson, parseKubeJson } from "./parse-kube-json.ts";
import { readSeal, type SealFacts } from "./sealed-value.ts";
import { textOfBytes } from "./text-forms.ts";

export type StoredValue =
  | {
      readonly kind: "object";
      readonly form: "protobuf" | "json";
      readonly apiVersion: string;
      readonly objectKind: string;
      readonly object: KubeObject;
      /** Fields that a newer Kubernetes wrote and that `object` lacks, at most 20 of them named; empty: it is whole. */
      readonly unknownFields: readonly string[];
      readonly unknownFieldCount: number;
    }
  | { readonly kind: "sealed"; readonly facts: SealFacts }
  /** An object whose kind or form this engine cannot decode; `why` says which and why. */
  | { readonly kind: "undecoded"; readonly apiVersion: string; readonly objectKind: string; readonly why: string }
  /** Not an object: a counter such as that of `compact_rev_key`, or anything that others keep in this etcd. */
  | { readonly kind: "plain"; readonly sizeBytes: number };

export interface ReadStoredOptions {
  readonly types: KubeTypes;
  /** For errors: the etcd key. */
  readonly name: string;
}

const magicBytes = 4;

/** Throws FILE_DAMAGED. */
export function readStoredValue(value: Uint8Array, options: ReadStoredOptions): StoredValue {
  const facts = readSeal(value);
  if (facts !== undefined) return { kind: "sealed", facts };
  try {
    if (isProtobufValue(value)) return readProtobuf(value, options.types);
    if (isCbor(value))
      return { kind: "undecoded", apiVersion: "", objectKind: "", why: "it is stored as CBOR, an alpha form of Kubernetes" };
    return startsObject(value) ? readJson(value) : { kind: "plain", sizeBytes: value.length };
  } catch (error) {
    if (error instanceof MalformedMessage || error instanceof MalformedJson)
      throw new RecoveryError("FILE_DAMAGED", { subject: `value of key ${options.name}`, detail: error.message });
    throw error;
  }
}

/** Who an object is, without decoding it: cheap, for counting. undefined for what is sealed, plain or damaged. */
export function readTypeMeta(value: Uint8Array): { readonly apiVersion: string; readonly objectKind: string } | undefined {
  try {
    if (isProtobufValue(value)) {
      const { apiVersion, objectKind } = readEnvelope(value);
      return { apiVersion, objectKind };
    }
    if (!startsObject(value)) return undefined;
    const stored = readJson(value);
    return stored.kind === "object" ? { apiVersion: stored.apiVersion, objectKind: stored.objectKind } : undefined;
  } catch (error) {
    if (error instanceof MalformedMessage || error instanceof MalformedJson) return undefined; // whoever decodes it gets the error
    throw error;
  }
}

/** "k8s\0". */
export function isProtobufValue(value: Uint8Array): boolean {
  return value[0] === 0x6b && value[1] === 0x38 && value[2] === 0x73 && value[3] === 0;
}

const sealedStart = new TextEncoder().encode("k8s:enc:");
/** Both writers put one of these first: Go's encoder of built-in kinds `kind`, that of custom resources `apiVersion`. */
const jsonStart = /^\s*\{\s*"(?:apiVersion|kind)"\s*:/;
/** Room for the head of one that is indented. */
const jsonStartBytes = 64;

/** Does it begin as what an API server stores? Reads its first bytes only, and is no proof that the rest is whole. */
export function startsLikeKubeValue(value: Uint8Array): boolean {
  if (isProtobufValue(value) || isCbor(value) || sealedStart.every((byte, at) => value[at] === byte)) return true;
  return startsObject(value) && jsonStart.test(textOfBytes(value.subarray(0, jsonStartBytes)));
}

/** RFC 8949 section 3.4.6: the tag of self-described CBOR. */
function isCbor(value: Uint8Array): boolean {
  return value[0] === 0xd9 && value[1] === 0xd9 && value[2] === 0xf7;
}

function startsObject(value: Uint8Array): boolean {
  let at = 0;
  while (at < value.length && (value[at] === 0x20 || value[at] === 0x0a || value[at] === 0x09 || value[at] === 0x0d)) at += 1;
  return value[at] === 0x7b;
}

interface Envelope {
  readonly apiVersion: string;
  readonly objectKind: string;
  readonly raw: WireReader;
  readonly contentEncoding: string;
  readonly contentType: string;
}

function readEnvelope(value: Uint8Array): Envelope {
  const reader = new WireReader(value, magicBytes);
  let apiVersion = "";
  let objectKind = "";
  let raw = new WireReader(value, value.length);
  let contentEncoding = "";
  let contentType = "";
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field < 1 || field > 4) {
      reader.skip();
      continue;
    }
    reader.expect(wireType.bytes);
    if (field === 1) ({ apiVersion, objectKind } = readTypeMetaMessage(reader.message()));
    else if (field === 2) raw = reader.message();
    else if (field === 3) contentEncoding = textOfBytes(reader.view());
    else contentType = textOfBytes(reader.view());
  }
  return { apiVersion, objectKind, raw, contentEncoding, contentType };
}

function readTypeMetaMessage(reader: WireReader): { readonly apiVersion: string; readonly objectKind: string } {
  let apiVersion = "";
  let objectKind = "";
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field !== 1 && field !== 2) {
      reader.skip();
      continue;
    }
    reader.expect(wireType.bytes);
    if (field === 1) apiVersion = textOfBytes(reader.view());
    else objectKind = textOfBytes(reader.view());
  }
  return { apiVersion, objectKind };
}

function readProtobuf(value: Uint8Array, types: KubeTypes): StoredValue {
  const { apiVersion, objectKind, raw, contentEncoding, contentType } = readEnvelope(value);
  if (apiVersion === "" || objectKind === "") throw new MalformedMessage("an object without apiVersion or kind", magicBytes);
  const undecoded = (why: string): StoredValue => ({ kind: "undecoded", apiVersion, objectKind, why });
  if (contentEncoding !== "") return undecoded(`its content encoding is ${contentEncoding}`);
  if (contentType !== "" && contentType !== "application/vnd.kubernetes.protobuf") return undecoded(`its content type is ${contentType}`);
  const kind = types.kindOf(apiVersion, objectKind);
  if (kind === undefined)
    return undecoded(
      `${apiVersion} ${objectKind} is stored as protobuf and is not a built-in kind of Kubernetes ${types.versions.join(", ")}`,
    );
  const decoded = decodeKubeMessage(raw, kind.type, types);
  const object: MutableKubeObject = Object.assign(emptyKubeObject(), { apiVersion, kind: objectKind }, decoded.object);
  const { unknownFields, unknownFieldCount } = decoded;
  return { kind: "object", form: "protobuf", apiVersion, objectKind, object, unknownFields, unknownFieldCount };
}

function readJson(value: Uint8Array): StoredValue {
  const object = parseKubeJson(value);
  const apiVersion = textAt(object, "apiVersion") ?? "";
  const objectKind = textAt(object, "kind") ?? "";
  if (!isKubeObject(object) || apiVersion === "" || objectKind === "") return { kind: "plain", sizeBytes: value.length };
  return { kind: "object", form: "json", apiVersion, objectKind, object, unknownFields: [], unknownFieldCount: 0 };
}
