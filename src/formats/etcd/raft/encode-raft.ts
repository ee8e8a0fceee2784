/**
 * The raft messages as etcd 3.4 to 3.6 write them (gogo/protobuf, proto2):
 * numbers always, in the order of their field numbers; `data` and `context`
 * only when there is something in them. 3.7 reads the same.
 * Source: go.etcd.io/raft/v3/raftpb/raft.pb.go.
 */
import { WireWriter } from "../../protobuf/wire-writer.ts";
import type { ConfChange, ConfChangeKind, ConfState, HardState, RaftEntry, RaftEntryKind } from "./raft-messages.ts";

const entryTypes: Readonly<Record<RaftEntryKind, number>> = { normal: 0, "conf-change": 1, "conf-change-v2": 2 };
const confChangeTypes: Readonly<Record<ConfChangeKind, number>> = {
  "add-node": 0,
  "remove-node": 1,
  "update-node": 2,
  "add-learner-node": 3,
};

export function encodeRaftEntry(entry: RaftEntry): Uint8Array {
  const writer = new WireWriter().uint32(1, entryTypes[entry.kind]).uint64(2, entry.term).uint64(3, entry.index);
  if (entry.data.length > 0) writer.bytes(4, entry.data);
  return writer.finish();
}

export function encodeHardState(state: HardState): Uint8Array {
  return new WireWriter().uint64(1, state.term).uint64(2, state.vote).uint64(3, state.commit).finish();
}

export function encodeConfState(state: ConfState): Uint8Array {
  const writer = new WireWriter();
  writeConfState(writer, state);
  return writer.finish();
}

export function writeConfState(writer: WireWriter, state: ConfState): void {
  for (const id of state.voters) writer.uint64(1, id);
  for (const id of state.learners) writer.uint64(2, id);
  for (const id of state.votersOutgoing) writer.uint64(3, id);
  for (const id of state.learnersNext) writer.uint64(4, id);
  writer.bool(5, state.autoLeave);
}

export function encodeConfChange(change: ConfChange): Uint8Array {
  const writer = new WireWriter().uint64(1, change.id).uint32(2, confChangeTypes[change.kind]).uint64(3, change.memberId);
  if (change.context.length > 0) writer.bytes(4, change.context);
  return writer.finish();
}
