/** What the records of a WAL say. Source: etcd server/storage/wal/wal.go, walpb/record.proto, api/etcdserverpb/etcdserver.proto (Metadata). */
import { damaged } from "../../format-error.ts";
import { messageOf, uint64Of } from "../../protobuf/checked-fields.ts";
import { decodeAt } from "../../protobuf/decode-at.ts";
import { confStateOf, readHardState, readRaftEntry, type ConfState, type HardState, type RaftEntry } from "../raft/raft-messages.ts";
import { walRecordType, type WalFrame } from "./wal-frames.ts";

/** Whose log it is; the same at the head of every segment. */
export interface WalMetadata {
  readonly memberId: bigint;
  readonly clusterId: bigint;
}

/** "The state at this index is in a snapshot": entries at or below it are not needed to start. */
export interface WalSnapshot {
  readonly index: bigint;
  readonly term: bigint;
  /** undefined in what 3.4 wrote. */
  readonly confState: ConfState | undefined;
}

export type WalRecord =
  | { readonly kind: "checksum" }
  | { readonly kind: "metadata"; readonly metadata: WalMetadata; readonly stored: Uint8Array }
  | { readonly kind: "entry"; readonly entry: RaftEntry }
  | { readonly kind: "state"; readonly state: HardState }
  | { readonly kind: "snapshot"; readonly snapshot: WalSnapshot };

/** Throws FILE_DAMAGED for what cannot be decoded and for types that no etcd writes. */
export function readWalRecord(frame: WalFrame, file: string): WalRecord {
  const place = { file, offset: frame.offset };
  switch (frame.type) {
    case walRecordType.crc:
      return { kind: "checksum" };
    case walRecordType.metadata:
      return { kind: "metadata", metadata: readMetadata(frame.data, place), stored: frame.data };
    case walRecordType.entry:
      return { kind: "entry", entry: readRaftEntry(frame.data, place) };
    case walRecordType.state:
      return { kind: "state", state: readHardState(frame.data, place) };
    case walRecordType.snapshot:
      return { kind: "snapshot", snapshot: readWalSnapshot(frame.data, place) };
    default:
      throw damaged(file, frame.offset, `a log record of type ${frame.type}`);
  }
}

function readMetadata(bytes: Uint8Array, place: { readonly file: string; readonly offset: number }): WalMetadata {
  return decodeAt(place, "the log's metadata", bytes, (reader) => {
    let [memberId, clusterId] = [0n, 0n];
    for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
      if (field === 1) memberId = uint64Of(reader);
      else if (field === 2) clusterId = uint64Of(reader);
      else reader.skip();
    }
    return { memberId, clusterId };
  });
}

function readWalSnapshot(bytes: Uint8Array, place: { readonly file: string; readonly offset: number }): WalSnapshot {
  return decodeAt(place, "a snapshot record of the log", bytes, (reader) => {
    let [index, term] = [0n, 0n];
    let confState: ConfState | undefined;
    for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
      if (field === 1) index = uint64Of(reader);
      else if (field === 2) term = uint64Of(reader);
      else if (field === 3) confState = confStateOf(messageOf(reader));
      else reader.skip();
    }
    return { index, term, confState };
  });
}
