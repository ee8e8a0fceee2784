import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeBackupStore } from "../../test/support/fake-backup-store.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { isRecoveryError } from "../../test/support/is-recovery-error.ts";
import { agreed, copyingOf, dayId, judgeDay, proveDay, pruneRequest, pruningOf, writeDay } from "../../test/support/prune-world.ts";
import { identity, newSigningKey, readSet, setWorld, type SetWorld } from "../../test/support/set-world.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { copySet } from "./copy-set.ts";
import { listSets } from "./list-sets.ts";
import { applyPrune, assertNotRefused, planPrune, type Pruned } from "./prune-store.ts";
import { putClaim } from "./store-claims.ts";

async function monthOf(days: number): Promise<SetWorld> {
  const world = setWorld();
  for (let day = 1; day <= days; day += 1) await writeDay(world.writing, day);
  world.clock.advance((days + 1) * 86_400_000);
  return world;
}

async function prune(world: SetWorld, request = pruneRequest({ last: 2 })): Promise<Pruned> {
  const pruning = pruningOf(world);
  const plan = await planPrune(pruning, request);
  return applyPrune(pruning, { plan, request, consent: agreed(plan) });
}

const idsOf = async (world: SetWorld) => (await listSets(world.reading, world.reading.trust)).map(({ id }) => id);
const packs = (world: SetWorld) => world.store.names("packs/");

test("planPrune: says what goes, what stays and why, with a digest, and changes nothing", async () => {
  const world = await monthOf(5);
  const before = world.store.names();
  world.store.calls.length = 0;
  const plan = await planPrune(pruningOf(world), pruneRequest({ last: 2 }));
  assert.deepEqual(
    plan.sets.map(({ id, verdict, because }) => [id, verdict, because[0]]),
    [
      [dayId(5), "keep", "one of the newest 2"],
      [dayId(4), "keep", "one of the newest 2"],
      [dayId(3), "remove", "no rule of the policy keeps it"],
      [dayId(2), "remove", "no rule of the policy keeps it"],
      [dayId(1), "remove", "no rule of the policy keeps it"],
    ],
  );
  assert.match(plan.digest, /^[0-9a-f]{64}$/);
  assert.deepEqual(world.store.names(), before);
  assert.ok(world.store.calls.every((call) => !/^(put|remove)/.test(call)));
});

test("applyPrune: removes those sets and what only they needed; the others are read as before, and what went lies aside", async () => {
  const world = await monthOf(5);
  const packsBefore = packs(world).length;
  const result = await prune(world);
  assert.deepEqual(result.sets, [dayId(1), dayId(2), dayId(3)]);
  assert.deepEqual(await idsOf(world), [dayId(4), dayId(5)]);
  for (const day of [4, 5]) assert.equal(Object.keys(await readSet(world.reading, dayId(day), identity)).length, 2);
  // The pack of the first set holds what all share: it stays.
  assert.equal(packs(world).length, 3);
  assert.equal(packsBefore, 5);
  assert.equal(world.store.names("indexes/").length, 2);
  assert.deepEqual(world.store.names("claims/"), []);
  assert.equal([...world.store.objects.keys()].filter((name) => name.startsWith("aside/sets/")).length, 3);
  assert.deepEqual((await prune(world)).sets, []);
});

test("applyPrune: manifests go before anything that they name, the oldest first", async () => {
  const world = await monthOf(4);
  world.store.calls.length = 0;
  await prune(world, pruneRequest({ last: 1 }));
  const removals = world.store.calls.filter((call) => /^remove (sets|packs|indexes)/.test(call)).map((call) => call.slice(7, 12));
  assert.deepEqual(removals.slice(0, 3), ["sets/", "sets/", "sets/"]);
  assert.deepEqual(
    world.store.calls.filter((call) => call.startsWith("remove sets/")),
    [1, 2, 3].map((day) => `remove sets/${dayId(day)}.json`),
  );
});

