import assert from "node:assert/strict";
import { test } from "node:test";
import { dayId, proveDay, pruneRequest, writeDay } from "../../../test/support/prune-world.ts";
import { setWorld } from "../../../test/support/set-world.ts";
import { NodeHashing } from "../../adapters/system/node-hashing.ts";
import type { CreateBackupContext } from "./backup-context.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
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

test("scheduledStepsOf: sets that were removed are told also where this machine cannot remember that it did so", async () => {
  const world = setWorld();
  for (const day of [1, 2, 3]) await writeDay(world.writing, day);
  world.clock.advance(5 * 86_400_000);
  await proveDay(world, 3, "V4");
  const full = new RecoveryError("LOCAL_DISK_FULL", { subject: "file backup-seen.json", detail: "no space left" });
  const steps = scheduledStepsOf({
    create: {
      backup: { ...world.writing, seen: { read: () => Promise.resolve(undefined), write: () => Promise.reject(full) } },
      ports: { clock: world.clock, hashing: new NodeHashing() },
      trust: world.reading.trust,
      operator: { by: "anna@operator", host: "operator" },
      signal: new AbortController().signal,
      report: () => undefined,
    } as unknown as CreateBackupContext,
    verify: () => Promise.reject(new Error("not asked for")),
    prune: pruneRequest({ last: 1 }),
    close: () => Promise.resolve(),
  });
  const { remove, refusals, remarks = [] } = await steps.prune(true);
  assert.deepEqual(
    remove,
    [2, 1].map((day) => `sets/${dayId(day)}.json`),
  );
  assert.deepEqual(refusals, []);
  assert.deepEqual(
    [...world.store.objects.keys()].filter((name) => name.startsWith("sets/")),
    [`sets/${dayId(3)}.json`],
  );
  assert.match(
    remarks.join("\n"),
    /^file backup-seen.json: the sets were removed, and .* cannot remember .*no space left \(LOCAL_DISK_FULL\)$/,
  );
});
