import assert from "node:assert/strict";
import { test } from "node:test";
import { agreed, dayId, pruneRequest, writeDay } from "../../../test/support/prune-world.ts";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import { setWorld } from "../../../test/support/set-world.ts";
import type { SeenSetsStore } from "../../ports/seen-sets-store.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { NodeHashing } from "../../adapters/system/node-hashing.ts";
import type { CreateBackupContext } from "./backup-context.ts";
import { createBackup } from "./create-backup.ts";
import { glanceAtBackups } from "./glance-at-backups.ts";
import { listAndRemember } from "./list-backups.ts";
import { planBackupsPrune, pruneBackups } from "./prune-backups.ts";
import { assertStoreIsThere, rememberOwnWork } from "./remember-sets.ts";

async function memoryWorld(days: number) {
  const world = setWorld();
  const texts = new Map<string, string>();
  const seen: SeenSetsStore = {
    read: (cluster) => Promise.resolve(texts.get(cluster)),
    write: (cluster, text) => Promise.resolve(void texts.set(cluster, text)),
  };
  const manifests = [];
  for (let day = 1; day <= days; day += 1) manifests.push(await writeDay(world.writing, day));
  const signal = new AbortController().signal;
  const context = { backup: { ...world.writing, seen }, trust: world.reading.trust, signal };
  const list = async (afterDays = 0) =>
    (await listAndRemember(context, "north", Date.parse("2026-03-20T00:00:00.000Z") + afterDays * 86_400_000)).lost?.id;
  const glance = async () => (await glanceAtBackups(context, "north", Date.parse("2026-03-20T00:00:00.000Z"))).lost?.id;
  return { world, texts, context, list, glance, last: manifests.at(-1), seen };
}

test("a store that was put back is told by list and status, for two weeks, until the set is there again", async () => {
  const { world, list, glance } = await memoryWorld(3);
  assert.deepEqual([await list(), await glance()], [undefined, undefined]);
  const name = `sets/${dayId(3)}.json`;
  const object = world.store.objects.get(name);
  assert.ok(object !== undefined);
  world.store.objects.delete(name);
  assert.equal(await glance(), dayId(3), "also before anybody listed");
  assert.equal(await list(), dayId(3));
  assert.equal(await list(13), dayId(3));
  assert.equal(await glance(), dayId(3));
  await writeDay(world.writing, 4);
  assert.equal(await list(13), dayId(3), "a newer set does not bring it back");
  assert.equal(await list(15), undefined);
  world.store.objects.delete(`sets/${dayId(4)}.json`);
  assert.equal(await list(), dayId(4));
  await writeDay(world.writing, 5);
  assert.equal(await list(), dayId(4));
});

test("a store that was emptied, with its identity, or that is another disk at the same place, is told", async () => {
  const { world, list, glance, last, seen } = await memoryWorld(2);
  assert.ok(last !== undefined);
  await rememberOwnWork({ store: world.store, seen }, "north", { made: last });
  world.store.objects.clear();
  assert.deepEqual([await glance(), await list()], [dayId(2), dayId(2)]);
});

test("what was pruned from here, or is damaged, or of another cluster, or a memory that cannot be read, alarms nobody", async () => {
  const { world, texts, context, list } = await memoryWorld(4);
  assert.equal(await list(), undefined);
  const ports = { clock: world.clock, hashing: new NodeHashing() };
  const pruning = {
    ...context,
    ports,
    report: () => undefined,
    operator: { by: "anna", host: "operator" },
    backup: { ...context.backup, isRunning: () => Promise.resolve(undefined) },
  };
  const request = pruneRequest({ last: 1 });
  const plan = await planBackupsPrune(pruning, request);
  await pruneBackups(pruning, { plan, request, askConsent: (one) => Promise.resolve(agreed(one)) });
  assert.equal(await list(), undefined);
  await rememberOwnWork(context.backup, "north", { removed: [dayId(4)] });
  world.store.objects.delete(`sets/${dayId(4)}.json`);
  assert.equal(await list(), undefined);
  await writeDay(world.writing, 5);
  assert.equal(await list(), undefined);
  world.store.damage(`sets/${dayId(5)}.json`, () => new Uint8Array(3));
  assert.equal(await list(), undefined, "it is there, and the list says what is wrong with it");
  texts.set("north", "{");
  assert.equal(await list(), undefined);
  assert.equal((JSON.parse(texts.get("north") ?? "") as { kind: string }).kind, "SeenSets");
});

