import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeBackupStore } from "../../test/support/fake-backup-store.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { isRecoveryError } from "../../test/support/is-recovery-error.ts";
import { copyingOf, dayId, judgeDay, proveDay, pruningOf, writeDay } from "../../test/support/prune-world.ts";
import { newSigningKey, readSet, setWorld, sha256Hex, identity, type SetWorld } from "../../test/support/set-world.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { clearLeftovers } from "./clear-leftovers.ts";
import { copySet } from "./copy-set.ts";
import { standingOf, type SetStanding } from "./judge-proofs.ts";
import { readAllProofs } from "./read-proofs.ts";

async function standingIn(world: SetWorld, store: FakeBackupStore): Promise<SetStanding> {
  const set = { id: dayId(1), manifestSha256: sha256Hex(await store.get(`sets/${dayId(1)}.json`)) };
  const { known, ofUnknownKeys } = await readAllProofs({ ...world.reading, store }, set);
  return standingOf(known, ofUnknownKeys);
}

/** A store that tells whole seconds, as S3 and SSH do. */
function target(world: SetWorld): FakeBackupStore {
  return new FakeBackupStore({
    place: "/fake/other",
    nowIso: () => new Date(Math.floor(world.clock.nowMs() / 1000) * 1000).toISOString(),
  });
}

test("copySet: what a proof says of the source's disk is not said of a whole copy; what it says of the set is", async () => {
  const world = setWorld();
  const to = target(world);
  await writeDay(world.writing, 1);
  await proveDay(world, 1, "V5");
  await copySet(copyingOf(world, to), dayId(1));
  for (const verdicts of [["fails"], ["holds", "fails"], ["holds", "unknown"], ["unknown"], ["holds", "holds", "fails"]] as const) {
    world.clock.advance(3_600_000);
    await judgeDay(world, 1, verdicts);
    assert.equal((await copySet(copyingOf(world, to), dayId(1))).proofs, 0);
  }
  assert.deepEqual([(await standingIn(world, to)).failing, (await standingIn(world, to)).proven?.level], [undefined, "V5"]);
  await judgeDay(world, 1, ["holds", "holds", "holds", "holds", "fails"]);
  world.clock.advance(3_600_000);
  assert.equal((await copySet(copyingOf(world, to), dayId(1))).proofs, 1);
  assert.equal((await standingIn(world, to)).failing?.level, "V4");
});

test("copySet: what was said before somebody found the contrary in the copy is not copied after it", async () => {
  const world = setWorld();
  const to = target(world);
  const atTarget = { ...world, writing: { ...world.writing, store: to }, reading: { ...world.reading, store: to } };
  const copied = async () => (await copySet(copyingOf(world, to), dayId(1))).proofs;
  const tomorrow = () => world.clock.advance(86_400_000);
  await writeDay(world.writing, 1);
  await copied();
  tomorrow();
  await proveDay(world, 1, "V5");
  tomorrow();
  await judgeDay(atTarget, 1, ["holds", "holds", "holds", "holds", "fails"]);
  tomorrow();
  assert.equal(await copied(), 0);
  const failing = await standingIn(world, to);
  assert.deepEqual([failing.proven?.level, failing.failing?.level], ["V3", "V4"]);
  // A look that went less far contradicts nothing; what was proven later takes it back, and no failure of before comes after that.
  await judgeDay(world, 1, ["holds", "holds", "holds", "fails"]);
  tomorrow();
  await proveDay(atTarget, 1, "V5");
  tomorrow();
  assert.equal(await copied(), 0);
  await proveDay(world, 1, "V5");
  assert.equal(await copied(), 1);
  assert.deepEqual([(await standingIn(world, to)).proven?.level, (await standingIn(world, to)).failing], ["V5", undefined]);
});

test("copySet: a proof that cannot be read fails no copy; what held before it is not said of the copy, and what failed is", async () => {
  const world = setWorld();
  const to = target(world);
  await writeDay(world.writing, 1);
  await judgeDay(world, 1, ["holds", "holds", "holds", "holds", "fails"]);
  world.clock.advance(60_000);
  await proveDay(world, 1, "V5");
  world.clock.advance(60_000);
  const lost = await judgeDay(world, 1, ["holds", "holds", "holds", "holds", "holds", "fails"]);
  world.clock.advance(60_000);
  await proveDay(world, 1, "V2");
  world.store.beforeCall = (operation, name) => {
    if (operation === "get" && name === lost) throw new RecoveryError("BACKUP_STORE_FAILED", { subject: "store", detail: "EIO" });
  };
  assert.equal((await copySet(copyingOf(world, to), dayId(1))).proofs, 2);
  const copy = await standingIn(world, to);
  assert.deepEqual([copy.proven?.level, copy.failing?.level], ["V3", "V4"]);
});

