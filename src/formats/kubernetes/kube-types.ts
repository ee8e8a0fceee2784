/**
 * What the Go types of Kubernetes say about their stored form, read from the
 * generated table (tools/kube-types prints it, scripts/generate-kube-types.ts
 * merges the versions). Lines of the table:
 *
 *   kind APIVERSION KIND PLURAL TYPE
 *   package NAME              the types that follow are its
 *   TYPE FIELD…               a FIELD is JSON-NAME:NUMBER:FORM[:FLAGS]
 *
 * No JSON name: the fields of that message stand in its parent's JSON. Flags:
 * e omitempty, z omitzero. Forms: s string, b bool, i int32, l int64,
 * d double, y bytes, []F list, {}F map with string keys, *F pointer, @NAME a
 * type with JSON of its own, else a message (PACKAGE.TYPE, or TYPE of the same
 * package).
 */
export type ScalarForm = "string" | "bool" | "int32" | "int64" | "double" | "bytes";

/** Types whose JSON is not that of their fields; special-forms.ts knows them. */
export const specialNames = [
  "Time",
  "MicroTime",
  "Duration",
  "Quantity",
  "IntOrString",
  "Raw",
  "Strings",
  "OrBool",
  "OrArray",
  "OrStrings",
] as const;
export type SpecialName = (typeof specialNames)[number];

export type FieldForm =
  | { readonly kind: ScalarForm }
  | { readonly kind: "list" | "map" | "pointer"; readonly item: FieldForm }
  /** `schema`: the message that an OrBool, OrArray or OrStrings may hold. */
  | { readonly kind: "special"; readonly special: SpecialName; readonly schema: string }
  | { readonly kind: "message"; readonly type: string };

export interface KubeField {
  /** Empty: the fields of the message stand in its parent. */
  readonly name: string;
  readonly number: number;
  readonly form: FieldForm;
  readonly omitsEmpty: boolean;
  readonly omitsZero: boolean;
}

export interface KubeMessage {
  readonly type: string;
  readonly fields: readonly KubeField[];
  /** Field number -> index in `fields`. */
  readonly indexByNumber: ReadonlyMap<number, number>;
}

export interface KubeKind {
  readonly apiVersion: string;
  readonly kind: string;
  /** Lower-case, as in URLs and keys. */
  readonly plural: string;
  readonly type: string;
}

export class KubeTypes {
  /** Versions of Kubernetes that the table was made from. */
  readonly versions: readonly string[];
  readonly kinds: readonly KubeKind[];
  private readonly kindByName = new Map<string, KubeKind>();
  private readonly lineByType = new Map<string, { readonly owner: string; readonly line: string }>();
  private readonly messages = new Map<string, KubeMessage>();

  /** The table's text is split here; a type's fields are parsed when it is first asked for. */
  constructor(text: string, versions: readonly string[]) {
    this.versions = versions;
    const kinds: KubeKind[] = [];
    let owner = "";
    for (const line of text.split("\n")) {
      if (line === "") continue;
      if (line.startsWith("kind ")) {
        const [, apiVersion = "", kind = "", plural = "", type = ""] = line.split(" ");
        kinds.push({ apiVersion, kind, plural, type });
      } else if (line.startsWith("package ")) owner = line.slice("package ".length);
      else {
        const space = line.indexOf(" ");
        const name = space === -1 ? line : line.slice(0, space);
        this.lineByType.set(`${owner}.${name}`, { owner, line });
      }
    }
    this.kinds = kinds;
    for (const kind of kinds) this.kindByName.set(`${kind.apiVersion} ${kind.kind}`, kind);
  }

  /** undefined: not a built-in kind of these versions. */
  kindOf(apiVersion: string, kind: string): KubeKind | undefined {
    return this.kindByName.get(`${apiVersion} ${kind}`);
  }

  /** The type is one that the table names; anything else is a broken table. */
  message(type: string): KubeMessage {
    const known = this.messages.get(type);
    if (known !== undefined) return known;
    const entry = this.lineByType.get(type);
    if (entry === undefined) throw new Error(`the table of Kubernetes types has no ${type}`);
    const fields = entry.line
      .split(" ")
      .slice(1)
      .map((field) => parseField(field, entry.owner));
    const message = { type, fields, indexByNumber: new Map(fields.map((field, index) => [field.number, index])) };
    this.messages.set(type, message);
    return message;
  }
}

function parseField(text: string, owner: string): KubeField {
  const [name = "", number = "", form = "", flags = ""] = text.split(":");
  return { name, number: Number(number), form: parseForm(form, owner), omitsEmpty: flags.includes("e"), omitsZero: flags.includes("z") };
}

const scalars: { readonly [letter: string]: ScalarForm } = { s: "string", b: "bool", i: "int32", l: "int64", d: "double", y: "bytes" };

function parseForm(text: string, owner: string): FieldForm {
  const scalar = scalars[text];
  if (scalar !== undefined) return { kind: scalar };
  if (text.startsWith("[]")) return { kind: "list", item: parseForm(text.slice(2), owner) };
  if (text.startsWith("{}")) return { kind: "map", item: parseForm(text.slice(2), owner) };
  if (text.startsWith("*")) return { kind: "pointer", item: parseForm(text.slice(1), owner) };
  if (!text.startsWith("@")) return { kind: "message", type: qualified(text, owner) };
  const match = /^@([A-Za-z]+)(?:\((.+)\))?$/.exec(text);
  const special = specialNames.find((name) => name === match?.[1]);
  if (special === undefined) throw new Error(`the table of Kubernetes types has an unknown form ${text}`);
  return { kind: "special", special, schema: match?.[2] === undefined ? "" : qualified(match[2], owner) };
}

function qualified(type: string, owner: string): string {
  return type.includes(".") ? type : `${owner}.${type}`;
}
