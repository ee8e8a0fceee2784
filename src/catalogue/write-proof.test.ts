import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecoveryError } from "../../test/support/is-recovery-error.ts";
import { dayId, proveDay, writeDay } from "../../test/support/prune-world.ts";
import { setWorld } from "../../test/support/set-world.ts";

test("writeProof: of a set that somebody removes meanwhile no proof is written, and none stays", async () => {
  for (const removedBefore of ["stat", "put"] as const) {
    const world = setWorld();
    await writeDay(world.writing, 1);
    const manifest = `sets/${dayId(1)}.json`;
    world.store.beforeCall = (call) => {
      if (call === removedBefore) world.store.objects.delete(manifest);
      return Promise.resolve();
    };
    await assert.rejects(proveDay(world, 1, "V1"), isRecoveryError("BACKUP_SET_NOT_FOUND", /removed while it was verified/));
    assert.deepEqual(world.store.names("proofs/"), []);
  }
});
