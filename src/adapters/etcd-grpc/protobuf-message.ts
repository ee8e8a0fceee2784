/**
 * Protobuf messages as typed field tables: the table is the only definition
 * (nothing is generated), bytes are read and written by @bufbuild/protobuf's
 * wire reader and writer. Fields that the table does not name are skipped,
 * fields that the bytes lack get proto3's default.
 */
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

interface Field<T> {
  readonly number: number;
  readonly wireType: WireType;
  readonly initial: T;
  /** The value after one more occurrence on the wire. */
  read(reader: BinaryReader, soFar: T): T;
  write(writer: BinaryWriter, value: T): void;
}
type Fields = { readonly [name: string]: Field<unknown> };
type ValuesOf<F extends Fields> = { readonly [Name in keyof F]: F[Name] extends Field<infer T> ? T : never };

/** A message to be sent: any field may be left out, at any depth. */
export type Draft<T> = T extends Uint8Array | bigint | string | number | boolean | undefined
  ? T
  : T extends readonly (infer Element)[]
    ? readonly Draft<Element>[]
    : { readonly [Name in keyof T]?: Draft<T[Name]> };

export interface MessageType<M> {
  /**
   * Fields with proto3's default value are left out, as proto3 says. It
   * matters: etcd takes an empty range_end that is on the wire for "to the
   * end of all keys" (observed on 3.6.16).
   */
  encode(message: Draft<M>): Uint8Array;
  /** Throws an Error when the bytes are not protobuf. */
  decode(bytes: Uint8Array): M;
}
export type MessageOf<T> = T extends MessageType<infer M> ? M : never;

export function defineMessage<F extends Fields>(fields: F): MessageType<ValuesOf<F>> {
  const entries = Object.entries(fields);
  const byNumber = new Map(entries.map(([name, field]) => [field.number, { name, field }]));
  const initial = Object.fromEntries(entries.map(([name, field]) => [name, field.initial]));
  return {
    encode(message) {
      const writer = new BinaryWriter();
      const values = message as { readonly [name: string]: unknown };
      for (const [name, field] of entries) if (!isDefault(values[name])) field.write(writer, values[name]);
      return writer.finish();
    },
    decode(bytes) {
      const reader = new BinaryReader(bytes);
      const values: { [name: string]: unknown } = { ...initial };
      while (reader.pos < reader.len) {
        const [number, wireType] = reader.tag();
        const known = byNumber.get(number);
        if (known?.field.wireType === wireType) values[known.name] = known.field.read(reader, values[known.name]);
        else reader.skip(wireType, number);
      }
      return values as ValuesOf<F>; // a parser: each field was read by its own reader
    },
  };
}

function isDefault(value: unknown): boolean {
  return (
    value === undefined ||
    value === 0n ||
    value === 0 ||
    value === false ||
    value === "" ||
    (value instanceof Uint8Array && value.length === 0)
  );
}

export function uint64(number: number): Field<bigint> {
  return {
    number,
    wireType: WireType.Varint,
    initial: 0n,
    read: (reader) => BigInt(reader.uint64()),
    write: (writer, value) => writer.tag(number, WireType.Varint).uint64(value),
  };
}
export function int64(number: number): Field<bigint> {
  return {
    number,
    wireType: WireType.Varint,
    initial: 0n,
    read: (reader) => BigInt(reader.int64()),
    write: (writer, value) => writer.tag(number, WireType.Varint).int64(value),
  };
}
/** Also for enums: open, as in proto3. */
export function uint32(number: number): Field<number> {
  return {
    number,
    wireType: WireType.Varint,
    initial: 0,
    read: (reader) => reader.uint32(),
    write: (writer, value) => writer.tag(number, WireType.Varint).uint32(value),
  };
}
export function bool(number: number): Field<boolean> {
  return {
    number,
    wireType: WireType.Varint,
    initial: false,
    read: (reader) => reader.bool(),
    write: (writer, value) => writer.tag(number, WireType.Varint).bool(value),
  };
}
export function string(number: number): Field<string> {
  return {
    number,
    wireType: WireType.LengthDelimited,
    initial: "",
    read: (reader) => reader.string(),
    write: (writer, value) => writer.tag(number, WireType.LengthDelimited).string(value),
  };
}
/** A view of the bytes that were decoded, not a copy. */
export function bytes(number: number): Field<Uint8Array> {
  return {
    number,
    wireType: WireType.LengthDelimited,
    initial: new Uint8Array(),
    read: (reader) => reader.bytes(),
    write: (writer, value) => writer.tag(number, WireType.LengthDelimited).bytes(value),
  };
}
/** undefined: the bytes had no such field. */
export function message<M>(number: number, type: MessageType<M>): Field<M | undefined> {
  return {
    number,
    wireType: WireType.LengthDelimited,
    initial: undefined,
    read: (reader) => type.decode(reader.bytes()),
    write: (writer, value) => {
      // `encode` takes drafts at every depth, so a nested value may be one too.
      if (value !== undefined) writer.tag(number, WireType.LengthDelimited).bytes(type.encode(value as Draft<M>));
    },
  };
}
/** Unpacked, as strings and messages are. */
export function repeated<T>(field: Field<T>): Field<readonly NonNullable<T>[]> {
  const none: readonly NonNullable<T>[] = [];
  return {
    number: field.number,
    wireType: field.wireType,
    initial: none,
    read: (reader, soFar) => {
      const element = field.read(reader, field.initial);
      if (element === undefined || element === null) return soFar;
      if (soFar === none) return [element];
      (soFar as NonNullable<T>[]).push(element); // made here, so that a page of 1000 entries is not copied 1000 times
      return soFar;
    },
    write: (writer, values) => {
      for (const value of values) field.write(writer, value);
    },
  };
}
