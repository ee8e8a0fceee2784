import assert from "node:assert/strict";
import { test } from "node:test";
import { RecoveryError } from "../../../model/recovery-error.ts";
import { MemoryByteSource } from "../../byte-source.ts";
import { encodeSnapFile, readSnapFile, snapName, type RaftSnapshot } from "./snap-file.ts";

const snapshot: RaftSnapshot = {
  index: 1000n,
  term: 3n,
  confState: { voters: [1n, 2n], learners: [3n], votersOutgoing: [], learnersNext: [], autoLeave: false },
  data: new TextEncoder().encode("{}"),
};

test("readSnapFile reads what encodeSnapFile made", () => {
  assert.deepEqual(readSnapFile(new MemoryByteSource(encodeSnapFile(snapshot))), snapshot);
  assert.equal(snapName(snapshot), "0000000000000003-00000000000003e8.snap");
});

test("readSnapFile: every cut is damage, and so is every changed bit that changes anything", () => {
  const bytes = encodeSnapFile(snapshot);
  for (let at = 0; at < bytes.length; at += 1) {
    assert.throws(() => readSnapFile(new MemoryByteSource(bytes.slice(0, at))), { code: "FILE_DAMAGED" });
    for (let bit = 0; bit < 8; bit += 1) {
      const changed = bytes.slice();
      changed[at] = (changed[at] ?? 0) ^ (1 << bit);
      assert.ok(isDamaged(changed) || at === 5, `byte ${String(at)}, bit ${String(bit)}`);
    }
  }
});

/** Byte 5 ends the checksum's varint: its high bits are beyond 32 bits and mean nothing, to etcd neither. */
function isDamaged(bytes: Uint8Array): boolean {
  try {
    assert.deepEqual(readSnapFile(new MemoryByteSource(bytes)), snapshot);
    return false;
  } catch (error) {
    assert.ok(error instanceof RecoveryError && error.code === "FILE_DAMAGED", String(error));
    return true;
  }
}
