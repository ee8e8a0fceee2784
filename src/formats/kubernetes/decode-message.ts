/**
 * A message of the Kubernetes API (protobuf) as the JSON that Kubernetes
 * writes for the same object: k8s.io/apimachinery's JSON serializer over the
 * Go struct that its protobuf serializer reads.
 */
import { MalformedMessage, wireType, type WireReader } from "../protobuf/wire-reader.ts";
import { emptyKubeObject, integerOf, type KubeJson, type KubeObject, type MutableKubeObject } from "./kube-json.ts";
import type { FieldForm, KubeField, KubeMessage, KubeTypes } from "./kube-types.ts";
import { readSpecial, zeroSpecial } from "./special-forms.ts";
import { base64Of, textOfBytes } from "./text-forms.ts";

/** Messages inside messages. Real ones stay below 60 (schemas of CRDs); this many do not fill the stack. */
const messageDepthMax = 150;
/**
 * Messages in one value, those included that are left out and have zeros. A
 * container of two bytes becomes objects of half a kilobyte. What etcd takes as
 * one value (1.5 MiB unless it is told otherwise) has room for 150 000 of the
 * smallest that an API server lets pass: ten bytes, as an environment variable.
 */
const messagesMax = 160_000;
/** Places of unknown fields that are named; the rest are counted. */
const unknownNamedMax = 20;

export interface DecodedMessage {
  readonly object: MutableKubeObject;
  /** Fields that the table does not know, such as those of a newer version: "spec.containers #99". They are not in `object`. */
  readonly unknownFields: readonly string[];
  readonly unknownFieldCount: number;
}

/** Throws MalformedMessage. */
export function decodeKubeMessage(reader: WireReader, type: string, types: KubeTypes): DecodedMessage {
  const decoder = new MessageDecoder(types);
  const object = decoder.message(reader, types.message(type));
  return { object, unknownFields: [...decoder.unknownFields], unknownFieldCount: decoder.unknownFieldCount };
}

class MessageDecoder {
  readonly unknownFields = new Set<string>();
  unknownFieldCount = 0;
  private readonly types: KubeTypes;
  private readonly path: string[] = [];
  private depth = 0;
  private messageCount = 0;

  constructor(types: KubeTypes) {
    this.types = types;
  }

  message(reader: WireReader, message: KubeMessage): MutableKubeObject {
    this.depth += 1;
    if (this.depth > messageDepthMax) throw new MalformedMessage(`messages nested more than ${messageDepthMax} deep`, reader.position);
    this.messageCount += 1;
    if (this.messageCount > messagesMax) throw new MalformedMessage(`more than ${messagesMax} messages in one value`, reader.position);
    const slots: (KubeJson | undefined)[] = [];
    for (let number = reader.nextField(); number !== 0; number = reader.nextField()) {
      const index = message.indexByNumber.get(number);
      const field = index === undefined ? undefined : message.fields[index];
      if (index === undefined || field === undefined) {
        this.unknown(number);
        reader.skip();
        continue;
      }
      this.path.push(field.name);
      slots[index] = this.fieldValue(reader, field.form, slots[index]);
      this.path.pop();
    }
    const object = emptyKubeObject();
    message.fields.forEach((field, index) => {
      this.writeField(object, field, slots[index]);
    });
    this.depth -= 1;
    return object;
  }

  private unknown(number: number): void {
    this.unknownFieldCount += 1;
    if (this.unknownFields.size < unknownNamedMax)
      this.unknownFields.add(`${this.path.filter((name) => name !== "").join(".")} #${String(number)}`.trim());
  }

  /** The value of a field after one more occurrence of it in the message. */
  private fieldValue(reader: WireReader, form: FieldForm, before: KubeJson | undefined): KubeJson {
    switch (form.kind) {
      case "list": {
        const list = (before ?? []) as KubeJson[]; // made by this branch
        list.push(this.single(reader, form.item));
        return list;
      }
      case "map": {
        const map = (before ?? emptyKubeObject()) as MutableKubeObject; // made by this branch
        reader.expect(wireType.bytes);
        this.mapEntry(reader.message(), form.item, map);
        return map;
      }
      case "pointer":
        return this.fieldValue(reader, form.item, before);
      case "message":
      case "special":
        // protobuf merges a message that comes twice; no writer of Kubernetes does that
        if (before !== undefined) throw new MalformedMessage(`${this.path.join(".")} comes twice`, reader.position);
        return this.single(reader, form);
      case "string":
      case "bool":
      case "int32":
      case "int64":
      case "double":
      case "bytes":
        return this.single(reader, form);
    }
  }

  private mapEntry(reader: WireReader, form: FieldForm, map: MutableKubeObject): void {
    let key = "";
    let value: KubeJson | undefined;
    for (let number = reader.nextField(); number !== 0; number = reader.nextField()) {
      if (number === 1) {
        reader.expect(wireType.bytes);
        key = textOfBytes(reader.view());
      } else if (number === 2) value = this.single(reader, form);
      else {
        this.unknown(number);
        reader.skip();
      }
    }
    map[key] = value ?? this.zeroInMap(form);
  }

