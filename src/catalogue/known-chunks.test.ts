import assert from "node:assert/strict";
import { test } from "node:test";
import { dayId, judgeDay, writeDay } from "../../test/support/prune-world.ts";
import { newSigningKey, seededBytes, setWorld, writeSet } from "../../test/support/set-world.ts";
import { asBackupSetId } from "../model/ids.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { proveStored } from "./verify/stored-level.ts";
import { proveSigned } from "./verify/signed-level.ts";

test("a pack that a proof calls damaged is not shared, also where another set names it that nobody verified", async () => {
  const world = setWorld();
  const first = await writeDay(world.writing, 1);
  const second = await writeDay(world.writing, 2);
  const base = first.packs[0]?.sha256;
  assert.ok(second.packs.some(({ sha256 }) => sha256 === base));
  world.clock.advance(60_000);
  await judgeDay(world, 1, ["holds", "fails"]);
  world.clock.advance(60_000);
  await judgeDay(world, 1, ["holds"]); // a look at names and sizes takes nothing back
  const third = await writeDay(world.writing, 3);
  assert.ok(third.packs.every(({ sha256 }) => sha256 !== base));
  const sharedPack = third.packs[0]?.sha256;
  const fourth = await writeDay(world.writing, 4);
  assert.ok(
    fourth.packs.some(({ sha256 }) => sha256 === sharedPack),
    "what was stored anew is shared again",
  );
});

test("a pack is shared again when it was found whole since, and not when the set that was found damaged is an old one", async () => {
  const world = setWorld();
  const first = await writeDay(world.writing, 1);
  const shares = async (day: number) =>
    (await writeDay(world.writing, day)).packs.some(({ sha256 }) => first.packs.some((one) => one.sha256 === sha256));
  await judgeDay(world, 1, ["holds", "holds", "fails"]);
  world.clock.advance(60_000);
  await judgeDay(world, 1, ["holds", "holds", "holds"]);
  assert.ok(await shares(2));
  // More than are looked at for what can be shared.
  for (let index = 10; index < 45; index += 1)
    await writeSet(world.writing, { "/shared": seededBytes(1000, 100_000) }, { id: asBackupSetId(`20260303-0300${String(index)}-aaaaaa`) });
  world.clock.advance(60_000);
  await judgeDay(world, 1, ["fails"]);
  assert.equal(await shares(4), false);
});

test("a pack of a set that could not be read when it was last looked at is not shared, until it was read again", async () => {
  const world = setWorld();
  const first = await writeDay(world.writing, 1);
  const shares = async (day: number) =>
    (await writeDay(world.writing, day)).packs.some(({ sha256 }) => first.packs.some((one) => one.sha256 === sha256));
  await judgeDay(world, 1, ["holds", "holds", "holds"]);
  world.clock.advance(60_000);
  await judgeDay(world, 1, ["holds", "unknown"]);
  assert.equal(await shares(2), false);
  world.clock.advance(60_000);
  await judgeDay(world, 1, ["unknown"]);
  world.clock.advance(60_000);
  await judgeDay(world, 1, ["holds", "holds"]);
  world.store.objects.delete(`sets/${dayId(2)}.json`);
  assert.ok(await shares(3));
});

test("a verifier that does not know the signer read nothing, and doubts no pack", async () => {
  const world = setWorld();
  const first = await writeDay(world.writing, 1);
  const { signal } = new AbortController();
  const { set } = await proveStored(world.reading, dayId(1), signal);
  assert.ok(set);
  const trust = { publicKeys: [newSigningKey().publicKey] };
  const { verdict } = await proveSigned({ ...world.reading, trust, report: () => undefined }, set, signal);
  await judgeDay(world, 1, ["holds", verdict]);
  const second = await writeDay(world.writing, 2);
  assert.ok(second.packs.some(({ sha256 }) => first.packs.some((one) => one.sha256 === sha256)));
});

test("a proof that cannot be read doubts the packs of its set, until the set is found whole after it", async () => {
  const world = setWorld();
  const first = await writeDay(world.writing, 1);
  const shares = async (day: number) =>
    (await writeDay(world.writing, day)).packs.some(({ sha256 }) => first.packs.some((one) => one.sha256 === sha256));
  const lost = await judgeDay(world, 1, ["holds", "holds", "holds"]);
  world.store.beforeCall = (operation, name) => {
    if (operation === "get" && name === lost) throw new RecoveryError("BACKUP_STORE_FAILED", { subject: "store", detail: "EIO" });
  };
  assert.equal(await shares(2), false);
  world.clock.advance(60_000);
  await judgeDay(world, 1, ["holds", "holds", "holds"]);
  world.store.objects.delete(`sets/${dayId(2)}.json`);
  assert.ok(await shares(3));
});