test("applyPrune: gives way to whoever may be at work, and changes nothing", async () => {
  const world = await monthOf(4);
  const owner = { host: "elsewhere", pid: 7, bootId: "boot-9" };
  await putClaim(world.store, { id: dayId(9), purpose: "write", owner, startedAt: world.clock.nowIso(), token: "t" });
  const before = world.store.names();
  await assert.rejects(prune(world), isRecoveryError("BACKUP_STORE_BUSY", /process 7 of elsewhere/));
  assert.deepEqual(world.store.names(), before);
});

test("applyPrune: a store that changed since the plan was made is PLAN_STALE", async () => {
  const world = await monthOf(4);
  const pruning = pruningOf(world);
  const request = pruneRequest({ last: 2 });
  const plan = await planPrune(pruning, request);
  await proveDay(world, 1, "V4");
  const before = world.store.names();
  await assert.rejects(applyPrune(pruning, { plan, request, consent: agreed(plan) }), isRecoveryError("PLAN_STALE"));
  assert.deepEqual(world.store.names(), before);
});

test("applyPrune: refuses where the newest sets look like an orphan's, and names the way for who knows better (H11)", async () => {
  const world = await monthOf(4);
  await writeDay(world.writing, 5, { clusterId: "00000000000000ff", revision: 3n });
  await writeDay(world.writing, 6, { clusterId: "00000000000000ff", revision: 4n });
  world.clock.advance(5 * 86_400_000);
  const pruning = pruningOf(world);
  const request = pruneRequest({ last: 2 });
  const plan = await planPrune(pruning, request);
  assert.throws(() => assertNotRefused(plan), isRecoveryError("BACKUP_PRUNE_REFUSED", /00000000000000ff/));
  await assert.rejects(applyPrune(pruning, { plan, request, consent: agreed(plan) }), isRecoveryError("BACKUP_PRUNE_REFUSED"));
  assert.equal((await idsOf(world)).length, 6);
  const accepted = await prune(world, pruneRequest({ last: 2 }, { acceptedBreaks: [dayId(5)] }));
  assert.equal(accepted.sets.length, 4);
});

test("applyPrune: what a damaged set needs is not known, so no pack goes; its manifest stays", async () => {
  const world = await monthOf(4);
  world.store.damage(`sets/${dayId(2)}.json`, (content) => content.fill(32, 10, 60));
  const before = packs(world);
  const result = await prune(world, pruneRequest({ last: 1 }));
  assert.deepEqual(result.sets, [dayId(1), dayId(3)]);
  assert.match(result.objectsLeftBecause ?? "", new RegExp(dayId(2)));
  assert.deepEqual(packs(world), before);
});

test("applyPrune: what lies aside for longer than wanted is deleted for good, and counted in the plan before", async () => {
  const world = await monthOf(3);
  await prune(world, pruneRequest({ last: 1 }));
  const aside = () => [...world.store.objects.keys()].filter((name) => name.startsWith("aside/")).length;
  assert.ok(aside() >= 4);
  assert.equal((await planPrune(pruningOf(world), pruneRequest({ last: 1 }))).aside.count, 0);
  world.clock.advance(8 * 86_400_000);
  assert.equal((await planPrune(pruningOf(world), pruneRequest({ last: 1 }))).aside.count, aside());
  await prune(world, pruneRequest({ last: 1 }));
  assert.equal(aside(), 0);
});