test("a place that had a store and shows none is not written to, also after somebody looked at it, unless a new one is to begin", async () => {
  const { world, list, last, context } = await memoryWorld(2);
  assert.ok(last !== undefined);
  const remembering = context.backup;
  const assertThere = (isNew = false) => assertStoreIsThere(remembering, "north", { isNewStore: isNew });
  await assertThere();
  await rememberOwnWork(remembering, "north", { made: last });
  await assertThere();
  const objects = [...world.store.objects];
  world.store.objects.clear();
  await assert.rejects(assertThere(), isRecoveryError("BACKUP_STORE_UNREACHABLE", /is the disk mounted/));
  await list();
  await assert.rejects(assertThere(), isRecoveryError("BACKUP_STORE_UNREACHABLE", /is the disk mounted/));
  await assertStoreIsThere(remembering, "south");
  await assertThere(true);
  for (const [name, object] of objects) world.store.objects.set(name, object);
  await assertThere();
});

test("another store at a remembered place is not written to, nor learnt by looking at it; who says so once may change disks", async () => {
  const { world, last, context, list, seen } = await memoryWorld(2);
  assert.ok(last !== undefined);
  await rememberOwnWork(context.backup, "north", { made: last });
  const below = await memoryWorld(1);
  const assertThere = (store = below.world.store, isNewStore = false) => assertStoreIsThere({ store, seen }, "north", { isNewStore });
  await assert.rejects(assertThere(), isRecoveryError("BACKUP_STORE_UNREACHABLE", /another one is now, [0-9a-f]{16}; is the disk mounted/));
  const listBelow = async (afterDays: number) => {
    const there = { ...context, backup: { ...context.backup, store: below.world.store } };
    return (await listAndRemember(there, "north", Date.parse("2026-03-20T00:00:00.000Z") + afterDays * 86_400_000)).lost?.id;
  };
  assert.deepEqual(
    [await listBelow(0), await listBelow(13), await listBelow(15), await listBelow(30)],
    [dayId(2), dayId(2), undefined, undefined],
  );
  await assert.rejects(assertThere(), isRecoveryError("BACKUP_STORE_UNREACHABLE"));
  await assertStoreIsThere({ store: below.world.store, seen }, "north", { isRemoval: true });
  await rememberOwnWork({ store: below.world.store, seen }, "north", { removed: [] });
  await assert.rejects(assertThere(), isRecoveryError("BACKUP_STORE_UNREACHABLE"));
  assert.equal(await list(31), undefined);
  await assertThere(world.store);
  await assertThere(below.world.store, true);
  assert.ok(below.last !== undefined);
  await rememberOwnWork({ store: below.world.store, seen }, "north", { made: below.last });
  for (const store of [below.world.store, world.store, below.world.store]) await assertThere(store);
});

test("a store whose name alone is gone is said as that: another one would begin a new key", async () => {
  const { world, last, context } = await memoryWorld(2);
  assert.ok(last !== undefined);
  await rememberOwnWork(context.backup, "north", { made: last });
  world.store.objects.delete("requorum-store.json");
  await assert.rejects(
    assertStoreIsThere(context.backup, "north"),
    isRecoveryError("BACKUP_STORE_INVALID", /2 of its sets still are, but not requorum-store\.json.*aside\/requorum-store\.json/),
  );
  const pruning = {
    ...context,
    ports: { clock: world.clock, hashing: new NodeHashing() },
    report: () => undefined,
    operator: { by: "anna", host: "operator" },
    backup: { ...context.backup, isRunning: () => Promise.resolve(undefined) },
  };
  await assert.rejects(planBackupsPrune(pruning, pruneRequest({ last: 1 })), isRecoveryError("BACKUP_STORE_INVALID"));
});

test("createBackup: what it says to type next is for the store and the member of this call", async () => {
  const { world, last, context } = await memoryWorld(1);
  assert.ok(last !== undefined);
  await rememberOwnWork(context.backup, "north", { made: last });
  world.store.objects.clear();
  const creating = { ...context, config: { cluster: "north" }, ports: { clock: world.clock }, report: () => undefined };
  const request = { accepted: [], from: undefined, options: ["--store /mnt/usb", "--from cp2"] };
  await assert.rejects(createBackup(creating as unknown as CreateBackupContext, request), (error) => {
    assert.ok(error instanceof RecoveryError && error.code === "BACKUP_STORE_UNREACHABLE", String(error));
    const commands = error.remedies.map(({ command }) => command);
    const expected = ["requorum backup list --store /mnt/usb", "requorum backup create --store /mnt/usb --from cp2 --new-store"];
    assert.deepEqual(commands, expected);
    return true;
  });
});
