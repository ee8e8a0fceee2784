import assert from "node:assert/strict";
import { test } from "node:test";
import {
  firstSet,
  manifestFacts,
  partHead,
  readSet,
  recipient,
  secondSet,
  seededBytes,
  setWorld,
  writeSet,
  type SetWorld,
} from "../../test/support/set-world.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { isRecoveryError } from "../../test/support/is-recovery-error.ts";
import { chunkBytes } from "../formats/backup-set/chunk.ts";
import { asBackupSetId } from "../model/ids.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import type { ProcessOwner } from "../ports/process-owner.ts";
import { clearAfterOthers, clearLeftovers, leftRemarks, type Clearing } from "./clear-leftovers.ts";
import { listSets } from "./list-sets.ts";
import { SetWriter } from "./set-writer.ts";
import { findClaims, putClaim } from "./store-claims.ts";

const files = { "/a": seededBytes(21, 3 * chunkBytes) };
const hourMs = 3_600_000;

function clearing({ writing, store }: SetWorld): Clearing {
  return { ...writing, store, isRunning: writing.isRunning ?? (() => Promise.resolve(undefined)) };
}

/** A writer that is killed when its pack and its index are in the store, and its manifest is not. */
async function killedWriter(world: SetWorld, owner: Partial<ProcessOwner> = {}): Promise<readonly string[]> {
  const before = world.store.names();
  const writing = { ...world.writing, owner: { ...world.writing.owner, pid: 200, ...owner } };
  const writer = await SetWriter.begin(writing, { id: secondSet, recipients: [recipient] });
  await writer.addPart(partHead("/noise"), seededBytes(22, 5 * chunkBytes));
  world.store.beforeCall = (operation, name) => {
    // The claim that keeps what a late manifest needs: from then on it counts for a day.
    if (operation === "put" && name.startsWith("claims/")) throw new Error("killed");
  };
  await assert.rejects(writer.finish(manifestFacts()), /killed/);
  world.store.beforeCall = undefined;
  return world.store
    .names()
    .filter((name) => !before.includes(name) && /^packs|^indexes/.test(name))
    .sort(packsFirst);
}

function packsFirst(one: string, other: string): number {
  return one.startsWith("packs/") === other.startsWith("packs/") ? 0 : one.startsWith("packs/") ? -1 : 1;
}

test("what a killed writer left goes with the next set that is begun; the good sets stay whole", async () => {
  const world = setWorld();
  await writeSet(world.writing, files);
  const left = await killedWriter(world);
  assert.equal(left.length, 2);
  assert.deepEqual(world.store.names("claims/"), [`claims/${secondSet}.json`]);
  const thirdSet = asBackupSetId("20260301-050000-cccccc");
  const manifest = await writeSet(world.writing, files, { id: thirdSet });
  assert.deepEqual(world.store.names("claims/"), []);
  assert.deepEqual(
    world.store.names("packs/").map((name) => name.slice(9)),
    manifest.packs.map(({ sha256 }) => sha256),
    "the third set shares the first one's pack",
  );
  assert.ok(
    left.every((name) => world.store.objects.has(`aside/${name}`)),
    "they are kept aside",
  );
  for (const id of [firstSet, thirdSet])
    assert.deepEqual(Buffer.from((await readSet(world.reading, id))["/a"] ?? []), Buffer.from(files["/a"]));
});

test("nothing is cleared while a writer lives, or while it is not known whether it does", async () => {
  for (const [owner, isLiving] of [
    [{ pid: 200 }, true],
    [{ host: "bastion", pid: 200 }, undefined],
  ] as const) {
    const world = setWorld();
    if (isLiving === true) world.running.add(200);
    const left = await killedWriter(world, owner);
    const cleared = await clearLeftovers(clearing(world));
    assert.equal(cleared.kind, "left");
    assert.match(cleared.because, /process 200 of (?:operator|bastion) \(since .*, writes\) may be at work/);
    assert.deepEqual(
      left.filter((name) => !world.store.objects.has(name)),
      [],
    );
    assert.deepEqual(world.store.names("claims/"), [`claims/${secondSet}.json`], "its own claim is taken away again");
  }
});

