import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeBackupStore } from "../../test/support/fake-backup-store.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { isRecoveryError } from "../../test/support/is-recovery-error.ts";
import { copyingOf, dayId, proveDay, pruningOf, writeDay } from "../../test/support/prune-world.ts";
import { identity, newSigningKey, readSet, setWorld, type SetWorld } from "../../test/support/set-world.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { clearLeftovers } from "./clear-leftovers.ts";
import { copySet } from "./copy-set.ts";
import { listSets } from "./list-sets.ts";
import { readProofs } from "./read-proofs.ts";
import { putClaim } from "./store-claims.ts";

function target(world: SetWorld): FakeBackupStore {
  return new FakeBackupStore({ place: "/fake/other", nowIso: () => world.clock.nowIso() });
}
const idsIn = async (world: SetWorld, store: FakeBackupStore) =>
  (await listSets({ ...world.reading, store }, world.reading.trust)).map(({ id, kind }) => `${String(id)} ${kind}`);

test("copySet: the copy has the same bytes, is read with the same key, keeps its proofs, and what is shared goes once", async () => {
  const world = setWorld();
  const to = target(world);
  for (const day of [1, 2]) await writeDay(world.writing, day);
  await proveDay(world, 2, "V4");
  const first = await copySet(copyingOf(world, to), dayId(1));
  assert.deepEqual(
    { ...first, copiedBytes: 0 },
    {
      id: dayId(1),
      copied: 2,
      copiedBytes: 0,
      shared: 0,
      sharedBytes: 0,
      repaired: 0,
      proofs: 0,
      wasListed: false,
      marks: [],
      remarks: [],
    },
  );
  const second = await copySet(copyingOf(world, to), dayId(2));
  assert.equal(second.shared, 1);
  assert.equal(second.proofs, 1);
  for (const day of [1, 2]) {
    const name = `sets/${dayId(day)}.json`;
    assert.deepEqual(to.objects.get(name)?.content, world.store.objects.get(name)?.content);
    assert.deepEqual(
      await readSet({ ...world.reading, store: to }, dayId(day), identity),
      await readSet(world.reading, dayId(day), identity),
    );
  }
  const [listed] = (await listSets({ ...world.reading, store: to }, world.reading.trust)).filter(({ id }) => id === dayId(2));
  assert.ok(listed?.kind === "trusted");
  assert.equal((await readProofs({ ...world.reading, store: to }, listed)).length, 1);
  assert.deepEqual(to.names("claims/"), []);
});

test("copySet: the manifest is the last of the set, after all was read back", async () => {
  const world = setWorld();
  const to = target(world);
  await writeDay(world.writing, 1);
  await copySet(copyingOf(world, to), dayId(1));
  const calls = to.calls.map((call) => call.replace(/[0-9a-f]{64}/, "SHA").replace(/packs\/../, "packs/xx"));
  const manifestAt = calls.indexOf(`put sets/${dayId(1)}.json`);
  assert.ok(
    calls.lastIndexOf("get packs/xx/SHA") < manifestAt && calls.indexOf("get packs/xx/SHA") > calls.lastIndexOf("put packs/xx/SHA"),
  );
  assert.ok(calls.indexOf("get indexes/SHA") < manifestAt);
});

test("copySet: a store is no copy of itself, by whatever name it is called", async () => {
  const world = setWorld();
  await writeDay(world.writing, 1);
  await assert.rejects(copySet(copyingOf(world, world.store), dayId(1)), isRecoveryError("USAGE", /the very store that the set is in/));
  const linked = Object.assign(new FakeBackupStore({ place: "/by/a/link" }), { objects: world.store.objects });
  await assert.rejects(copySet(copyingOf(world, linked), dayId(1)), isRecoveryError("USAGE", /\/by\/a\/link is the very store/));
  assert.deepEqual(world.store.names("claims/"), []);
});

test("copySet: copied again, it is verified, and what went missing of it is put back", async () => {
  const world = setWorld();
  const to = target(world);
  await writeDay(world.writing, 1);
  await copySet(copyingOf(world, to), dayId(1));
  const [pack = ""] = to.names("packs/");
  to.objects.delete(pack);
  const again = await copySet(copyingOf(world, to), dayId(1));
  assert.equal(again.wasListed, true);
  assert.equal(again.copied, 1);
  assert.ok(to.objects.has(pack));
});

test("copySet: bytes that are damaged where they come from, or where they went, are told, and nothing is listed", async () => {
  const world = setWorld();
  await writeDay(world.writing, 1);
  const [pack = ""] = world.store.names("packs/");
  const to = target(world);
  to.afterCall = (operation, name) => {
    if (operation === "put" && name === pack) to.damage(pack, (content) => content.fill(content[9] === 0 ? 1 : 0, 9, 10));
  };
  await assert.rejects(copySet(copyingOf(world, to), dayId(1)), isRecoveryError("BACKUP_STORE_FAILED", /read back/));
  assert.deepEqual(await idsIn(world, to), []);
  world.store.damage(pack, (content) => content.fill(content[9] === 0 ? 1 : 0, 9, 10));
  const other = target(world);
  await assert.rejects(copySet(copyingOf(world, other), dayId(1)), isRecoveryError("BACKUP_SET_DAMAGED", /packs/));
  assert.deepEqual(await idsIn(world, other), []);
  assert.deepEqual(other.names("claims/"), []);
});

