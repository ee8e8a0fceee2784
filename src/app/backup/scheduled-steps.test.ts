import assert from "node:assert/strict";
import { test } from "node:test";
import { dayId, proveDay, pruneRequest, writeDay } from "../../../test/support/prune-world.ts";
import { setWorld } from "../../../test/support/set-world.ts";
import { NodeHashing } from "../../adapters/system/node-hashing.ts";
import type { CreateBackupContext } from "./backup-context.ts";
import { scheduledStepsOf } from "./scheduled-steps.ts";

test("scheduledStepsOf: packs that pruning could not remove are a remark, whether a set went or none was to go", async () => {
  const world = setWorld();
  for (const day of [1, 2, 3]) await writeDay(world.writing, day);
  world.clock.advance(5 * 86_400_000);
  await proveDay(world, 3, "V4");
  const create = {
    backup: world.writing,
    ports: { clock: world.clock, hashing: new NodeHashing() },
    trust: world.reading.trust,
    operator: { by: "anna@operator", host: "operator" },
    signal: new AbortController().signal,
    report: () => undefined,
  } as unknown as CreateBackupContext;
  const never = () => Promise.reject(new Error("not asked for"));
  const steps = scheduledStepsOf({ create, verify: never, prune: pruneRequest({ last: 1 }), close: never });
  // What a set of the middle needs is not known, once its manifest cannot be read; it stays listed.
  world.store.damage(`sets/${dayId(2)}.json`, (bytes) => bytes.subarray(5));
  const applied = await steps.prune(true);
  assert.deepEqual(applied.remove, [`sets/${dayId(1)}.json`]);
  assert.match(
    (applied.remarks ?? []).join("\n"),
    new RegExp(`that no set needs could not be removed: what set ${dayId(2)} needs is not known`),
  );
  assert.equal(((await steps.prune(true)).remarks ?? []).length, 1);
  assert.deepEqual((await steps.prune(false)).remarks ?? [], [], "a plan removes nothing, and leaves nothing");
});