test("a writer of another machine counts as gone after a day by the store's clock", async () => {
  const world = setWorld();
  const left = await killedWriter(world, { host: "bastion" });
  world.clock.advance(23 * hourMs);
  assert.equal((await clearLeftovers(clearing(world))).kind, "left");
  world.clock.advance(2 * hourMs);
  assert.deepEqual(await clearLeftovers(clearing(world)), { kind: "cleared", removed: left, unfinished: 0, claims: 1 });
  assert.deepEqual(world.store.names(), ["requorum-store.json"]);
});

test("an operator's clock that is a day ahead takes nobody for dead", async () => {
  const world = setWorld();
  await killedWriter(world, { host: "bastion" });
  const ahead = new FakeClock(new Date(world.clock.nowMs() + 48 * hourMs).toISOString());
  assert.equal((await clearLeftovers({ ...clearing(world), clock: ahead })).kind, "left");
});

test("a claim whose text is damaged counts as of somebody who may be at work, until it is old", async () => {
  const world = setWorld();
  const left = await killedWriter(world);
  world.store.damage(`claims/${secondSet}.json`, () => new Uint8Array(7));
  assert.equal((await clearLeftovers(clearing(world))).kind, "left");
  world.clock.advance(25 * hourMs);
  const cleared = await clearLeftovers(clearing(world));
  assert.deepEqual(cleared.kind === "cleared" ? cleared.removed : [], left);
});

test("a claim that the store does not give counts as of somebody who may be at work, until it is old", async () => {
  const world = setWorld();
  await writeSet(world.writing, files);
  await world.store.put("claims/20260301-020000-cccccc.json", new Uint8Array([1]));
  world.store.beforeCall = (operation, name) => {
    if (operation === "get" && name.startsWith("claims/20260301-020000-cccccc"))
      throw new RecoveryError("BACKUP_STORE_FAILED", { subject: "store /x", detail: `could not get ${name}: EIO` });
  };
  const left = await clearLeftovers(clearing(world));
  assert.match(left.kind === "left" ? left.because : "", /whoever wrote claims\/20260301-020000-cccccc\.json, which cannot be read/);
  world.clock.advance(25 * hourMs);
  await writeSet(world.writing, files, { id: secondSet });
  assert.deepEqual(world.store.names("claims/"), []);
});

test("what a killed writer left and cannot be removed ends no backup; the next writer tries again", async () => {
  const world = setWorld();
  await writeSet(world.writing, files);
  const left = await killedWriter(world);
  for (const [code, days] of [
    ["BACKUP_STORE_FAILED", 1],
    ["BACKUP_STORE_BUSY", 2],
  ] as const) {
    world.store.beforeCall = (operation, name) => {
      if (operation === "remove" && left.includes(name)) throw new RecoveryError(code, { subject: "store", detail: `could not: ${name}` });
    };
    const cleared = await clearAfterOthers(clearing(world));
    assert.match(cleared.kind === "left" ? cleared.because : "", /could not: packs/);
    await writeSet(world.writing, files, { id: asBackupSetId(`2026030${String(days)}-050000-cccccc`) });
    world.clock.advance(24 * hourMs);
  }
  world.store.beforeCall = undefined;
  await writeSet(world.writing, files, { id: asBackupSetId("20260303-050000-cccccc") });
  assert.ok(left.every((name) => !world.store.objects.has(name)));
  assert.deepEqual(world.store.names("claims/"), []);
});

