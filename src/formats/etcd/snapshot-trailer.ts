/**
 * The trailer of an etcd snapshot stream: the last 32 bytes are the sha256 of
 * everything before them, and what is before them is a bbolt file, whose size
 * is a multiple of 512. `etcdutl snapshot status` does not check it, in no
 * version (failure catalogue M2), so we do. Pure: bytes in, value out.
 * Source: etcd server/etcdserver/api/v3rpc/maintenance.go (Snapshot), etcdutl/snapshot/v3_snapshot.go (verifyHash).
 */
import { LastBytes } from "../last-bytes.ts";

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
  private readonly last: LastBytes;
  private sizeBytes = 0n;

  /** `hash` must be fresh: it is fed the content without the trailer. */
  constructor(hash: RunningSha256) {
    this.hash = hash;
    this.last = new LastBytes(trailerBytes, (content) => hash.update(content));
  }

  update(chunk: Uint8Array): void {
    this.sizeBytes += BigInt(chunk.length);
    this.last.update(chunk);
  }

  /** Once, after the last chunk. */
  finish(): TrailerVerdict {
    return judgeTrailer({ sizeBytes: this.sizeBytes, trailer: this.last.bytes, contentSha256: () => this.hash.digestHex() });
  }
}

/** Of a whole stream: its size with the trailer, its last 32 bytes, and the sha256, as hex, of what stands before them. */
export function judgeTrailer(stream: {
  readonly sizeBytes: bigint;
  readonly trailer: Uint8Array;
  readonly contentSha256: () => string;
}): TrailerVerdict {
  const { sizeBytes, trailer } = stream;
  const bad = (because: string): TrailerVerdict => ({ kind: "bad", sizeBytes, because });
  if (sizeBytes <= BigInt(trailerBytes)) return bad(`it has ${sizeBytes} bytes: the stream ended before any content`);
  const remainder = sizeBytes % BigInt(alignmentBytes);
  if (remainder !== BigInt(trailerBytes))
    return bad(
      `its size modulo ${alignmentBytes} is ${remainder}, not ${trailerBytes}: the stream was cut, or there is no checksum at its end`,
    );
  const stated = [...trailer].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const actual = stream.contentSha256();
  return stated === actual
    ? { kind: "good", sizeBytes, sha256: actual }
    : bad(`the checksum at its end is ${stated}, its content's is ${actual}`);
}
