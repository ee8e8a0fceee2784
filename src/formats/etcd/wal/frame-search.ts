/**
 * Records behind a place where a log cannot be read on: found by their form
 * alone, for the chain of checksums is lost there. etcd begins every frame at
 * a multiple of eight and writes the fields of a record in one order.
 * Source: etcd server/storage/wal/encoder.go (encodeFrameSize), walpb/record.pb.go (Marshal).
 */
import { readBytes, type ByteSource } from "../../byte-source.ts";
import { crc32c } from "../../crc32c.ts";

/** What stands at a place that looks like a record. */
export interface FoundFrame {
  /** Of its length field, from the start of the segment. */
  readonly offset: number;
  readonly type: number;
  /** As it says; not compared with anything. */
  readonly checksum: number;
  readonly dataOffset: number;
  readonly dataBytes: number;
  /** The first byte behind it. */
  readonly end: number;
}

const blockBytes = 1 << 20;
const lengthBytes = 8;
/** A length, and the fields of a record in front of its data. */
const headBytes = lengthBytes + 20;

/** The first whole frame at or behind `from`; undefined when nothing up to the end of the source looks like one. */
export function nextFrame(source: ByteSource, from: number): FoundFrame | undefined {
  const first = Math.ceil(from / 8) * 8;
  for (let start = first; start < source.size; start += blockBytes) {
    const block = readBytes(source, start, Math.min(source.size - start, blockBytes + headBytes));
    for (let at = 0; at < Math.min(block.length, blockBytes); at += 8) {
      // The type and the checksum that every record begins with: anything else is passed over at once.
      if (block[at + lengthBytes] !== 0x08 || block[at + lengthBytes + 2] !== 0x10) continue;
      const found = frameIn(block.subarray(at), start + at, source.size);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/**
 * Whether the record at `offset` is whole and only its length field, which
 * says `statedBytes`, is not: then it was written to its end. `checksum` is
 * the running one in front of it.
 */
export function isWholeBesidesItsLength(
  source: ByteSource,
  offset: number,
  { statedBytes, checksum }: { readonly statedBytes: number; readonly checksum: number | undefined },
): boolean {
  const head = recordHead(readBytes(source, offset, Math.min(source.size - offset, headBytes)).subarray(lengthBytes));
  if (head === undefined || head.headBytes + head.dataBytes === statedBytes) return false;
  const dataOffset = offset + lengthBytes + head.headBytes;
  if (dataOffset + head.dataBytes > source.size) return false;
  return crc32c(readBytes(source, dataOffset, head.dataBytes), checksum ?? 0) === head.checksum;
}

/** Where the last byte stands that is not zero, plus one; `from` when there is none behind it. */
export function endOfContent(source: ByteSource, from: number): number {
  for (let end = source.size; end > from; end -= blockBytes) {
    const start = Math.max(from, end - blockBytes);
    const last = readBytes(source, start, end - start).findLastIndex((byte) => byte !== 0);
    if (last !== -1) return start + last + 1;
  }
  return from;
}

function frameIn(bytes: Uint8Array, offset: number, sourceBytes: number): FoundFrame | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const high = view.getUint32(4, true);
  const recordBytes = view.getUint32(0, true) + (high & 0xff_ffff) * 0x1_0000_0000;
  const padding = (8 - (recordBytes % 8)) % 8;
  if (high >>> 24 !== (padding === 0 ? 0 : 0x80 | padding)) return undefined;
  const end = offset + lengthBytes + recordBytes + padding;
  const head = recordHead(bytes.subarray(lengthBytes));
  if (head?.headBytes === undefined || head.headBytes + head.dataBytes !== recordBytes || end > sourceBytes) return undefined;
  const { type, checksum, dataBytes } = head;
  return { offset, type, checksum, dataOffset: offset + lengthBytes + head.headBytes, dataBytes, end };
}

/** A type from 1 to 5, a checksum and, but for a checksum record, data. */
function recordHead(
  bytes: Uint8Array,
): { readonly type: number; readonly checksum: number; readonly headBytes: number; readonly dataBytes: number } | undefined {
  const type = bytes[1] ?? 0;
  if (bytes[0] !== 0x08 || type < 1 || type > 5 || bytes[2] !== 0x10) return undefined;
  const checksum = varintAt(bytes, 3);
  if (checksum === undefined || checksum.value > 0xffff_ffff) return undefined;
  if (bytes[checksum.end] !== 0x1a) return { type, checksum: checksum.value, headBytes: checksum.end, dataBytes: 0 };
  const length = varintAt(bytes, checksum.end + 1);
  return length && { type, checksum: checksum.value, headBytes: length.end, dataBytes: length.value };
}

/** Up to 35 bits: no length or checksum of a record has more. */
function varintAt(bytes: Uint8Array, start: number): { readonly value: number; readonly end: number } | undefined {
  let [value, factor] = [0, 1];
  for (let at = start; at < start + 5; at += 1) {
    const byte = bytes[at];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return { value, end: at + 1 };
    factor *= 128;
  }
  return undefined;
}