test("what a killed writer left and cannot be removed is told to whoever makes the next set; others who are only at work are not", async () => {
  const world = setWorld();
  await killedWriter(world);
  world.store.beforeCall = (operation, name) => {
    if (operation === "remove" && name.startsWith("packs/"))
      throw new RecoveryError("BACKUP_STORE_FAILED", { subject: "store", detail: "could not remove: EIO" });
  };
  const told = await SetWriter.begin(world.writing, { id: firstSet, recipients: [recipient] });
  assert.match(told.remarks.join("\n"), /^what a killed writer left in .*EIO \(BACKUP_STORE_FAILED\).*tries again$/);
  await told.abort();
  world.store.beforeCall = undefined;
  const silent = await SetWriter.begin(world.writing, { id: firstSet, recipients: [recipient] });
  assert.deepEqual(silent.remarks, [], "this one could");
  world.running.add(200);
  await putClaim(world.store, {
    id: secondSet,
    purpose: "write",
    startedAt: "x",
    token: "t",
    owner: { ...world.writing.owner, host: "bastion", pid: 200 },
  });
  assert.deepEqual(leftRemarks(await clearAfterOthers(clearing(world)), "/x"), []);
});

test("while a listed manifest cannot be read no pack goes: what that set needs is unknown", async () => {
  const world = setWorld();
  await writeSet(world.writing, files);
  await killedWriter(world);
  world.store.damage(`sets/${firstSet}.json`, (bytes) => bytes.subarray(5));
  const before = world.store.names("packs/");
  const cleared = await clearLeftovers(clearing(world));
  assert.match(cleared.kind === "left" ? cleared.because : "", /what set 20260301-030000-aaaaaa needs is not known/);
  assert.deepEqual(world.store.names("packs/"), before);
});

test("what a set of an unknown signer needs stays", async () => {
  const world = setWorld();
  const manifest = await writeSet(world.writing, files);
  Object.assign(world.keys, { signing: setWorld().keys.signing });
  await clearLeftovers(clearing(world));
  assert.equal(world.store.names("packs/").length, manifest.packs.length);
});

test("a writer that begins while a remover is at work waits for it, and not for ever", async () => {
  const world = setWorld();
  await writeSet(world.writing, files);
  world.running.add(300);
  const remover = { id: asBackupSetId("20260301-025959-ffffff"), purpose: "remove", startedAt: "x", token: "t" } as const;
  await putClaim(world.store, { ...remover, owner: { ...world.writing.owner, pid: 300 } });
  let polls = 0;
  const sleep = world.clock.sleep.bind(world.clock);
  world.clock.sleep = async (durationMs) => {
    await sleep(durationMs);
    polls += 1;
    if (polls === 5) world.running.delete(300);
  };
  await writeSet(world.writing, files, { id: secondSet });
  assert.equal(polls, 5);
  world.running.add(300);
  await putClaim(world.store, { ...remover, id: asBackupSetId("20260301-025958-ffffff"), owner: { ...world.writing.owner, pid: 300 } });
  await assert.rejects(
    SetWriter.begin(world.writing, { id: asBackupSetId("20260301-060000-dddddd"), recipients: [recipient] }),
    isRecoveryError("BACKUP_STORE_BUSY", /process 300 of operator/),
  );
  assert.equal(world.store.objects.has("claims/20260301-060000-dddddd.json"), false, "the waiting writer leaves no claim");
});

test("of a writer and a remover that begin at one time, at least one sees the other", async () => {
  // Every order of their two steps: each puts its claim, then looks.
  for (const order of ["wwrr", "wrwr", "wrrw", "rwwr", "rwrw", "rrww"]) {
    const { store, clock, writing } = setWorld();
    const claim = { startedAt: "x", token: "t", owner: { ...writing.owner, host: "elsewhere" } };
    const writer = { ...claim, id: firstSet, purpose: "write" } as const;
    const remover = { ...claim, id: secondSet, purpose: "remove" } as const;
    const seen: { [who: string]: boolean } = {};
    const steps = { w: 0, r: 0 };
    for (const who of order as Iterable<"w" | "r">) {
      const own = who === "w" ? writer : remover;
      steps[who] += 1;
      if (steps[who] === 1) await putClaim(store, own);
      else seen[who] = (await findClaims({ store, clock, isRunning: () => Promise.resolve(undefined) }, own.id)).length > 0;
    }
    assert.ok(seen["w"] === true || seen["r"] === true, order);
  }
});

