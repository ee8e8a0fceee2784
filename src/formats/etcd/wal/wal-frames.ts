/**
 * The framing of one WAL segment: records one after the other, each with an
 * eight-byte length (the top byte says how much padding follows), a running
 * CRC-32C over their data, and preallocated zeroes behind the last. It knows
 * nothing of what the records say.
 * Source: etcd server/storage/wal/{decoder,encoder}.go, walpb/record.proto.
 */
import { readBytes, type ByteSource } from "../../byte-source.ts";
import { crc32c } from "../../crc32c.ts";
import { isWholeBesidesItsLength, nextFrame } from "./frame-search.ts";
import { uint32Of, viewOf } from "../../protobuf/checked-fields.ts";
import { MalformedMessage, WireReader } from "../../protobuf/wire-reader.ts";

export const walRecordType = { metadata: 1, entry: 2, state: 3, crc: 4, snapshot: 5 } as const;

/** A frame whose checksum fits. `data` is a view that stays valid; keeping it keeps up to a block of the file. */
export interface WalFrame {
  readonly type: number;
  readonly data: Uint8Array;
  /** Of the frame's length field, from the start of the segment. */
  readonly offset: number;
}

/** Why no further frame could be read, and from which byte on. */
export type WalStop =
  /** The file ends, or continues with zeroes, right behind a whole record. */
  | { readonly kind: "end"; readonly offset: number }
  /** What a kill in the middle of a write leaves: nothing that looks like a record follows. etcd cuts it off when it is in the last segment. */
  | { readonly kind: "torn"; readonly offset: number; readonly because: string }
  /** etcd refuses to start on it. */
  | { readonly kind: "damaged"; readonly offset: number; readonly because: string };

const lengthBytes = 8;
/** A disk writes sectors whole: one that is all zeroes inside a record was never written. */
const sectorBytes = 512;
const blockBytes = 1 << 20;
/** Far above any request that etcd accepts (1.5 MiB unless raised), and what our memory bound allows for one record. */
const maxRecordBytes = 128 << 20;
const nothing = new Uint8Array(0);

export class WalFrames {
  /** Set when `next` gave undefined. */
  stop: WalStop | undefined;
  private readonly source: ByteSource;
  private readonly isLast: boolean;
  private checksum: number | undefined;
  private block: Uint8Array = nothing;
  private blockOffset = 0;
  private offset = 0;

  /** `checksum` is that of the segment before; undefined when nothing was read before this one: then its own first record says it. */
  constructor(source: ByteSource, options: { readonly isLast: boolean; readonly checksum: number | undefined }) {
    this.source = source;
    this.isLast = options.isLast;
    this.checksum = options.checksum;
  }

  /** Over the data of everything read so far, as the next segment begins with it. */
  get runningChecksum(): number | undefined {
    return this.checksum;
  }
  /** Bytes of the segment that are behind us. */
  get doneBytes(): number {
    return this.offset;
  }

  /** The next record, or undefined where the segment's readable part ends: see `stop`. CRC records are checked and given like the others. */
  next(): WalFrame | undefined {
    if (this.stop !== undefined) return undefined;
    const start = this.offset;
    const left = this.source.size - start;
    if (left === 0) return this.halt({ kind: "end", offset: start });
    if (left < lengthBytes) return this.haltTorn(`${left} bytes where the length of a record belongs`);
    const head = this.view(start, lengthBytes);
    const low = uint32At(head, 0);
    const high = uint32At(head, 4);
    if (low === 0 && high === 0) return this.halt({ kind: "end", offset: start });
    const recordBytes = low + (high & 0xffffff) * 0x1_0000_0000;
    const paddingBytes = high >>> 31 === 1 ? (high >>> 24) & 7 : 0;
    const frameBytes = recordBytes + paddingBytes;
    if (frameBytes > left - lengthBytes)
      return this.haltTorn(`a record of ${recordBytes} bytes where ${left - lengthBytes} are left in the file`, recordBytes);
    if (recordBytes > maxRecordBytes) return this.haltDamaged(`a record of ${recordBytes} bytes; at most ${maxRecordBytes} are read`);
    return this.frame(start, this.view(start + lengthBytes, frameBytes), recordBytes);
  }

