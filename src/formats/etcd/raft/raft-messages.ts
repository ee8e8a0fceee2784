/**
 * The raft messages that etcd keeps on disk: log entries, hard state, conf
 * state, membership changes. Decoding only; `encode-raft.ts` makes the same.
 * Source: go.etcd.io/raft/v3/raftpb/raft.proto (the same messages from 3.4 to 3.7).
 */
import { boolOf, messageOf, uint32Of, uint64Of, viewOf } from "../../protobuf/checked-fields.ts";
import { decodeAt, type MessagePlace } from "../../protobuf/decode-at.ts";
import { MalformedMessage, wireType, type WireReader } from "../../protobuf/wire-reader.ts";

export type RaftEntryKind = "normal" | "conf-change" | "conf-change-v2";

/** One entry of the log. `data` is a view: of a normal entry an InternalRaftRequest, or nothing (a new leader's first entry). */
export interface RaftEntry {
  readonly kind: RaftEntryKind;
  readonly term: bigint;
  readonly index: bigint;
  readonly data: Uint8Array;
}

/** What a member promised to remember; `commit` regularly lags what was acknowledged (failure catalogue M7). */
export interface HardState {
  readonly term: bigint;
  /** The member voted for in this term; 0n for none. */
  readonly vote: bigint;
  readonly commit: bigint;
}

/** Who belongs to the raft group, by member id. The outgoing voters are there only during a joint change, which etcd does not make. */
export interface ConfState {
  readonly voters: readonly bigint[];
  readonly learners: readonly bigint[];
  readonly votersOutgoing: readonly bigint[];
  readonly learnersNext: readonly bigint[];
  readonly autoLeave: boolean;
}

export type ConfChangeKind = "add-node" | "remove-node" | "update-node" | "add-learner-node";

/** One membership change; `context` is etcd's member as JSON (absent when a member is removed). */
export interface ConfChange {
  readonly kind: ConfChangeKind;
  /** etcd's request id. */
  readonly id: bigint;
  readonly memberId: bigint;
  readonly context: Uint8Array;
}

/** Several changes at once; etcd never writes it, a reader must know it all the same. */
export interface ConfChangeV2 {
  readonly transition: "auto" | "joint-implicit" | "joint-explicit";
  readonly changes: readonly { readonly kind: ConfChangeKind; readonly memberId: bigint }[];
  readonly context: Uint8Array;
}

/** A raft group larger than this is not real: etcd allows a handful of voters and learners. */
const maxMembers = 10_000;
const nothing = new Uint8Array(0);
const entryKinds: readonly RaftEntryKind[] = ["normal", "conf-change", "conf-change-v2"];
const confChangeKinds: readonly ConfChangeKind[] = ["add-node", "remove-node", "update-node", "add-learner-node"];
const transitions = ["auto", "joint-implicit", "joint-explicit"] as const;

/** Throws FILE_DAMAGED, as every reader here. */
export function readRaftEntry(bytes: Uint8Array, place: MessagePlace): RaftEntry {
  return decodeAt(place, "a raft entry", bytes, (reader) => {
    let [kind, term, index, data]: [RaftEntryKind, bigint, bigint, Uint8Array] = ["normal", 0n, 0n, nothing];
    for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
      if (field === 1) kind = oneOf(entryKinds, uint32Of(reader), reader, "entry type");
      else if (field === 2) term = uint64Of(reader);
      else if (field === 3) index = uint64Of(reader);
      else if (field === 4) data = viewOf(reader);
      else reader.skip();
    }
    return { kind, term, index, data };
  });
}

export function readHardState(bytes: Uint8Array, place: MessagePlace): HardState {
  return decodeAt(place, "a raft hard state", bytes, (reader) => {
    let [term, vote, commit] = [0n, 0n, 0n];
    for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
      if (field === 1) term = uint64Of(reader);
      else if (field === 2) vote = uint64Of(reader);
      else if (field === 3) commit = uint64Of(reader);
      else reader.skip();
    }
    return { term, vote, commit };
  });
}

export function readConfState(bytes: Uint8Array, place: MessagePlace): ConfState {
  return decodeAt(place, "a raft conf state", bytes, confStateOf);
}

/** For messages that contain a conf state; throws MalformedMessage. */
export function confStateOf(reader: WireReader): ConfState {
  const lists: Record<1 | 2 | 3 | 4, bigint[]> = { 1: [], 2: [], 3: [], 4: [] };
  let autoLeave = false;
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1 || field === 2 || field === 3 || field === 4) addIds(lists[field], reader);
    else if (field === 5) autoLeave = boolOf(reader);
    else reader.skip();
  }
  return { voters: lists[1], learners: lists[2], votersOutgoing: lists[3], learnersNext: lists[4], autoLeave };
}

export function readConfChange(bytes: Uint8Array, place: MessagePlace): ConfChange {
  return decodeAt(place, "a raft conf change", bytes, (reader) => {
    let [kind, id, memberId, context]: [ConfChangeKind, bigint, bigint, Uint8Array] = ["add-node", 0n, 0n, nothing];
    for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
      if (field === 1) id = uint64Of(reader);
      else if (field === 2) kind = oneOf(confChangeKinds, uint32Of(reader), reader, "conf change type");
      else if (field === 3) memberId = uint64Of(reader);
      else if (field === 4) context = viewOf(reader);
      else reader.skip();
    }
    return { kind, id, memberId, context };
  });
}

export function readConfChangeV2(bytes: Uint8Array, place: MessagePlace): ConfChangeV2 {
  return decodeAt(place, "a raft conf change (v2)", bytes, (reader) => {
    let transition: ConfChangeV2["transition"] = "auto";
    let context: Uint8Array = nothing;
    const changes: { kind: ConfChangeKind; memberId: bigint }[] = [];
    for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
      if (field === 1) transition = oneOf(transitions, uint32Of(reader), reader, "transition");
      else if (field === 2) {
        if (changes.length >= maxMembers) throw new MalformedMessage(`more than ${maxMembers} changes`, reader.position);
        changes.push(confChangeSingleOf(messageOf(reader)));
      } else if (field === 3) context = viewOf(reader);
      else reader.skip();
    }
    return { transition, changes, context };
  });
}

function confChangeSingleOf(reader: WireReader): { kind: ConfChangeKind; memberId: bigint } {
  let [kind, memberId]: [ConfChangeKind, bigint] = ["add-node", 0n];
  for (let field = reader.nextField(); field !== 0; field = reader.nextField()) {
    if (field === 1) kind = oneOf(confChangeKinds, uint32Of(reader), reader, "conf change type");
    else if (field === 2) memberId = uint64Of(reader);
    else reader.skip();
  }
  return { kind, memberId };
}

/** proto2 writes these one by one; a packed list is read too, as every protobuf decoder does. */
function addIds(ids: bigint[], reader: WireReader): void {
  if (reader.wireType !== wireType.bytes) {
    if (ids.length >= maxMembers) throw new MalformedMessage(`more than ${maxMembers} members`, reader.position);
    ids.push(uint64Of(reader));
    return;
  }
  const packed = reader.message();
  while (packed.position < packed.end) {
    if (ids.length >= maxMembers) throw new MalformedMessage(`more than ${maxMembers} members`, packed.position);
    ids.push(packed.uint64());
  }
}

function oneOf<Name>(names: readonly Name[], value: number, reader: WireReader, what: string): Name {
  const name = names[value];
  if (name === undefined) throw new MalformedMessage(`${what} ${value}`, reader.position);
  return name;
}
