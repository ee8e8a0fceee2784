/**
 * The trailer of an etcd snapshot stream: the last 32 bytes are the sha256 of
 * everything before them, and what is before them is a bbolt file, whose size
 * is a multiple of 512. `etcdutl snapshot status` does not check it, in no
 * version (failure catalogue M2), so we do. Pure: bytes in, value out.
 * Source: etcd server/etcdserver/api/v3rpc/maintenance.go (Snapshot), etcdutl/snapshot/v3_snapshot.go (verifyHash).
 */
export const trailerBytes = 32;
const alignmentBytes = 512;

/** What computes the hash; the Hashing port's `startSha256()` fits. */
export interface RunningSha256 {
  update(data: Uint8Array): void;
  digestHex(): string;
}

export type TrailerVerdict =
  | {
      readonly kind: "good";
      readonly sizeBytes: bigint;
      /** Of the content, as the trailer says: etcd's own hash. */ readonly sha256: string;
    }
  | { readonly kind: "bad"; readonly sizeBytes: bigint; readonly because: string };

/** Takes the chunks of the stream in order, of any size; holds back 32 bytes of memory, no more. */
export class SnapshotTrailer {
  private readonly hash: RunningSha256;
  private tail = new Uint8Array(0);
  private sizeBytes = 0n;

  /** `hash` must be fresh: it is fed the content without the trailer. */
  constructor(hash: RunningSha256) {
    this.hash = hash;
  }

  update(chunk: Uint8Array): void {
    this.sizeBytes += BigInt(chunk.length);
    if (chunk.length >= trailerBytes) {
      this.hash.update(this.tail);
      this.hash.update(chunk.subarray(0, chunk.length - trailerBytes));
      this.tail = chunk.slice(chunk.length - trailerBytes);
      return;
    }
    const joined = new Uint8Array(this.tail.length + chunk.length);
    joined.set(this.tail);
    joined.set(chunk, this.tail.length);
    const surplus = Math.max(0, joined.length - trailerBytes);
    this.hash.update(joined.subarray(0, surplus));
    this.tail = joined.slice(surplus);
  }

  /** Once, after the last chunk. */
  finish(): TrailerVerdict {
    const { sizeBytes } = this;
    const bad = (because: string): TrailerVerdict => ({ kind: "bad", sizeBytes, because });
    if (sizeBytes <= BigInt(trailerBytes)) return bad(`it has ${sizeBytes} bytes: the stream ended before any content`);
    const remainder = sizeBytes % BigInt(alignmentBytes);
    if (remainder !== BigInt(trailerBytes))
      return bad(
        `its size modulo ${alignmentBytes} is ${remainder}, not ${trailerBytes}: the stream was cut, or there is no checksum at its end`,
      );
    const stated = [...this.tail].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const actual = this.hash.digestHex();
    return stated === actual
      ? { kind: "good", sizeBytes, sha256: actual }
      : bad(`the checksum at its end is ${stated}, its content's is ${actual}`);
  }
}