  private frame(start: number, bytes: Uint8Array, recordBytes: number): WalFrame | undefined {
    let record: { type: number; checksum: number; data: Uint8Array };
    try {
      record = recordOf(new WireReader(bytes, 0, recordBytes));
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      return this.haltContent(bytes, recordBytes, `a record that cannot be decoded: ${error.message}`);
    }
    if (record.type === walRecordType.crc) {
      // etcd takes any checksum as long as it has read nothing before: the chain begins here.
      if (this.checksum !== undefined && this.checksum !== 0 && this.checksum !== record.checksum)
        return this.haltDamaged(`the chain of checksums is broken: ${hex8(record.checksum)} where ${hex8(this.checksum)} belongs`);
      this.checksum = record.checksum;
    } else {
      const checksum = crc32c(record.data, this.checksum ?? 0);
      if (checksum !== record.checksum)
        return this.haltContent(
          bytes,
          recordBytes,
          `a record whose checksum is ${hex8(checksum)}, not ${hex8(record.checksum)} as it says`,
        );
      this.checksum = checksum;
    }
    this.offset = start + lengthBytes + bytes.length;
    return { type: record.type, data: record.data, offset: start };
  }

  /** Inside the source; from the current block, or from a fresh one: blocks that were given away are never written again. */
  private view(offset: number, length: number): Uint8Array {
    const at = offset - this.blockOffset;
    if (at < 0 || at + length > this.block.length) {
      this.block = readBytes(this.source, offset, Math.min(this.source.size - offset, Math.max(length, blockBytes)));
      this.blockOffset = offset;
      return this.block.subarray(0, length);
    }
    return this.block.subarray(at, at + length);
  }

  private halt(stop: WalStop): WalFrame | undefined {
    this.stop = stop;
    return undefined;
  }
  private haltDamaged(because: string): WalFrame | undefined {
    return this.halt({ kind: "damaged", offset: this.offset, because });
  }
  /**
   * Only the last segment can have been cut by a crash: etcd closes a segment
   * before it begins the next. A write that was cut is the last one: where a
   * record follows, or the record is all there, it was changed afterwards.
   */
  private haltTorn(because: string, statedBytes?: number): WalFrame | undefined {
    const { source, offset, checksum } = this;
    if (!this.isLast) return this.haltDamaged(because);
    if (statedBytes !== undefined && isWholeBesidesItsLength(source, offset, { statedBytes, checksum }))
      return this.haltDamaged(`a record that says to have ${statedBytes} bytes, and all of it is there in another length`);
    const follower = nextFrame(source, offset + lengthBytes);
    if (follower === undefined) return this.halt({ kind: "torn", offset, because });
    return this.haltDamaged(`${because}; and at byte ${follower.offset} a record follows, so it was no write that a kill cut short`);
  }
  private haltContent(bytes: Uint8Array, statedBytes: number, because: string): WalFrame | undefined {
    return hasZeroSector(bytes, this.offset + lengthBytes)
      ? this.haltTorn(`${because}; a part of it was never written`, statedBytes)
      : this.haltDamaged(because);
  }
}

function recordOf(reader: WireReader): { type: number; checksum: number; data: Uint8Array } {
  let [type, checksum, data]: [number, number, Uint8Array] = [0, 0, nothing];
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) type = uint32Of(reader);
    else if (field === 2) checksum = uint32Of(reader);
    else if (field === 3) data = viewOf(reader);
    else reader.skip();
  }
  return { type, checksum, data };
}

/** Whether the part of `bytes` in any one sector is all zeroes; `offset` is where they stand in the file. As etcd's isTornEntry. */
function hasZeroSector(bytes: Uint8Array, offset: number): boolean {
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + sectorBytes - ((offset + at) % sectorBytes));
    if (isZero(bytes, at, end)) return true;
    at = end;
  }
  return false;
}

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (bytes[at] !== 0) return false;
  return true;
}

/** The first byte from `offset` on that is not zero; undefined when there is none. */
export function nonZeroAfter(source: ByteSource, offset: number, onBlock?: (doneBytes: number) => void): number | undefined {
  for (let at = offset; at < source.size; at += blockBytes) {
    const block = readBytes(source, at, Math.min(blockBytes, source.size - at));
    const found = firstNonZero(block);
    if (found !== undefined) return at + found;
    onBlock?.(at + block.length);
  }
  return undefined;
}

function firstNonZero(block: Uint8Array): number | undefined {
  const words = new Int32Array(block.buffer, 0, block.length >>> 2);
  let word = 0;
  while (word < words.length && words[word] === 0) word += 1;
  for (let at = word * 4; at < block.length; at += 1) if (block[at] !== 0) return at;
  return undefined;
}

function uint32At(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0, true);
}
function hex8(value: number): string {
  return value.toString(16).padStart(8, "0");
}
