/**
 * A bounded reader of protobuf's wire format over one message in memory.
 * Every read checks the end of the message, so that damaged lengths end in a
 * MalformedMessage and never in a long loop or a large allocation. Numbers
 * beyond 2^53 stay exact: uint64 values come as bigint.
 * Source: protobuf.dev, "Encoding".
 */
export class MalformedMessage extends Error {
  override readonly name = "MalformedMessage";
  /** Within the message that the reader was given. */
  readonly offset: number;

  constructor(what: string, offset: number) {
    super(`${what} at byte ${offset} of the message`);
    this.offset = offset;
  }
}

export const wireType = { varint: 0, fixed64: 1, bytes: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const;
export type WireType = (typeof wireType)[keyof typeof wireType];

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** Groups inside groups; real messages have none. */
const maxGroupDepth = 32;

export class WireReader {
  readonly bytes: Uint8Array;
  readonly end: number;
  position: number;
  /** Of the tag that `nextField` read last. */
  wireType: WireType = wireType.varint;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
  }

  /** The number of the next field, or 0 at the end of the message. */
  nextField(): number {
    return this.fieldIn("");
  }

  private fieldIn(place: "" | " in a group"): number {
    if (this.position >= this.end) return 0;
    const at = this.position;
    const tag = this.unfolded();
    const number = tag >>> 3;
    const type = tag & 7;
    if (number === 0) throw new MalformedMessage(`field number 0${place}`, at);
    if (type === 6 || type === 7) throw new MalformedMessage(`wire type ${type}`, at);
    this.wireType = type as WireType; // checked above
    return number;
  }

  /** A varint that must fit 32 bits; negative int32 values (10 bytes) are folded to their low 32 bits, as protobuf says. */
  uint32(): number {
    const at = this.position;
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.byte(at);
      if (shift < 28) value |= (byte & 0x7f) << shift;
      else if (shift === 28) value |= (byte & 0x0f) << 28;
      if (byte < 0x80) return value >>> 0;
    }
    throw new MalformedMessage("a varint of more than 10 bytes", at);
  }
  int32(): number {
    return this.uint32() | 0;
  }
  bool(): boolean {
    return this.uint64() !== 0n;
  }
  uint64(): bigint {
    const at = this.position;
    let low = 0;
    let high = 0;
    for (let index = 0; index < 10; index += 1) {
      const byte = this.byte(at);
      const part = byte & 0x7f;
      if (index < 4) low |= part << (7 * index);
      else if (index === 4) {
        low |= part << 28;
        high = part >>> 4;
      } else if (index < 9) high |= part << (7 * index - 32);
      else high |= (part & 1) << 31;
      if (byte < 0x80) return high === 0 ? BigInt(low >>> 0) : (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
    }
    throw new MalformedMessage("a varint of more than 10 bytes", at);
  }
  int64(): bigint {
    return BigInt.asIntN(64, this.uint64());
  }
  fixed32(): number {
    const at = this.skipBytes(4);
    return new DataView(this.bytes.buffer, this.bytes.byteOffset + at, 4).getUint32(0, true);
  }
  fixed64(): bigint {
    const at = this.skipBytes(8);
    return new DataView(this.bytes.buffer, this.bytes.byteOffset + at, 8).getBigUint64(0, true);
  }
  double(): number {
    const at = this.skipBytes(8);
    return new DataView(this.bytes.buffer, this.bytes.byteOffset + at, 8).getFloat64(0, true);
  }
  float(): number {
    const at = this.skipBytes(4);
    return new DataView(this.bytes.buffer, this.bytes.byteOffset + at, 4).getFloat32(0, true);
  }
  /** A view into the message, not a copy. */
  view(): Uint8Array {
    const length = this.unfolded();
    const at = this.skipBytes(length);
    return this.bytes.subarray(at, at + length);
  }
  /** Throws on bytes that are not UTF-8. */
  string(): string {
    const at = this.position;
    try {
      return utf8.decode(this.view());
    } catch (error) {
      if (error instanceof MalformedMessage) throw error;
      throw new MalformedMessage("a string that is not UTF-8", at);
    }
  }
  /** A reader of the message that stands here. */
  message(): WireReader {
    const length = this.unfolded();
    const at = this.skipBytes(length);
    return new WireReader(this.bytes, at, at + length);
  }

  /** Steps over the value of the field that `nextField` read last. */
  skip(depth = 0): void {
    switch (this.wireType) {
      case wireType.varint:
        this.uint64();
        return;
      case wireType.fixed64:
        this.skipBytes(8);
        return;
      case wireType.bytes:
        this.skipBytes(this.unfolded());
        return;
      case wireType.fixed32:
        this.skipBytes(4);
        return;
      case wireType.startGroup:
        this.skipGroup(depth);
        return;
      case wireType.endGroup:
        throw new MalformedMessage("the end of a group that did not begin", this.position);
    }
  }

  /** Throws unless the field that was read last has this wire type. */
  expect(type: WireType): void {
    if (this.wireType !== type) throw new MalformedMessage(`wire type ${this.wireType} where ${type} belongs`, this.position);
  }

  private skipGroup(depth: number): void {
    if (depth >= maxGroupDepth) throw new MalformedMessage(`groups nested more than ${maxGroupDepth} deep`, this.position);
    for (;;) {
      const at = this.position;
      if (this.fieldIn(" in a group") === 0) throw new MalformedMessage("a group without an end", at);
      if (this.wireType === wireType.endGroup) return;
      this.skip(depth + 1);
    }
  }
  /** A tag or a length: a varint whose bits beyond 32 are not folded away, as that would make another tag or length of a damaged one. */
  private unfolded(): number {
    const at = this.position;
    const first = this.byte(at);
    if (first < 0x80) return first;
    this.position = at;
    const value = this.uint32();
    const fifth = this.position - at >= 5 ? (this.bytes[at + 4] ?? 0) : 0;
    if ((fifth & 0x70) !== 0 || this.position - at > 5) throw new MalformedMessage("a tag or a length of more than 32 bits", at);
    return value;
  }
  private byte(start: number): number {
    if (this.position >= this.end) throw new MalformedMessage("a varint that is cut off", start);
    const value = this.bytes[this.position] ?? 0;
    this.position += 1;
    return value;
  }
  /** The position before the step. */
  private skipBytes(length: number): number {
    const at = this.position;
    if (length > this.end - at) throw new MalformedMessage(`${length} bytes where ${this.end - at} are left`, at);
    this.position = at + length;
    return at;
  }
}
