import assert from "node:assert/strict";
import { test } from "node:test";
import { listSets } from "../../src/catalogue/list-sets.ts";
import { applyPrune, planPrune } from "../../src/catalogue/prune-store.ts";
import { agreed, dayId, proveDay, pruneRequest, pruningOf, writeDay } from "../support/prune-world.ts";
import { identity, readSet, setWorld, type SetWorld } from "../support/set-world.ts";

async function monthOf(days: number): Promise<SetWorld> {
  const world = setWorld();
  for (let day = 1; day <= days; day += 1) await writeDay(world.writing, day);
  world.clock.advance((days + 1) * 86_400_000);
  return world;
}

async function prune(world: SetWorld): Promise<void> {
  const request = pruneRequest({ last: 2 });
  const pruning = pruningOf(world);
  const plan = await planPrune(pruning, request);
  await applyPrune(pruning, { plan, request, consent: agreed(plan) });
}

const idsOf = async (world: SetWorld) => (await listSets(world.reading, world.reading.trust)).map(({ id }) => id);

test("applyPrune: stopped before or after any call, every listed set is whole, the proven one is there, and the next run ends the work", async () => {
  const whole = async (world: SetWorld, day: number) => Object.keys(await readSet(world.reading, dayId(day), identity)).length === 2;
  let stops = 0;
  const world = await monthOf(5);
  await proveDay(world, 2, "V5");
  const begun = [...world.store.objects];
  for (let at = 1; ; at += 1) {
    world.store.objects.clear();
    for (const [name, object] of begun) world.store.objects.set(name, object);
    world.running.add(100);
    let count = 0;
    const stop = () => {
      count += 1;
      if (count >= at) throw new Error("killed");
    };
    if (at % 2 === 0) world.store.beforeCall = stop;
    else world.store.afterCall = stop;
    const isStopped = await prune(world).then(
      () => false,
      () => true,
    );
    world.store.beforeCall = undefined;
    world.store.afterCall = undefined;
    for (const id of await idsOf(world))
      assert.ok(id !== undefined && (await whole(world, Number(id.slice(6, 8)))), `stopped at call ${String(at)}`);
    assert.ok((await idsOf(world)).includes(dayId(2)), "the proven set is there");
    world.running.clear(); // the process that was stopped is gone
    world.clock.advance(1000);
    await prune(world);
    assert.deepEqual(await idsOf(world), [dayId(2), dayId(4), dayId(5)]);
    assert.equal(world.store.names("indexes/").length, 3);
    assert.deepEqual(world.store.names("claims/"), []);
    if (!isStopped) break;
    stops += 1;
  }
  assert.ok(stops > 40, String(stops));
});
