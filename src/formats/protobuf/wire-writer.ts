/**
 * Writes protobuf's wire format into a growing buffer. Fields are written in
 * the order of the calls, and always: leaving out what is zero is the
 * caller's business, because proto2 and proto3 differ in it.
 * Source: protobuf.dev, "Encoding".
 */
const utf8 = new TextEncoder();
const firstCapacityBytes = 64;

export class WireWriter {
  private buffer = new Uint8Array(firstCapacityBytes);
  private length = 0;

  /** What was written so far; a copy. */
  finish(): Uint8Array {
    return this.buffer.slice(0, this.length);
  }

  uint64(field: number, value: bigint): this {
    this.tag(field, 0);
    this.varint(BigInt.asUintN(64, value));
    return this;
  }
  /** Negative values take ten bytes, as protobuf says. */
  int64(field: number, value: bigint): this {
    return this.uint64(field, value);
  }
  /** For uint32 and enum fields: 0 to 2^32 - 1. */
  uint32(field: number, value: number): this {
    this.tag(field, 0);
    this.smallVarint(value);
    return this;
  }
  bool(field: number, value: boolean): this {
    return this.uint32(field, value ? 1 : 0);
  }
  bytes(field: number, value: Uint8Array): this {
    this.tag(field, 2);
    this.smallVarint(value.length);
    this.reserve(value.length);
    this.buffer.set(value, this.length);
    this.length += value.length;
    return this;
  }
  string(field: number, value: string): this {
    return this.bytes(field, utf8.encode(value));
  }
  /** A message inside this one; `write` fills it. */
  message(field: number, write: (inner: WireWriter) => void): this {
    const inner = new WireWriter();
    write(inner);
    return this.bytes(field, inner.buffer.subarray(0, inner.length));
  }

  private tag(field: number, type: number): void {
    this.smallVarint(((field << 3) | type) >>> 0);
  }
  private smallVarint(value: number): void {
    this.reserve(5);
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.buffer[this.length] = (rest & 0x7f) | 0x80;
      this.length += 1;
      rest >>>= 7;
    }
    this.buffer[this.length] = rest;
    this.length += 1;
  }
  private varint(value: bigint): void {
    this.reserve(10);
    let rest = value;
    while (rest >= 0x80n) {
      this.buffer[this.length] = Number(rest & 0x7fn) | 0x80;
      this.length += 1;
      rest >>= 7n;
    }
    this.buffer[this.length] = Number(rest);
    this.length += 1;
  }
  private reserve(more: number): void {
    const wanted = this.length + more;
    if (wanted <= this.buffer.length) return;
    const larger = new Uint8Array(Math.max(wanted, this.buffer.length * 2));
    larger.set(this.buffer.subarray(0, this.length));
    this.buffer = larger;
  }
}
