import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecoveryError } from "../../test/support/is-recovery-error.ts";
import { dayId, judgeDay, proveDay, pruneRequest, pruningOf, writeDay } from "../../test/support/prune-world.ts";
import { newSigningKey, setWorld, sha256Hex } from "../../test/support/set-world.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { planPrune } from "./prune-store.ts";
import { levelOf, standingOf } from "./judge-proofs.ts";
import { readAllProofs } from "./read-proofs.ts";

test("readAllProofs: in the order in which they came into the store, those of unknown keys apart, no older ones than are wanted", async () => {
  const world = setWorld();
  await writeDay(world.writing, 1);
  const clockOf = (at: string) => ({
    ...world,
    writing: { ...world.writing, clock: Object.assign(Object.create(world.clock) as typeof world.clock, { nowIso: () => at }) },
  });
  await proveDay(clockOf("2031-01-01T00:00:00.000Z"), 1, "V5");
  world.clock.advance(60_000);
  for (let count = 0; count < 9; count += 1) await judgeDay(world, 1, ["holds", "fails"]);
  world.clock.advance(60_000);
  await proveDay(clockOf("2020-01-01T00:00:00.000Z"), 1, "V2");
  await judgeDay(world, 1, ["holds", "holds", "holds", "holds"], newSigningKey());
  const set = { id: dayId(1), manifestSha256: sha256Hex(await world.store.get(`sets/${dayId(1)}.json`)) };
  const all = await readAllProofs(world.reading, set);
  assert.deepEqual(all.known.map(levelOf), ["V2", ...Array.from({ length: 9 }, () => "V0"), "V5"]);
  assert.deepEqual(all.ofUnknownKeys.map(levelOf), ["V3"]);
  const some = await readAllProofs(world.reading, set, undefined, (proof) => levelOf(proof) === "V2");
  assert.ok(some.known.length < 9 && some.known.some((proof) => levelOf(proof) === "V2"));
});

test("readAllProofs: objects that are no evidence hide none, however many were put before it; too many are told and not skipped", async () => {
  const world = setWorld();
  await writeDay(world.writing, 1);
  await proveDay(world, 1, "V5");
  world.clock.advance(60_000);
  const junk = async (count: number) => {
    const modifiedAt = world.clock.nowIso();
    for (let at = 0; at < count; at += 1)
      world.store.objects.set(`proofs/${dayId(1)}/99991231-000000-${String(at).padStart(6, "0")}.json`, {
        content: new Uint8Array(1),
        modifiedAt,
      });
    await world.store.put(`proofs/${dayId(1)}/notes-${String(count)}.txt`, new Uint8Array(1));
  };
  const set = { id: dayId(1), manifestSha256: sha256Hex(await world.store.get(`sets/${dayId(1)}.json`)) };
  await junk(300);
  assert.deepEqual((await readAllProofs(world.reading, set)).known.map(levelOf), ["V5"]);
  assert.ok(!world.store.calls.some((call) => call.startsWith("get ") && call.endsWith(".txt")));
  await junk(10_100);
  await assert.rejects(readAllProofs(world.reading, set), isRecoveryError("BACKUP_STORE_FAILED", /may hide what is/));
});

test("readAllProofs: many later looks that went less far hide neither what failed nor what was proven before", async () => {
  const world = setWorld();
  for (const day of [1, 2]) await writeDay(world.writing, day);
  await proveDay(world, 1, "V5");
  await judgeDay(world, 2, ["holds", "holds", "holds", "holds", "fails"]);
  for (let count = 0; count < 104; count += 1) {
    world.clock.advance(3_600_000);
    for (const day of [1, 2]) await proveDay(world, day, "V1");
  }
  const standing = async (day: number) => {
    const set = { id: dayId(day), manifestSha256: sha256Hex(await world.store.get(`sets/${dayId(day)}.json`)) };
    return standingOf((await readAllProofs(world.reading, set)).known);
  };
  const [first, second] = [await standing(1), await standing(2)];
  assert.deepEqual([first.proven?.level, first.everProven], ["V5", "V5"]);
  assert.equal(second.failing?.level, "V4");
  // Above a hundred, of which one held to the highest level, nothing older is read.
  await proveDay(world, 1, "V5");
  world.store.calls.length = 0;
  await standing(1);
  assert.ok(world.store.calls.filter((call) => call.startsWith("get proofs/")).length <= 104);
});

test("readAllProofs: a proof that the store does not give hides no other; its set stays when the store is pruned, and counts for nothing", async () => {
  const world = setWorld();
  for (const day of [1, 2]) await writeDay(world.writing, day);
  await proveDay(world, 1, "V5");
  const lost = await proveDay(world, 2, "V5");
  world.clock.advance(4 * 86_400_000);
  await proveDay(world, 2, "V2");
  world.store.beforeCall = (operation, name) => {
    if (operation === "get" && name === lost) throw new RecoveryError("BACKUP_STORE_FAILED", { subject: "store", detail: "EIO" });
  };
  const set = { id: dayId(2), manifestSha256: sha256Hex(await world.store.get(`sets/${dayId(2)}.json`)) };
  const { known, unread } = await readAllProofs(world.reading, set);
  assert.deepEqual([known.map(levelOf), unread.map(({ name }) => name)], [["V2"], [lost]]);
  const plan = await planPrune(pruningOf(world), pruneRequest({ last: 1 }));
  assert.deepEqual(
    plan.sets.map(({ id, verdict }) => [id, verdict]),
    [
      [dayId(2), "keep"],
      [dayId(1), "keep"],
    ],
  );
  assert.match(plan.sets[0]?.because.join() ?? "", /a proof of it cannot be read.*EIO.*it stays, and is not counted/);
});