test("planPrune: the last proven set stays, whoever proved it, whatever is not known of it now; damaged ones are not counted for it", async () => {
  const world = await monthOf(5);
  const verdicts = async () =>
    (await planPrune(pruningOf(world), pruneRequest({ last: 1 }))).sets.map(({ id, verdict, proven }) => [
      id?.slice(6, 8),
      verdict,
      proven,
    ]);
  await proveDay(world, 1, "V5");
  await judgeDay(world, 2, ["holds", "holds", "holds", "holds", "holds", "holds"], newSigningKey());
  world.clock.advance(60_000);
  // A wrong identity: nothing is known of it, and it takes nothing back.
  await judgeDay(world, 1, ["holds", "holds", "unknown"]);
  assert.deepEqual(await verdicts(), [
    ["05", "keep", undefined],
    ["04", "remove", undefined],
    ["03", "remove", undefined],
    ["02", "keep", undefined],
    ["01", "keep", "V5"],
  ]);
  for (const day of [4, 5]) await judgeDay(world, day, ["holds", "fails"]);
  world.clock.advance(60_000);
  await judgeDay(world, 5, ["holds"]);
  assert.deepEqual(await verdicts(), [
    ["05", "keep", "V0"],
    ["04", "keep", "V0"],
    ["03", "keep", undefined],
    ["02", "keep", undefined],
    ["01", "keep", "V5"],
  ]);
});

test("applyPrune: what lies aside is told by the store's clock alone, whatever the operator's says", async () => {
  // No further behind than prune allows.
  const behindMs = 50 * 60_000;
  const world: SetWorld = setWorld(new FakeBackupStore({ nowIso: () => new Date(world.clock.nowMs() - behindMs).toISOString() }));
  for (let day = 1; day <= 3; day += 1) await writeDay(world.writing, day);
  world.clock.advance(4 * 86_400_000);
  const aside = () => [...world.store.objects.keys()].filter((name) => name.startsWith("aside/")).length;
  for (const last of [2, 1]) {
    assert.equal((await prune(world, pruneRequest({ last }, { asideMs: 30 * 60_000 }))).aside, 0);
    assert.ok(aside() >= 2);
  }
});

test("applyPrune: a listing that misses a set that the plan keeps removes no pack", async () => {
  const world = await monthOf(4);
  const list = world.store.list.bind(world.store);
  let count = 0;
  const request = pruneRequest({ last: 2 });
  const plan = await planPrune(pruningOf(world), request);
  world.store.list = async (prefix, options) => {
    const all = await list(prefix, options);
    return prefix === "sets/" && ++count >= 2 ? all.filter(({ name }) => !name.includes(dayId(4))) : all;
  };
  const before = packs(world);
  const result = await applyPrune(pruningOf(world), { plan, request, consent: agreed(plan) });
  assert.match(result.objectsLeftBecause ?? "", new RegExp(dayId(4)));
  assert.deepEqual(packs(world), before);
});

test("applyPrune: with no killed writer to explain it, a pack of the last hour stays: its writer may not be listed yet", async () => {
  const world = await monthOf(4);
  const young = `packs/aa/${"a".repeat(64)}`;
  world.store.objects.set(young, { content: new Uint8Array(1), modifiedAt: world.clock.nowIso() });
  await prune(world);
  assert.ok(world.store.objects.has(young));
  world.clock.advance(2 * 3_600_000);
  await prune(world);
  assert.ok(!world.store.objects.has(young));
});

test("applyPrune: the packs of a set that it removes go with it, however young they are", async () => {
  const world = setWorld();
  for (let day = 1; day <= 3; day += 1) await writeDay(world.writing, day);
  world.clock.advance(4 * 86_400_000);
  for (const [name, { content }] of world.store.objects) world.store.objects.set(name, { content, modifiedAt: world.clock.nowIso() });
  const pruning = pruningOf(world);
  const request = pruneRequest({ last: 1 });
  const plan = await planPrune(pruning, request);
  const { sets, objects } = await applyPrune(pruning, { plan, request, consent: agreed(plan) });
  assert.deepEqual([sets.length, objects], [2, 3], "two indexes, and the pack that only the second set needed");
});