test("copySet: a set that is not there, not signed by a known key, or other than what has its name there is not copied", async () => {
  const world = setWorld();
  const to = target(world);
  await writeDay(world.writing, 1);
  await assert.rejects(copySet(copyingOf(world, to), dayId(2)), isRecoveryError("BACKUP_SET_NOT_FOUND"));
  const stranger = { ...copyingOf(world, to), trust: { publicKeys: [newSigningKey().publicKey] } };
  await assert.rejects(copySet(stranger, dayId(1)), isRecoveryError("BACKUP_SET_UNTRUSTED"));
  const imposter = setWorld(to);
  await writeDay(imposter.writing, 1);
  await assert.rejects(copySet(copyingOf(world, to), dayId(1)), isRecoveryError("BACKUP_OBJECT_EXISTS"));
});

test("copySet: stopped before or after any call, nothing bad is listed, and the next call goes on from there", async () => {
  let resumed = 0;
  const world = setWorld();
  for (const day of [1, 2]) await writeDay(world.writing, day);
  for (let at = 1; ; at += 1) {
    const to = target(world);
    world.running.add(100);
    await copySet(copyingOf(world, to), dayId(1));
    let count = 0;
    const stop = () => {
      count += 1;
      if (count >= at) throw new Error("killed");
    };
    if (at % 2 === 0) to.beforeCall = stop;
    else to.afterCall = stop;
    const isStopped = await copySet(copyingOf(world, to), dayId(2)).then(
      () => false,
      () => true,
    );
    to.beforeCall = undefined;
    to.afterCall = undefined;
    for (const one of await idsIn(world, to)) {
      assert.match(one, /trusted$/);
      await readSet({ ...world.reading, store: to }, one.startsWith(dayId(1)) ? dayId(1) : dayId(2), identity);
    }
    world.running.clear();
    const again = await copySet(copyingOf(world, to), dayId(2));
    resumed += again.shared > 1 && !again.wasListed ? 1 : 0;
    assert.deepEqual(await idsIn(world, to), [`${dayId(1)} trusted`, `${dayId(2)} trusted`]);
    assert.deepEqual(to.names("claims/"), []);
    if (!isStopped) break;
  }
  assert.ok(resumed > 3, `${String(resumed)} calls found something of the one before`);
});

test("copySet: gives way to whoever may be copying the same set, and waits for who removes", async () => {
  const world = setWorld();
  const to = target(world);
  await writeDay(world.writing, 1);
  const elsewhere = { ...copyingOf(world, to), owner: { host: "elsewhere", pid: 5, bootId: "boot-2" } };
  to.beforeCall = (operation, name) => {
    if (operation === "put" && name.startsWith("sets/")) throw new Error("killed");
    if (operation === "remove" && name.startsWith("claims/")) throw new Error("killed");
  };
  await assert.rejects(copySet(elsewhere, dayId(1)));
  to.beforeCall = undefined;
  await assert.rejects(copySet(copyingOf(world, to), dayId(1)), isRecoveryError("BACKUP_STORE_BUSY", /elsewhere/));
  world.clock.advance(25 * 3_600_000);
  assert.equal((await copySet(copyingOf(world, to), dayId(1))).shared, 2);
});

test("copySet: an operator's clock that is a day ahead takes no other copier for dead", async () => {
  const world = setWorld();
  const to = target(world);
  await writeDay(world.writing, 1);
  const owner = { host: "elsewhere", pid: 7, bootId: "b" };
  await putClaim(to, { id: dayId(9), purpose: "write", owner, startedAt: world.clock.nowIso(), token: "t", set: dayId(1) });
  const clock = new FakeClock(new Date(world.clock.nowMs() + 26 * 3_600_000).toISOString());
  await assert.rejects(copySet({ ...copyingOf(world, to), clock }, dayId(1)), isRecoveryError("BACKUP_STORE_BUSY", /elsewhere/));
  assert.deepEqual(to.names("claims/"), [`claims/${dayId(9)}.json`]);
});

