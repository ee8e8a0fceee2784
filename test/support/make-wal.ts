import { MemoryByteSource } from "../../src/formats/byte-source.ts";
import type { RaftEntry } from "../../src/formats/etcd/raft/raft-messages.ts";
import { walSegmentsOf, type WalSegment } from "../../src/formats/etcd/wal/wal-segment.ts";
import { WalWriter } from "../../src/formats/etcd/wal/wal-writer.ts";

/** Bytes of a log in memory, by segment name; `cutBytes` makes short segments. */
export function makeWal(
  fill: (writer: WalWriter) => void,
  options: { readonly cutBytes?: number; readonly memberId?: bigint; readonly clusterId?: bigint } = {},
): Map<string, Uint8Array> {
  const segments = new Map<string, Uint8Array>();
  const writer = new WalWriter({
    metadata: { memberId: options.memberId ?? 0xa1n, clusterId: options.clusterId ?? 0xc1n },
    segmentSizeBytes: options.cutBytes ?? 1 << 20,
    openSegment: (name) => {
      segments.set(name, new Uint8Array(0));
      return {
        write: (bytes) => {
          segments.set(name, joined(segments.get(name) ?? new Uint8Array(0), bytes));
        },
      };
    },
  });
  fill(writer);
  return segments;
}

export function segmentsOf(files: ReadonlyMap<string, Uint8Array>): readonly WalSegment[] {
  return walSegmentsOf([...files].map(([name, bytes]) => ({ name, source: new MemoryByteSource(bytes, name) })));
}

/** An entry whose data is text. */
export function textEntry(index: number, term = 1, text = `entry ${String(index)}`): RaftEntry {
  return { kind: "normal", term: BigInt(term), index: BigInt(index), data: new TextEncoder().encode(text) };
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
