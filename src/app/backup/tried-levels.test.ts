import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import { FakeBackupStore } from "../../../test/support/fake-backup-store.ts";
import { verifyWorld } from "../../../test/support/verify-world.ts";
import { RecoveryError } from "../../model/recovery-error.ts";

test("what the store does not give of one object is not known to hold, and that is written: the next verify takes another set", async () => {
  for (const { operation, level, after } of [
    { operation: "stat", level: "V0", after: 0 },
    { operation: "get", level: "V1", after: 0 },
    { operation: "get", level: "V2", after: 1 },
  ] as const) {
    const store = new FakeBackupStore();
    const world = await verifyWorld({ store });
    let seen = 0;
    store.beforeCall = (called, name) => {
      if (called === operation && name.startsWith("packs/") && (seen += 1) > after)
        throw new RecoveryError("BACKUP_STORE_FAILED", { subject: "store /x", detail: `could not ${called} ${name}: EIO` });
    };
    const verified = await world.verify({});
    const stopped = verified.outcomes.find(({ verdict }) => verdict !== "holds");
    assert.deepEqual([stopped?.level, stopped?.verdict], [level, "unknown"]);
    assert.match(stopped?.because.join() ?? "", /EIO/);
    assert.equal(verified.proof?.proof.outcomes.find((outcome) => outcome.level === level)?.verdict, "unknown");
    rmSync(world.spoolDirectory, { recursive: true });
  }
});