test("copySet: the order of proofs is kept where the store tells seconds and the verifiers' clocks say otherwise, and only there is waited", async () => {
  const world = setWorld();
  await writeDay(world.writing, 1);
  const ahead = { ...world.writing, clock: new FakeClock(new Date(world.clock.nowMs() + 7_200_000).toISOString()) };
  await judgeDay({ ...world, writing: ahead }, 1, ["holds", "holds", "holds", "holds", "holds", "holds"]);
  world.clock.advance(1_800_000);
  await judgeDay(world, 1, ["holds", "holds", "holds", "holds", "fails"]);
  for (let count = 0; count < 5; count += 1) {
    world.clock.advance(60_000);
    await judgeDay(world, 1, ["holds", "holds", "holds", "fails"]);
  }
  const to = target(world);
  const beganMs = world.clock.nowMs();
  assert.equal((await copySet(copyingOf(world, to), dayId(1))).proofs, 7);
  assert.ok(world.clock.nowMs() - beganMs < 5000);
  assert.deepEqual({ ...(await standingIn(world, to)), proven: 0 }, { ...(await standingIn(world, world.store)), proven: 0 });
});

test("copySet: only evidence of this very manifest is copied, and of unknown keys no more than a hundred", async () => {
  const world = setWorld();
  for (const day of [1, 2]) await writeDay(world.writing, day);
  await proveDay(world, 1, "V2");
  for (let count = 0; count < 110; count += 1) await judgeDay(world, 1, ["holds", "holds", "holds"], newSigningKey());
  const ofOther = await proveDay(world, 2, "V5");
  await world.store.put(`proofs/${dayId(1)}/20260301-000000-bbbbbb.json`, await world.store.get(ofOther));
  await world.store.put(`proofs/${dayId(1)}/20260301-000000-cccccc.json`, new Uint8Array(1000));
  await world.store.put(`proofs/${dayId(1)}/junk`, new Uint8Array(1000));
  const to = target(world);
  assert.equal((await copySet(copyingOf(world, to), dayId(1))).proofs, 101);
  assert.deepEqual([(await standingIn(world, to)).proven?.level, (await standingIn(world, to)).saidByUnknown], ["V2", "V2"]);
});

test("copySet: what the other store does not give is put anew; without room, or when that fails, what was there stays", async () => {
  const world = setWorld();
  const to = target(world);
  await writeDay(world.writing, 1);
  await copySet(copyingOf(world, to), dayId(1));
  const [pack = ""] = to.names("packs/");
  const before = to.objects.get(pack)?.content;
  let puts = 0;
  const failing = (isRefused: (operation: string, name: string) => boolean) => {
    puts = 0;
    to.beforeCall = (operation, name) => {
      if (isRefused(operation, name)) throw new RecoveryError("BACKUP_STORE_FAILED", { subject: "store", detail: "EIO or ENOSPC" });
    };
  };
  const isUnread = (operation: string, name: string) => operation === "get" && name === pack;
  failing((operation, name) => isUnread(operation, name) || operation === "put");
  world.running.clear();
  await assert.rejects(copySet(copyingOf(world, to), dayId(1)), isRecoveryError("BACKUP_STORE_FAILED"));
  failing((operation, name) => isUnread(operation, name) || (operation === "put" && name.endsWith(pack)));
  await assert.rejects(copySet(copyingOf(world, to), dayId(1)), isRecoveryError("BACKUP_STORE_FAILED"));
  assert.ok(to.objects.has(pack) && !to.calls.includes(`remove ${pack}`), "without room nothing is taken away");
  failing((operation, name) => isUnread(operation, name) || (operation === "put" && name === pack && (puts += 1) === 1));
  await assert.rejects(copySet(copyingOf(world, to), dayId(1)), isRecoveryError("BACKUP_STORE_FAILED", /damaged, is there again/));
  assert.deepEqual(to.objects.get(pack)?.content, before);
  to.objects.delete(`aside/${pack}`);
  failing((operation, name) => isUnread(operation, name) && puts === 0);
  to.afterCall = (operation, name) => {
    if (operation === "put" && name === pack) puts += 1;
  };
  assert.equal((await copySet(copyingOf(world, to), dayId(1))).repaired, 1);
  await readSet({ ...world.reading, store: to }, dayId(1), identity);
  assert.deepEqual(
    [...to.objects.keys()].filter((name) => name.includes("room")),
    [],
  );
});

test("clearLeftovers: proofs of a set that is not listed go too, and no other's", async () => {
  const world = setWorld();
  for (const day of [1, 2]) await writeDay(world.writing, day);
  for (const day of [1, 2]) await proveDay(world, day, "V1");
  await world.store.put(`proofs/${dayId(1)}/notes`, new Uint8Array(1));
  world.store.objects.delete(`sets/${dayId(1)}.json`);
  world.clock.advance(7_200_000);
  await clearLeftovers(pruningOf(world));
  const left = world.store.names("proofs/");
  assert.equal(left.length, 2);
  assert.ok(left[0]?.endsWith("/notes") === true && left[1]?.startsWith(`proofs/${dayId(2)}/`) === true);
});
