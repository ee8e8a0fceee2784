/**
 * Writes a log that etcd 3.4 to 3.7 opens: the head of every segment, a
 * running checksum, a new segment where etcd would begin one. Nothing is
 * preallocated: etcd appends to what is there. The sink syncs.
 * Source: etcd server/storage/wal/{wal,encoder}.go.
 */
import { crc32c } from "../../crc32c.ts";
import { WireWriter } from "../../protobuf/wire-writer.ts";
import { encodeHardState, encodeRaftEntry, writeConfState } from "../raft/encode-raft.ts";
import type { HardState, RaftEntry } from "../raft/raft-messages.ts";
import { walRecordType } from "./wal-frames.ts";
import type { WalMetadata, WalSnapshot } from "./wal-records.ts";
import { walName } from "./wal-segment.ts";

/** Takes the bytes of one segment, in order; what `write` gets may be kept. */
export interface WalSegmentSink {
  write(bytes: Uint8Array): void;
}

export interface WalWriterOptions {
  readonly metadata: WalMetadata;
  /** Called for each segment with its file name, before its first byte. */
  readonly openSegment: (name: string) => WalSegmentSink;
  /** Where the next segment begins; etcd's 64 000 000 by default. */
  readonly segmentSizeBytes?: number;
}

const defaultSegmentBytes = 64_000_000;
const nothing = new Uint8Array(0);

export class WalWriter {
  private readonly options: WalWriterOptions;
  private readonly metadata: Uint8Array;
  private sink: WalSegmentSink;
  private checksum = 0;
  private usedBytes = 0;
  private sequence = 0n;
  private lastIndex = 0n;
  private hardState: HardState | undefined;

  /** Begins the first segment, with the empty snapshot record that every log begins with. */
  constructor(options: WalWriterOptions) {
    this.options = options;
    this.metadata = new WireWriter().uint64(1, options.metadata.memberId).uint64(2, options.metadata.clusterId).finish();
    this.sink = options.openSegment(walName(0n, 0n));
    this.head();
    this.record(walRecordType.snapshot, encodeWalSnapshot({ index: 0n, term: 0n, confState: undefined }));
  }

  entry(entry: RaftEntry): void {
    this.cutWhenFull();
    this.record(walRecordType.entry, encodeRaftEntry(entry));
    this.lastIndex = entry.index;
  }
  /** What a member promised; the last one counts. */
  state(state: HardState): void {
    this.record(walRecordType.state, encodeHardState(state));
    this.hardState = state;
  }
  /** etcd 3.5 and later want the conf state in it, and `state` to have committed its index. */
  snapshot(snapshot: WalSnapshot): void {
    this.record(walRecordType.snapshot, encodeWalSnapshot(snapshot));
    if (this.lastIndex < snapshot.index) this.lastIndex = snapshot.index;
  }

  private cutWhenFull(): void {
    if (this.usedBytes < (this.options.segmentSizeBytes ?? defaultSegmentBytes)) return;
    this.sequence += 1n;
    this.usedBytes = 0;
    this.sink = this.options.openSegment(walName(this.sequence, this.lastIndex + 1n));
    this.head();
    if (this.hardState !== undefined) this.state(this.hardState);
  }
  private head(): void {
    this.record(walRecordType.crc, nothing);
    this.record(walRecordType.metadata, this.metadata);
  }
  private record(type: number, data: Uint8Array): void {
    this.checksum = crc32c(data, this.checksum);
    const bytes = encodeWalFrame(type, { checksum: this.checksum, data });
    this.usedBytes += bytes.length;
    this.sink.write(bytes);
  }
}

/** One record as it stands in a segment; `checksum` is the running one, this data included. For tests and for the writer. */
export function encodeWalFrame(type: number, record: { readonly checksum: number; readonly data: Uint8Array }): Uint8Array {
  const writer = new WireWriter().uint32(1, type).uint32(2, record.checksum);
  if (type !== walRecordType.crc) writer.bytes(3, record.data);
  const message = writer.finish();
  const paddingBytes = (8 - (message.length % 8)) % 8;
  const frame = new Uint8Array(8 + message.length + paddingBytes);
  const view = new DataView(frame.buffer);
  view.setUint32(0, message.length, true);
  view.setUint32(4, paddingBytes === 0 ? 0 : ((0x80 | paddingBytes) << 24) >>> 0, true);
  frame.set(message, 8);
  return frame;
}

function encodeWalSnapshot(snapshot: WalSnapshot): Uint8Array {
  const writer = new WireWriter().uint64(1, snapshot.index).uint64(2, snapshot.term);
  const { confState } = snapshot;
  if (confState !== undefined)
    writer.message(3, (inner) => {
      writeConfState(inner, confState);
    });
  return writer.finish();
}