test("copySet: what clears after a dead copier leaves the claim of the one that copies the same set again", async () => {
  const world = setWorld();
  const to = target(world);
  await writeDay(world.writing, 1);
  const dead = { host: "operator", pid: 999, bootId: "boot-1" };
  await putClaim(to, { id: dayId(9), purpose: "write", owner: dead, startedAt: "x", token: "t", set: dayId(1) });
  let copying: Promise<unknown> | undefined;
  to.beforeCall = async (operation, name) => {
    if (operation !== "list" || name !== "packs/" || copying !== undefined) return;
    copying = copySet(copyingOf(world, to), dayId(1));
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  let claimsWhilePutting: readonly string[] = [];
  to.afterCall = (operation, name) => {
    if (operation === "put" && name.startsWith("sets/")) claimsWhilePutting = to.names("claims/");
  };
  await clearLeftovers({ ...pruningOf(world), store: to });
  await copying;
  assert.equal(claimsWhilePutting.length, 2, "its own, and the one for a manifest that comes late");
  await readSet({ ...world.reading, store: to }, dayId(1), identity);
});

test("copySet: a copy that is whole is done, though what a dead copier left cannot be removed: that is told", async () => {
  for (const code of ["BACKUP_STORE_FAILED", "BACKUP_STORE_UNREACHABLE"] as const) {
    const world = setWorld();
    const to = target(world);
    await writeDay(world.writing, 1);
    const dead = { host: "operator", pid: 999, bootId: "boot-1" };
    await putClaim(to, { id: dayId(9), purpose: "write", owner: dead, startedAt: "x", token: "t", set: dayId(1) });
    to.beforeCall = (operation, name) => {
      if (operation === "remove" && name.includes(dayId(9))) throw new RecoveryError(code, { subject: "store", detail: "it says no" });
    };
    const { remarks } = await copySet(copyingOf(world, to), dayId(1));
    assert.match(remarks.join("\n"), new RegExp(`^what a killed writer left in /fake/other .*it says no \\(${code}\\)`));
    assert.deepEqual(await idsIn(world, to), [`${dayId(1)} trusted`]);
  }
});

test("copySet: killed right before its manifest, it may be called again at once, and leaves nothing", async () => {
  const world = setWorld();
  const to = target(world);
  await writeDay(world.writing, 1);
  world.running.add(200);
  const killed = { ...copyingOf(world, to), owner: { ...world.writing.owner, pid: 200 } };
  to.beforeCall = (operation, name) => {
    if (operation === "put" && name.startsWith("sets/")) throw new Error("killed");
  };
  await assert.rejects(copySet(killed, dayId(1)), /killed/);
  to.beforeCall = undefined;
  world.running.delete(200);
  assert.equal(to.names("claims/").length, 2);
  assert.equal((await copySet(copyingOf(world, to), dayId(1))).copied, 0);
  await readSet({ ...world.reading, store: to }, dayId(1), identity);
  assert.deepEqual(to.names("claims/"), []);
});

test("copySet: a copy whose claim is gone is not left listed; a manifest that may still land keeps what it needs", async () => {
  const world = setWorld();
  await writeDay(world.writing, 1);
  const robbed = target(world);
  robbed.afterCall = (operation, name) => {
    if (operation === "put" && name.startsWith("sets/")) for (const claim of robbed.names("claims/")) robbed.objects.delete(claim);
  };
  await assert.rejects(copySet(copyingOf(world, robbed), dayId(1)), isRecoveryError("BACKUP_STORE_BUSY", /took it for dead/));
  assert.deepEqual(await idsIn(world, robbed), []);
  const slow = target(world);
  slow.beforeCall = (operation, name) => {
    if (operation === "put" && name.startsWith("sets/"))
      throw new RecoveryError("BACKUP_STORE_UNREACHABLE", { subject: "store", detail: "no answer" });
  };
  await assert.rejects(copySet(copyingOf(world, slow), dayId(1)), isRecoveryError("BACKUP_SET_UNDECIDED", /may still appear/));
  assert.equal(slow.names("claims/").length, 2);
  assert.match(Buffer.from(slow.objects.get(slow.names("claims/")[1] ?? "")?.content ?? []).toString(), /"bootId":/);
});

test("copySet: what is damaged there is put aside and put anew; a source that is damaged too repairs nothing", async () => {
  const world = setWorld();
  const to = target(world);
  await writeDay(world.writing, 1);
  await copySet(copyingOf(world, to), dayId(1));
  const [pack = ""] = to.names("packs/");
  to.damage(pack, (content) => void (content[9] = (content[9] ?? 0) ^ 1));
  const again = await copySet(copyingOf(world, to), dayId(1));
  assert.deepEqual([again.repaired, again.wasListed], [1, true]);
  assert.ok(to.objects.has(`aside/${pack}`));
  await readSet({ ...world.reading, store: to }, dayId(1), identity);
  for (const store of [to, world.store]) store.damage(pack, (content) => void (content[9] = (content[9] ?? 0) ^ 1));
  await assert.rejects(copySet(copyingOf(world, to), dayId(1)), isRecoveryError("BACKUP_SET_DAMAGED", /not those that were stored/));
  assert.ok(to.objects.has(pack));
});

test("copySet: a claim that cannot be taken away does not undo a copy that is done, nor hide why another one failed", async () => {
  const world = setWorld();
  const to = target(world);
  await writeDay(world.writing, 1);
  to.beforeCall = (operation, name) => {
    if (operation === "remove" && name.startsWith("claims/"))
      throw new RecoveryError("BACKUP_STORE_UNREACHABLE", { subject: "store", detail: "no answer" });
  };
  assert.equal((await copySet(copyingOf(world, to), dayId(1))).copied, 2);
  world.running.clear();
  to.damage(`sets/${dayId(1)}.json`, () => new Uint8Array(3));
  await assert.rejects(copySet(copyingOf(world, to), dayId(1)), isRecoveryError("BACKUP_OBJECT_EXISTS", /is not the manifest/));
});
