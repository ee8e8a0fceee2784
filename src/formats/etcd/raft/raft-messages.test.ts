import assert from "node:assert/strict";
import { test } from "node:test";
import { WireWriter } from "../../protobuf/wire-writer.ts";
import { encodeConfChange, encodeConfState, encodeHardState, encodeRaftEntry } from "./encode-raft.ts";
import { readConfChange, readConfChangeV2, readConfState, readHardState, readRaftEntry } from "./raft-messages.ts";

const place = { file: "log", offset: 0 };

test("raft's messages are read as they were written", () => {
  const entry = { kind: "conf-change", term: 7n, index: 2n ** 63n, data: Uint8Array.of(1, 2) } as const;
  assert.deepEqual(readRaftEntry(encodeRaftEntry(entry), place), entry);
  const state = { term: 1n, vote: 2n ** 64n - 1n, commit: 3n };
  assert.deepEqual(readHardState(encodeHardState(state), place), state);
  const confState = { voters: [1n, 2n], learners: [3n], votersOutgoing: [4n], learnersNext: [5n], autoLeave: true };
  assert.deepEqual(readConfState(encodeConfState(confState), place), confState);
  const change = { kind: "add-learner-node", id: 1n, memberId: 2n, context: Uint8Array.of(9) } as const;
  assert.deepEqual(readConfChange(encodeConfChange(change), place), change);
});

test("readConfState reads a packed list too", () => {
  const bytes = new WireWriter().bytes(1, Uint8Array.of(1, 2, 0x80, 1)).finish();
  assert.deepEqual(readConfState(bytes, place).voters, [1n, 2n, 128n]);
});

test("readConfChangeV2 gives its changes", () => {
  const bytes = new WireWriter()
    .uint32(1, 1)
    .message(2, (one) => one.uint32(1, 1).uint64(2, 5n))
    .finish();
  assert.deepEqual(readConfChangeV2(bytes, place), {
    transition: "joint-implicit",
    changes: [{ kind: "remove-node", memberId: 5n }],
    context: new Uint8Array(0),
  });
});

test("raft's messages of unknown kinds or cut off are damage with a place", () => {
  assert.throws(() => readRaftEntry(Uint8Array.of(8, 9), place), { code: "FILE_DAMAGED", message: /entry type 9/ });
  assert.throws(() => readHardState(Uint8Array.of(8), place), { code: "FILE_DAMAGED", subject: "file log, byte 0" });
});
