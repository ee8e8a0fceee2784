import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecoveryError } from "../../test/support/is-recovery-error.ts";
import { dayId, judgeDay, writeDay } from "../../test/support/prune-world.ts";
import { setWorld } from "../../test/support/set-world.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { clearLeftovers } from "./clear-leftovers.ts";
import { listSets } from "./list-sets.ts";

const unread = (name: string) =>
  new RecoveryError("BACKUP_STORE_FAILED", {
    subject: "store /x",
    detail: `could not get ${name}: the disk gave an input/output error (EIO)`,
  });

test("listSets: a manifest that the store does not give is told as damaged, hides no other set, and keeps packs from being cleared", async () => {
  const world = setWorld();
  for (const day of [1, 2]) await writeDay(world.writing, day);
  world.clock.advance(7_200_000);
  world.store.beforeCall = (operation, name) => {
    if (operation === "get" && name === `sets/${dayId(1)}.json`) throw unread(name);
  };
  const sets = await listSets(world.writing, world.reading.trust);
  assert.deepEqual(
    sets.map(({ kind }) => kind),
    ["damaged", "trusted"],
  );
  assert.match((sets[0]?.kind === "damaged" && sets[0].because) || "", /cannot be read: .*EIO/);
  const cleared = await clearLeftovers({ ...world.writing, isRunning: () => Promise.resolve(undefined) });
  assert.equal(cleared.kind, "left");
  world.store.beforeCall = (operation, name) => {
    if (operation === "get" && name.startsWith("sets/"))
      throw new RecoveryError("BACKUP_STORE_UNREACHABLE", { subject: "store /x", detail: "no answer" });
  };
  await assert.rejects(listSets(world.writing, world.reading.trust), isRecoveryError("BACKUP_STORE_UNREACHABLE"));
});

for (const prefix of ["sets/", "indexes/", "proofs/"])
  test(`a set is made also where nothing below ${prefix} can be read; what cannot be vouched for is stored anew`, async () => {
    const world = setWorld();
    const first = await writeDay(world.writing, 1);
    await judgeDay(world, 1, ["holds", "holds"]);
    world.store.beforeCall = (operation, name) => {
      if (operation === "get" && name.startsWith(prefix) && !name.includes(dayId(2))) throw unread(name);
    };
    const second = await writeDay(world.writing, 2);
    assert.ok(second.packs.every(({ sha256 }) => !first.packs.some((one) => one.sha256 === sha256 && prefix === "proofs/")));
  });
