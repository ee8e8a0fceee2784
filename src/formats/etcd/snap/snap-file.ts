/**
 * A raft snapshot file, `<term>-<index>.snap`: which state the database was in
 * when the log up to an index was let go, and who was a member then. The keys
 * are not in it, but in `db`.
 * Source: etcd server/etcdserver/api/snap/{snapshotter.go,snappb/snap.proto}, raftpb/raft.proto (Snapshot).
 */
import { readBytes, type ByteSource } from "../../byte-source.ts";
import { crc32c } from "../../crc32c.ts";
import { damaged, unsupported } from "../../format-error.ts";
import { messageOf, uint32Of, uint64Of, viewOf } from "../../protobuf/checked-fields.ts";
import { decodeAt, type MessagePlace } from "../../protobuf/decode-at.ts";
import type { WireReader } from "../../protobuf/wire-reader.ts";
import { WireWriter } from "../../protobuf/wire-writer.ts";
import { writeConfState } from "../raft/encode-raft.ts";
import { confStateOf, type ConfState } from "../raft/raft-messages.ts";
import { hex16 } from "../wal/wal-segment.ts";

export interface RaftSnapshot {
  readonly index: bigint;
  readonly term: bigint;
  readonly confState: ConfState;
  /** The v2 store as JSON: see readV2Store. Empty in a snapshot of a member that never wrote one. */
  readonly data: Uint8Array;
}

/** A few KiB with today's etcd, which keeps only members in it; with v2 keys of old it can be larger. */
const maxSnapFileBytes = 64 << 20;
const nothing = new Uint8Array(0);
const noMembers: ConfState = { voters: [], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };

export function snapName(snapshot: { readonly term: bigint; readonly index: bigint }): string {
  return `${hex16(snapshot.term)}-${hex16(snapshot.index)}.snap`;
}

/** Checks the checksum too. Throws FILE_DAMAGED (etcd would set such a file aside as `.broken`), FILE_UNSUPPORTED above 64 MiB. */
export function readSnapFile(source: ByteSource): RaftSnapshot {
  if (source.size === 0) throw damaged(source.name, 0, "the snapshot file is empty");
  if (source.size > maxSnapFileBytes)
    throw unsupported(source.name, undefined, `a raft snapshot file of ${source.size} bytes; at most ${maxSnapFileBytes} are read`);
  const place: MessagePlace = { file: source.name, offset: 0 };
  const file = decodeAt(place, "the snapshot file", readBytes(source, 0, source.size), checkedOf);
  if (file.data.length === 0) throw damaged(source.name, 0, "the snapshot file has no content");
  const checksum = crc32c(file.data);
  if (checksum !== file.checksum)
    throw damaged(source.name, 0, `its checksum is ${checksum.toString(16)}, not ${file.checksum.toString(16)} as it says`);
  return decodeAt({ file: source.name, offset: undefined }, "the snapshot", file.data, snapshotOf);
}

/** The bytes of a snapshot file that etcd 3.4 to 3.7 reads. */
export function encodeSnapFile(snapshot: RaftSnapshot): Uint8Array {
  const writer = new WireWriter();
  if (snapshot.data.length > 0) writer.bytes(1, snapshot.data);
  writer.message(2, (metadata) => {
    metadata.message(1, (confState) => {
      writeConfState(confState, snapshot.confState);
    });
    metadata.uint64(2, snapshot.index).uint64(3, snapshot.term);
  });
  const data = writer.finish();
  return new WireWriter().uint32(1, crc32c(data)).bytes(2, data).finish();
}

function checkedOf(reader: WireReader): { checksum: number; data: Uint8Array } {
  let [checksum, data]: [number, Uint8Array] = [0, nothing];
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) checksum = uint32Of(reader);
    else if (field === 2) data = viewOf(reader);
    else reader.skip();
  }
  return { checksum, data };
}

function snapshotOf(reader: WireReader): RaftSnapshot {
  let [index, term, confState, data]: [bigint, bigint, ConfState, Uint8Array] = [0n, 0n, noMembers, nothing];
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) data = viewOf(reader);
    else if (field === 2) {
      const metadata = messageOf(reader);
      for (let part = metadata.nextField(); part !== 0; part = metadata.nextField()) {
        if (part === 1) confState = confStateOf(messageOf(metadata));
        else if (part === 2) index = uint64Of(metadata);
        else if (part === 3) term = uint64Of(metadata);
        else metadata.skip();
      }
    } else reader.skip();
  }
  return { index, term, confState, data };
}
