import assert from "node:assert/strict";
import { test } from "node:test";
import { dayId, judgeDay, proveDay, pruningOf, writeDay } from "../../test/support/prune-world.ts";
import { manifestFacts, setWorld } from "../../test/support/set-world.ts";
import { leastRecentlyProven } from "./least-recently-proven.ts";

test("leastRecentlyProven: sets take turns, those that nobody looked at first; what is known to be damaged and the new one are left out", async () => {
  const world = setWorld();
  for (let day = 1; day <= 5; day += 1) await writeDay(world.writing, day);
  const next = async () =>
    (await leastRecentlyProven(pruningOf(world), { cluster: manifestFacts().cluster.name, but: dayId(5) }))?.id.slice(6, 8);
  const turns: (string | undefined)[] = [];
  await judgeDay(world, 2, ["holds", "fails"]);
  for (let turn = 0; turn < 5; turn += 1) {
    const id = await next();
    turns.push(id);
    world.clock.advance(60_000);
    await proveDay(world, Number(id), "V1");
  }
  assert.deepEqual(turns, ["01", "03", "04", "01", "03"]);
  assert.equal(await leastRecentlyProven(pruningOf(world), { cluster: "another", but: dayId(5) }), undefined);
});