test("applyPrune: who slept in the middle of it removes nothing of a set that came back meanwhile", async () => {
  const world = await monthOf(3);
  const near = new FakeBackupStore({ nowIso: () => world.clock.nowIso() });
  await copySet(copyingOf(world, near), dayId(1));
  const request = pruneRequest({ last: 1 });
  const plan = await planPrune(pruningOf(world), request);
  let count = 0;
  let back: Promise<unknown> | undefined;
  world.store.afterCall = async (operation, name) => {
    if (operation !== "remove" || !/^(?:packs|indexes)\//.test(name) || ++count > 1) return;
    // The lid is closed for a day; somebody elsewhere brings a set back.
    world.clock.advance(25 * 3_600_000);
    const elsewhere = { owner: { host: "bastion", pid: 1, bootId: "boot-2" }, isRunning: () => Promise.resolve(undefined) };
    back = copySet({ ...copyingOf({ ...world, writing: { ...world.writing, store: near } }, world.store), ...elsewhere }, dayId(1));
    await back;
  };
  await assert.rejects(applyPrune(pruningOf(world), { plan, request, consent: agreed(plan) }), isRecoveryError("BACKUP_STORE_BUSY"));
  await back;
  assert.deepEqual(await idsOf(world), [dayId(1), dayId(3)]);
  await readSet(world.reading, dayId(1));
});

test("applyPrune: a machine whose clock is ahead of the store's removes nothing by age", async () => {
  const world = await monthOf(10);
  const pruning = { ...pruningOf(world), clock: new FakeClock("2028-03-15T03:00:00.000Z") };
  const request = pruneRequest({ withinMs: 30 * 86_400_000 });
  const plan = await planPrune(pruning, request);
  assert.ok(plan.sets.some(({ verdict }) => verdict === "remove"));
  const applied = applyPrune(pruning, { plan, request, consent: agreed(plan) });
  await assert.rejects(applied, isRecoveryError("PLAN_STALE", /2028-03-15T03:00:00\.000Z.*2026-03-12T/));
  assert.equal((await idsOf(world)).length, 10);
});

test("applyPrune: in a store too full for a claim what lies aside goes first, if it is what was agreed to; else it says that there is no room", async () => {
  const world = await monthOf(4);
  await prune(world, pruneRequest({ last: 2 }));
  world.clock.advance(8 * 86_400_000);
  await writeDay(world.writing, 5);
  const aside = () => [...world.store.objects.keys()].filter((name) => name.startsWith("aside/")).length;
  const before = aside();
  assert.ok(before >= 2);
  world.store.beforeCall = (operation, name) => {
    if (operation === "put" && aside() === before)
      throw new RecoveryError("BACKUP_STORE_FULL", { subject: "store", detail: `could not put ${name}` });
  };
  const request = pruneRequest({ last: 1 });
  const pruning = pruningOf(world);
  const plan = await planPrune(pruning, request);
  const young = await planPrune(pruning, { ...request, asideMs: 30 * 86_400_000 });
  const tooYoung = { plan: young, request: { ...request, asideMs: 30 * 86_400_000 }, consent: agreed(young) };
  await assert.rejects(applyPrune(pruning, tooYoung), isRecoveryError("BACKUP_STORE_FULL"));
  await assert.rejects(
    applyPrune(pruning, { plan, request: pruneRequest({ last: 2 }), consent: agreed(plan) }),
    isRecoveryError("PLAN_STALE"),
  );
  assert.equal(aside(), before);
  const kept = [...world.store.objects];
  world.store.afterCall = (operation) => {
    if (operation === "remove" && aside() === 0) world.store.damage(`sets/${dayId(5)}.json`, () => new Uint8Array(3));
  };
  await assert.rejects(
    applyPrune(pruning, { plan, request, consent: agreed(plan) }),
    isRecoveryError("PLAN_STALE", new RegExp(`No set was touched; ${String(before)} objects that lay aside .* were deleted`)),
  );
  world.store.afterCall = undefined;
  for (const [name, object] of kept) world.store.objects.set(name, object);
  const pruned = await applyPrune(pruning, { plan, request, consent: agreed(plan) });
  assert.deepEqual([pruned.aside, pruned.sets], [before, [dayId(3), dayId(4)]]);
  assert.deepEqual(await idsOf(world), [dayId(5)]);
});