test("unfinished uploads are cleared by the next writer when nobody else is at work", async () => {
  const world = setWorld();
  world.store.unfinished = 3;
  await writeSet(world.writing, files);
  assert.equal(world.store.unfinished, 0);
  world.running.add(200);
  await killedWriter(world);
  world.store.unfinished = 3;
  assert.equal((await clearAfterOthers(clearing(world))).kind, "left");
  assert.equal(world.store.unfinished, 3);
});

test("an interrupted clearing leaves no claim", async () => {
  const world = setWorld();
  await killedWriter(world);
  world.store.beforeCall = (operation) => {
    if (operation === "remove") world.store.beforeCall = undefined;
    if (operation === "remove") throw new Error("the store broke");
  };
  await assert.rejects(clearLeftovers(clearing(world)), /the store broke/);
  assert.deepEqual(world.store.names("claims/"), [`claims/${secondSet}.json`]);
});

test("unfinished uploads: told by the store's clock, and without a killed writer only what is older than any writer gets", async () => {
  for (const [isKilled, begunBefore] of [
    [false, "2026-02-28T03:00:00.000Z"],
    [true, "2026-03-01T02:59:00.000Z"],
  ] as const) {
    const world = setWorld();
    if (isKilled) await killedWriter(world);
    world.store.calls.length = 0;
    // The operator's clock is two days ahead of the store's.
    const clock = new FakeClock("2026-03-03T03:00:00.000Z");
    await writeSet({ ...world.writing, clock }, files);
    const asked = world.store.calls.filter((call) => call.startsWith("clearUnfinished"));
    assert.equal(asked[0], `clearUnfinished ${begunBefore}`);
  }
});

test("a writer that was taken for dead and lives: its set is not listed, or nothing of it is removed", async () => {
  // It finishes before each of the remover's calls in turn.
  const outcomes = new Set<string>();
  for (let at = 1; ; at += 1) {
    const world = setWorld();
    const writing = { ...world.writing, owner: { ...world.writing.owner, pid: 200 } };
    const writer = await SetWriter.begin(writing, { id: firstSet, recipients: [recipient] });
    await writer.addPart(partHead("/a"), files["/a"]);
    let [count, isInside] = [0, false];
    let end: Promise<string> | undefined;
    world.store.beforeCall = async () => {
      if (isInside || ++count !== at) return;
      isInside = true;
      end = writer.finish(manifestFacts()).then(
        () => "finished",
        async (error: unknown) => {
          await writer.abort();
          return error instanceof RecoveryError ? error.code : String(error);
        },
      );
      await end;
      isInside = false;
    };
    await clearLeftovers(clearing(world));
    world.store.beforeCall = undefined;
    if (end === undefined) break;
    const outcome = await end;
    outcomes.add(outcome);
    const listed = (await listSets(world.reading, world.reading.trust)).map(({ id }) => id);
    assert.deepEqual(listed, outcome === "finished" ? [firstSet] : [], `before call ${at}: ${outcome}`);
    if (outcome === "finished") await readSet(world.reading, firstSet);
  }
  assert.deepEqual([...outcomes].sort(), ["BACKUP_STORE_BUSY", "finished"]);
});

test("a clearing that breaks off after it took a dead writer's claim away leaves one for the next writer to see", async () => {
  const world = setWorld();
  const left = await killedWriter(world);
  world.store.beforeCall = (operation, name) => {
    if (operation === "remove" && name.startsWith("packs/")) throw new Error("the store broke");
  };
  await assert.rejects(clearLeftovers(clearing(world)), /the store broke/);
  world.store.beforeCall = undefined;
  assert.equal(world.store.names("claims/").length, 1);
  const cleared = await clearAfterOthers(clearing(world));
  assert.deepEqual(cleared.kind === "cleared" ? cleared.removed : [], left);
  assert.deepEqual(world.store.names("claims/"), []);
});

