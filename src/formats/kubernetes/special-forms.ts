/**
 * The types of the Kubernetes API whose JSON is not that of their fields.
 * Sources: k8s.io/apimachinery pkg/apis/meta/v1 (time_proto.go,
 * micro_time_proto.go, duration.go, helpers.go), pkg/api/resource,
 * pkg/util/intstr, pkg/runtime/extension.go; k8s.io/apiextensions-apiserver
 * pkg/apis/apiextensions/v1/marshal.go; field numbers from their generated.proto.
 */
import { MalformedMessage, wireType, type WireReader } from "../protobuf/wire-reader.ts";
import type { KubeJson } from "./kube-json.ts";
import type { SpecialName } from "./kube-types.ts";
import { MalformedJson, parseKubeJson } from "./parse-kube-json.ts";
import { durationText, lastTimeSeconds, textOfBytes, timeText, zeroTimeSeconds } from "./text-forms.ts";

/** Forms that do not hold messages of the table. */
export type SimpleSpecialName = Exclude<SpecialName, "OrBool" | "OrArray" | "OrStrings">;

/** The JSON of a value that is not there. */
export function zeroSpecial(name: SpecialName): KubeJson {
  switch (name) {
    case "Time":
    case "MicroTime":
    case "Raw":
    case "Strings":
    case "OrArray":
    case "OrStrings":
      return null;
    case "Duration":
      return "0s";
    case "Quantity":
      return "0";
    case "IntOrString":
      return 0;
    case "OrBool":
      return false;
  }
}

/** `reader` stands at the start of the type's own message. Throws MalformedMessage. */
export function readSpecial(name: SimpleSpecialName, reader: WireReader, onUnknown: (field: number) => void): KubeJson {
  switch (name) {
    case "Time":
      return readTime(reader, false, onUnknown);
    case "MicroTime":
      return readTime(reader, true, onUnknown);
    case "Duration":
      return readDuration(reader, onUnknown);
    case "Quantity":
      return readQuantity(reader, onUnknown);
    case "IntOrString":
      return readIntOrString(reader, onUnknown);
    case "Raw":
      return readRaw(reader, onUnknown);
    case "Strings":
      return readStrings(reader, onUnknown);
  }
}

function readTime(reader: WireReader, isMicro: boolean, onUnknown: (field: number) => void): KubeJson {
  const start = reader.position;
  if (start >= reader.end) return null;
  let seconds = 0n;
  let nanoseconds = 0;
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) seconds = varint(reader);
    else if (field === 2) nanoseconds = Number(BigInt.asIntN(32, varint(reader)));
    else skipUnknown(reader, field, onUnknown);
  }
  if (seconds < zeroTimeSeconds || seconds > lastTimeSeconds) throw new MalformedMessage("a time outside the years 1 to 9999", start);
  if (nanoseconds < 0 || nanoseconds > 999_999_999) throw new MalformedMessage("a fraction of a second outside one second", start);
  const microseconds = isMicro ? Math.trunc(nanoseconds / 1000) : 0;
  if (seconds === zeroTimeSeconds && microseconds === 0) return null;
  return timeText(seconds, isMicro ? microseconds : undefined);
}

function readDuration(reader: WireReader, onUnknown: (field: number) => void): KubeJson {
  let nanoseconds = 0n;
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) nanoseconds = varint(reader);
    else skipUnknown(reader, field, onUnknown);
  }
  return durationText(nanoseconds);
}

const quantity = /^-?[0-9]+(?:\.[0-9]+)?(?:[numkMGTPE]|[KMGTPE]i|e-?[0-9]+)?$/;

/** The API server writes the canonical form (Quantity.Marshal), so it is shown as it is stored. */
function readQuantity(reader: WireReader, onUnknown: (field: number) => void): KubeJson {
  const start = reader.position;
  let text = "";
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) text = string(reader);
    else skipUnknown(reader, field, onUnknown);
  }
  if (reader.end === start) return "0";
  if (!quantity.test(text)) throw new MalformedMessage("a quantity that is no number with a suffix", start);
  return text;
}

function readIntOrString(reader: WireReader, onUnknown: (field: number) => void): KubeJson {
  const start = reader.position;
  let type = 0n;
  let integer = 0;
  let text = "";
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) type = varint(reader);
    else if (field === 2) integer = Number(BigInt.asIntN(32, varint(reader)));
    else if (field === 3) text = string(reader);
    else skipUnknown(reader, field, onUnknown);
  }
  if (type !== 0n && type !== 1n) throw new MalformedMessage(`an IntOrString of type ${String(type)}`, start);
  return type === 0n ? integer : text;
}

/** RawExtension, FieldsV1 and JSON: bytes that are JSON already. */
function readRaw(reader: WireReader, onUnknown: (field: number) => void): KubeJson {
  const start = reader.position;
  let raw: Uint8Array | undefined;
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) {
      reader.expect(wireType.bytes);
      raw = reader.view();
    } else skipUnknown(reader, field, onUnknown);
  }
  if (raw === undefined || raw.length === 0) return null;
  try {
    return parseKubeJson(raw);
  } catch (error) {
    if (error instanceof MalformedJson) throw new MalformedMessage(`raw JSON: ${error.message}`, start);
    throw error;
  }
}

function readStrings(reader: WireReader, onUnknown: (field: number) => void): KubeJson {
  const items: string[] = [];
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) items.push(string(reader));
    else skipUnknown(reader, field, onUnknown);
  }
  return items;
}

function varint(reader: WireReader): bigint {
  reader.expect(wireType.varint);
  return reader.int64();
}

function string(reader: WireReader): string {
  reader.expect(wireType.bytes);
  return textOfBytes(reader.view());
}

function skipUnknown(reader: WireReader, field: number, onUnknown: (field: number) => void): void {
  onUnknown(field);
  reader.skip();
}
