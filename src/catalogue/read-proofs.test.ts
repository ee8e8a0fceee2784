import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecoveryError } from "../../test/support/is-recovery-error.ts";
import { dayId, judgeDay, proveDay, writeDay } from "../../test/support/prune-world.ts";
import { newSigningKey, setWorld, sha256Hex } from "../../test/support/set-world.ts";
import { levelOf } from "./judge-proofs.ts";
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
