import { MalformedMessage, WireReader } from "../../protobuf/wire-reader.ts";
import { damaged, unsupported } from "../../format-error.ts";
import type { MvccRecord } from "../mvcc-records.ts";
import { isTombstoneKey, mainOf, revisionKeyProblem, subOf } from "./revision-key.ts";

const highUnit = 4_294_967_296;

/**
 * One entry of the `key` bucket. Decoded once into plain numbers, because a
 * walk makes millions of them; the bigints of MvccRecord are made when asked
 * for. The byte arrays are views of the page that the entry came from.
 * Source: etcd api/mvccpb/kv.proto (KeyValue).
 */
export class StoredRecord implements MvccRecord {
  /** The key in the bucket: the revision. */
  readonly bucketKey: Uint8Array;
  readonly stored: Uint8Array;
  readonly mainNumber: number;
  readonly isTombstone: boolean;
  /** Where the key stands in `stored`. */
  keyStart = 0;
  keyEnd = 0;
  createNumber = 0;
  modNumber = 0;
  versionNumber = 0;
  private valueStart = 0;
  private valueEnd = 0;
  private leaseLow = 0;
  private leaseHigh = 0;
  /** Of the varint that was read last. */
  private low = 0;
  private high = 0;
  private position = 0;

  /** Throws FILE_DAMAGED for bytes that are no record, FILE_UNSUPPORTED for revisions beyond 2^53. `file` is for messages. */
  constructor(file: string, bucketKey: Uint8Array, stored: Uint8Array) {
    this.bucketKey = bucketKey;
    this.stored = stored;
    const problem = revisionKeyProblem(bucketKey);
    if (problem !== undefined) throw damaged(file, undefined, `bucket key: ${problem}`);
    this.mainNumber = mainOf(bucketKey);
    if (Number.isNaN(this.mainNumber) || Number.isNaN(subOf(bucketKey)))
      throw unsupported(file, undefined, "bucket key: a revision beyond 2^53, which no cluster reaches by itself");
    this.isTombstone = isTombstoneKey(bucketKey);
    try {
      this.decode();
    } catch (error) {
      if (error instanceof MalformedMessage)
        throw damaged(file, undefined, `the record of revision ${this.revisionText()}: ${error.message}`);
      throw error;
    }
  }

  get main(): bigint {
    return BigInt(this.mainNumber);
  }
  get sub(): bigint {
    return BigInt(this.subNumber);
  }
  get subNumber(): number {
    return subOf(this.bucketKey);
  }
  get key(): Uint8Array {
    return this.stored.subarray(this.keyStart, this.keyEnd);
  }
  get value(): Uint8Array {
    return this.stored.subarray(this.valueStart, this.valueEnd);
  }
  get createRevision(): bigint {
    return BigInt(this.createNumber);
  }
  get modRevision(): bigint {
    return BigInt(this.modNumber);
  }
  get version(): bigint {
    return BigInt(this.versionNumber);
  }
  get lease(): bigint {
    return this.leaseHigh === 0 ? BigInt(this.leaseLow) : BigInt.asIntN(64, (BigInt(this.leaseHigh) << 32n) | BigInt(this.leaseLow));
  }
  get hasLease(): boolean {
    return this.leaseLow !== 0 || this.leaseHigh !== 0;
  }

  revisionText(): string {
    return `${this.mainNumber}.${this.subNumber}`;
  }

  /** As the generated Go code does it: the last of a repeated field counts, unknown fields are stepped over. */
  private decode(): void {
    const { stored } = this;
    const end = stored.length;
    while (this.position < end) {
      switch (stored[this.position] as number /* inside the loop */) {
        case 0x0a:
          this.keyEnd = this.delimitedEnd();
          this.keyStart = this.keyEnd - this.low;
          break;
        case 0x10:
          this.createNumber = this.revisionField();
          break;
        case 0x18:
          this.modNumber = this.revisionField();
          break;
        case 0x20:
          this.versionNumber = this.revisionField();
          break;
        case 0x2a:
          this.valueEnd = this.delimitedEnd();
          this.valueStart = this.valueEnd - this.low;
          break;
        case 0x30:
          this.position += 1;
          this.varint();
          this.leaseLow = this.low;
          this.leaseHigh = this.high;
          break;
        default:
          this.unknownField();
      }
    }
  }

  private delimitedEnd(): number {
    const at = this.position;
    this.position += 1;
    this.varint();
    const left = this.stored.length - this.position;
    if (this.high !== 0 || this.low > left)
      throw new MalformedMessage(`${this.high * highUnit + this.low} bytes where ${left} are left`, at);
    this.position += this.low;
    return this.position;
  }

  private revisionField(): number {
    const at = this.position;
    this.position += 1;
    this.varint();
    if (this.high >= 0x20_0000) throw new MalformedMessage("a revision or version beyond 2^53", at);
    return this.high * highUnit + this.low;
  }

  private varint(): void {
    const { stored } = this;
    const start = this.position;
    let low = 0;
    let high = 0;
    for (let index = 0; index < 10; index += 1) {
      const byte = stored[this.position];
      if (byte === undefined) throw new MalformedMessage("a varint that is cut off", start);
      this.position += 1;
      const part = byte & 0x7f;
      if (index < 4) low |= part << (7 * index);
      else if (index === 4) {
        low |= part << 28;
        high = part >>> 4;
      } else high |= part << (7 * index - 32);
      if (byte < 0x80) {
        if (index === 9 && byte > 1) break;
        this.low = low >>> 0;
        this.high = high >>> 0;
        return;
      }
    }
    throw new MalformedMessage("a varint beyond 64 bits", start);
  }

  private unknownField(): void {
    const reader = new WireReader(this.stored, this.position);
    const number = reader.nextField();
    if (number >= 1 && number <= 6) throw new MalformedMessage(`field ${number} with wire type ${reader.wireType}`, this.position);
    reader.skip();
    this.position = reader.position;
  }
}
