import assert from "node:assert/strict";
import { test } from "node:test";
import { dayId, proveDay, writeDay } from "../../../test/support/prune-world.ts";
import { setWorld } from "../../../test/support/set-world.ts";
import { packName } from "../../formats/backup-set/set-names.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { listAndRemember, listBackups } from "./list-backups.ts";

test("listBackups: a set that was proven, and whose packs are gone or cut since, is worth nothing, and says why", async () => {
  const world = setWorld();
  const manifest = await writeDay(world.writing, 1);
  await writeDay(world.writing, 2);
  await proveDay(world, 1, "V5");
  await proveDay(world, 2, "V5");
  const context = { backup: world.writing, trust: world.reading.trust, signal: new AbortController().signal };
  const seen = async () =>
    new Map((await listBackups(context, world.clock.nowMs())).map(({ set, restorability }) => [set.id, restorability] as const));
  assert.equal((await seen()).get(dayId(1))?.level, "V5");
  const own = packName(manifest.packs.at(-1)?.sha256 ?? "");
  world.store.damage(own, (content) => content.slice(0, -1));
  const lost = (await seen()).get(dayId(1));
  assert.equal(lost?.standing, "fails");
  assert.deepEqual([lost.score, lost.level, lost.expectedRto], [0, undefined, undefined]);
  assert.match(lost.because[0] ?? "", /packs\/.* is not in the store in the size that was written/);
});

test("listBackups: a proof that the store does not give is said of its set, and the others are shown as they are", async () => {
  const world = setWorld();
  for (const day of [1, 2]) await writeDay(world.writing, day);
  world.clock.advance(2 * 86_400_000);
  await proveDay(world, 1, "V5");
  const lost = await proveDay(world, 2, "V5");
  world.store.beforeCall = (operation, name) => {
    if (operation === "get" && name === lost) throw new RecoveryError("BACKUP_STORE_FAILED", { subject: "store", detail: "EIO" });
  };
  const context = { backup: world.writing, trust: world.reading.trust, signal: new AbortController().signal };
  const [second, first] = await listBackups(context, world.clock.nowMs());
  assert.deepEqual([first?.restorability?.level, second?.restorability?.level], ["V5", undefined]);
  assert.match(second?.restorability?.because.join() ?? "", /cannot be read.*EIO/);
});

test("listAndRemember: a set that is dated in the future is the last of the list, with a remark and the way out", async () => {
  const world = setWorld();
  world.clock.advance(9 * 86_400_000);
  for (const day of [1, 2, 29]) await writeDay(world.writing, day);
  await world.store.put(`sets/${dayId(3)}.json`, new Uint8Array(1));
  const context = { backup: world.writing, trust: world.reading.trust, signal: new AbortController().signal };
  const { sets, remarks } = await listAndRemember(context, "north", world.clock.nowMs());
  assert.deepEqual(
    sets.map(({ set }) => set.id),
    [dayId(2), dayId(1), dayId(29), dayId(3)],
  );
  assert.equal(remarks.length, 1);
  assert.match(remarks[0] ?? "", new RegExp(`set ${dayId(29)} is dated in the future .*requorum backup prune --future ${dayId(29)}`));
});