  /** One occurrence. */
  private single(reader: WireReader, form: FieldForm): KubeJson {
    switch (form.kind) {
      case "string":
        reader.expect(wireType.bytes);
        return textOfBytes(reader.view());
      case "bytes":
        reader.expect(wireType.bytes);
        return base64Of(reader.view());
      case "bool":
        reader.expect(wireType.varint);
        return reader.bool();
      case "int32":
        reader.expect(wireType.varint);
        return reader.int32();
      case "int64":
        reader.expect(wireType.varint);
        return integerOf(reader.int64());
      case "double":
        reader.expect(wireType.fixed64);
        return finite(reader);
      case "pointer":
        return this.single(reader, form.item);
      case "message":
        reader.expect(wireType.bytes);
        return this.message(reader.message(), this.types.message(form.type));
      case "special":
        reader.expect(wireType.bytes);
        return this.special(reader.message(), form);
      case "list":
      case "map":
        throw new Error("the table of Kubernetes types has a list or a map inside another");
    }
  }

  private special(reader: WireReader, form: Extract<FieldForm, { kind: "special" }>): KubeJson {
    switch (form.special) {
      case "OrBool":
      case "OrArray":
      case "OrStrings":
        return this.schemaOr(reader, form.special, this.types.message(form.schema));
      case "Time":
      case "MicroTime":
      case "Duration":
      case "Quantity":
      case "IntOrString":
      case "Raw":
      case "Strings":
        return readSpecial(form.special, reader, (number) => {
          this.unknown(number);
        });
    }
  }

  /** JSONSchemaPropsOrBool {allows 1, schema 2}, …OrArray {schema 1, schemas 2}, …OrStringArray {schema 1, property 2}. */
  private schemaOr(reader: WireReader, special: "OrBool" | "OrArray" | "OrStrings", schemaType: KubeMessage): KubeJson {
    let allows = false;
    let schema: KubeObject | undefined;
    const items: KubeJson[] = [];
    for (let number = reader.nextField(); number !== 0; number = reader.nextField()) {
      if (number !== 1 && number !== 2) {
        this.unknown(number);
        reader.skip();
      } else if (special === "OrBool" && number === 1) {
        reader.expect(wireType.varint);
        allows = reader.bool();
      } else {
        reader.expect(wireType.bytes);
        if (special === "OrStrings" && number === 2) items.push(textOfBytes(reader.view()));
        else if (special === "OrArray" && number === 2) items.push(this.message(reader.message(), schemaType));
        else schema = this.message(reader.message(), schemaType);
      }
    }
    if (special === "OrBool") return schema ?? allows;
    return items.length > 0 ? items : (schema ?? null);
  }

  private writeField(object: MutableKubeObject, field: KubeField, value: KubeJson | undefined): void {
    if (field.name === "") {
      Object.assign(object, value ?? this.zero(field.form));
      return;
    }
    const written = value ?? this.zero(field.form);
    if (field.omitsEmpty && isEmpty(field.form, value)) return;
    if (field.omitsZero && written === null) return;
    object[field.name] = written;
  }

  private zero(form: FieldForm): KubeJson {
    switch (form.kind) {
      case "string":
        return "";
      case "bool":
        return false;
      case "int32":
      case "int64":
      case "double":
        return 0;
      case "bytes":
      case "list":
      case "map":
      case "pointer":
        return null;
      case "special":
        return zeroSpecial(form.special);
      case "message":
        return this.zeroMessage(form.type);
    }
  }

  /** Go makes the value of an entry before it reads it: what is nil elsewhere is empty here. */
  private zeroInMap(form: FieldForm): KubeJson {
    if (form.kind === "bytes") return "";
    return form.kind === "special" && form.special === "Strings" ? [] : this.zero(form);
  }

  private zeroMessage(type: string): KubeObject {
    this.depth += 1;
    if (this.depth > messageDepthMax) throw new Error(`the table of Kubernetes types: ${type} holds itself`);
    this.messageCount += 1;
    const object = emptyKubeObject();
    for (const field of this.types.message(type).fields) this.writeField(object, field, undefined);
    this.depth -= 1;
    return object;
  }
}

/** What `omitempty` of Go's encoding/json leaves out; a struct never is. */
function isEmpty(form: FieldForm, value: KubeJson | undefined): boolean {
  switch (form.kind) {
    case "string":
    case "bytes":
      return value === undefined || value === "";
    case "bool":
      return value !== true;
    case "int32":
    case "int64":
    case "double":
      return value === undefined || value === 0;
    case "list":
    case "map":
    case "pointer":
      return value === undefined;
    case "special":
      return form.special === "Strings" && value === undefined;
    case "message":
      return false;
  }
}

function finite(reader: WireReader): number {
  const at = reader.position;
  const value = reader.double();
  if (!Number.isFinite(value)) throw new MalformedMessage("a number that JSON cannot write", at);
  return value;
}
