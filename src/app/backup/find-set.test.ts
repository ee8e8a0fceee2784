import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import { dayId, writeDay } from "../../../test/support/prune-world.ts";
import { setWorld } from "../../../test/support/set-world.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { findSet } from "./find-set.ts";

test("findSet: `latest` is no older set where a newer one cannot be read; by its name the older one is found", async () => {
  const world = setWorld();
  world.clock.advance(4 * 86_400_000);
  for (const day of [1, 2]) await writeDay(world.writing, day);
  const context = { backup: world.writing, trust: world.reading.trust, signal: new AbortController().signal };
  const find = (name: string) => findSet(context, { name, cluster: "north" });
  assert.equal((await find("latest")).id, dayId(2));
  world.store.beforeCall = (operation, name) => {
    if (operation === "get" && name === `sets/${dayId(2)}.json`)
      throw new RecoveryError("BACKUP_STORE_FAILED", { subject: "store", detail: "EIO" });
  };
  const named = isRecoveryError("BACKUP_SET_DAMAGED", new RegExp(`newer than ${dayId(1)}, the newest of cluster north.*EIO`));
  await assert.rejects(find("latest"), named);
  assert.equal((await find(dayId(1))).id, dayId(1));
  // An older one that cannot be read is not meant, nor is a name of a far future that came before.
  await world.store.put("sets/99990101-000000-aaaaaa.json", new Uint8Array(1));
  world.clock.advance(7 * 86_400_000);
  await writeDay(world.writing, 9);
  assert.equal((await find("latest")).id, dayId(9));
  for (const day of [1, 9]) world.store.objects.delete(`sets/${dayId(day)}.json`);
  await assert.rejects(find("latest"), isRecoveryError("BACKUP_SET_DAMAGED", /there is no trusted set of cluster north that can be/));
});