test("one listing that misses a set, or one's own claim, removes nothing", async () => {
  for (const missed of ["sets/", "claims/"]) {
    const world = setWorld();
    await writeSet(world.writing, files);
    await killedWriter(world);
    const before = world.store.names("packs/");
    const list = world.store.list.bind(world.store);
    let count = 0;
    world.store.list = async (prefix, options) => {
      const all = await list(prefix, options);
      if (prefix !== missed) return all;
      count += 1;
      // Of claims every listing is old, of sets the first one is.
      return missed === "claims/" ? all.filter(({ name }) => name.includes(secondSet)) : count === 1 ? [] : all;
    };
    if (missed === "claims/") await assert.rejects(clearLeftovers(clearing(world)), isRecoveryError("BACKUP_STORE_UNREACHABLE", /is old/));
    else {
      const cleared = await clearLeftovers(clearing(world));
      assert.match(cleared.kind === "left" ? cleared.because : "", new RegExp(`did not show sets/${firstSet}`));
    }
    assert.deepEqual(world.store.names("packs/"), before);
  }
});

test("a writer waits for a claim that it cannot read, or that is of a newer format: it may be of somebody who removes", async () => {
  const claim = { kind: "StoreClaim", id: secondSet, purpose: "write", startedAt: "x", host: "other", pid: 1, bootId: "b" };
  for (const text of ["{", JSON.stringify({ apiVersion: "requorum.backup/v2", ...claim })]) {
    const world = setWorld();
    await world.store.put(`claims/${secondSet}.json`, Buffer.from(text));
    world.store.afterCall = (operation, name) => {
      if (operation === "get" && name === `claims/${secondSet}.json`) world.clock.advance(6 * 60_000);
    };
    await assert.rejects(writeSet(world.writing, files), isRecoveryError("BACKUP_STORE_BUSY", /whoever wrote claims/));
    assert.deepEqual(world.store.names("claims/"), [`claims/${secondSet}.json`]);
    world.store.afterCall = undefined;
    world.clock.advance(25 * hourMs);
    await writeSet(world.writing, files);
  }
});

test("whoever removes elsewhere and says nothing counts as gone after two hours, and the words say from when on", async () => {
  const world = setWorld();
  const owner = { host: "annas-laptop", pid: 55, bootId: "boot-9" };
  await putClaim(world.store, { id: secondSet, purpose: "remove", owner, startedAt: world.clock.nowIso(), token: "t" });
  await assert.rejects(
    writeSet(world.writing, files),
    isRecoveryError(
      "BACKUP_STORE_BUSY",
      /process 55 of annas-laptop .* from 2026-03-01T05:00:00\.000Z on, by the store's clock, it counts as gone/,
    ),
  );
  world.clock.advance(2 * hourMs);
  await writeSet(world.writing, files);
  assert.deepEqual(world.store.names("claims/"), []);
});

test("who clears and was asleep meanwhile, or is taken for dead, removes nothing more", async () => {
  for (const what of ["asleep", "taken for dead"]) {
    const world = setWorld();
    const left = await killedWriter(world);
    world.store.afterCall = (operation, name) => {
      if (operation !== "remove" || !name.startsWith("packs/")) return;
      if (what === "asleep") world.clock.advance(61 * 60_000);
      else for (const claim of world.store.names("claims/")) world.store.objects.delete(claim);
    };
    await assert.rejects(
      clearLeftovers(clearing(world)),
      isRecoveryError("BACKUP_STORE_BUSY", what === "asleep" ? /more than an hour/ : /took it for dead/),
    );
    assert.deepEqual(
      left.filter((name) => world.store.objects.has(name)),
      left.slice(1),
      what,
    );
    assert.equal(world.store.names("claims/").length, 1, "the next one sees that something is left");
  }
});
