import assert from "node:assert/strict";
import { test } from "node:test";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import { dayId, proveDay, writeDay } from "../../../test/support/prune-world.ts";
import { FakeBackupKeys, manifestFacts, seededBytes, setWorld, writeSet } from "../../../test/support/set-world.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { glanceAtBackups } from "./glance-at-backups.ts";

const { name } = manifestFacts().cluster;

test("glanceAtBackups: the newest trusted set of the cluster; a damaged manifest and one of another cluster are passed over", async () => {
  const { writing, reading, store, clock } = setWorld();
  const context = { backup: writing, trust: reading.trust, signal: new AbortController().signal };
  assert.deepEqual(await glanceAtBackups(context, name, clock.nowMs()), {
    newest: undefined,
    lastProven: undefined,
    lost: undefined,
    unreadable: [],
    passedOver: [],
    unlisted: undefined,
  });
  const manifest = await writeSet(writing, { "/a": seededBytes(1, 10) });
  const damaged = "sets/20990101-000000-cccccc.json";
  await store.put(damaged, new TextEncoder().encode("{}"));
  const glance = await glanceAtBackups(context, name, clock.nowMs());
  const { newest } = glance;
  assert.deepEqual([newest?.manifest.id, newest?.restorability.level], [manifest.id, undefined]);
  assert.equal(glance.lastProven, undefined);
  assert.deepEqual(glance.unreadable, []); // it is of a far future, and comes last
  assert.equal((await glanceAtBackups(context, "another", clock.nowMs())).newest, undefined);
  const stranger = await glanceAtBackups({ ...context, trust: { publicKeys: [] } }, name, clock.nowMs());
  assert.equal(stranger.newest, undefined);
});

test("glanceAtBackups: sets of a neighbour and names of the future hide none; a newer one that cannot be read is told; where it gave up it says so", async () => {
  const { writing, reading, store, clock } = setWorld();
  const context = { backup: writing, trust: reading.trust, signal: new AbortController().signal };
  const manifest = await writeSet(writing, { "/a": seededBytes(1, 10) });
  clock.advance(86_400_000);
  const junk = (day: string, count: number): Promise<unknown> =>
    Promise.all(
      Array.from({ length: count }, (_, index) =>
        store.put(`sets/${day}-000000-${String(index).padStart(6, "0")}.json`, new TextEncoder().encode("{}")),
      ),
    );
  await junk("99990101", 60);
  await junk("20260302", 45);
  const glance = await glanceAtBackups(context, name, clock.nowMs());
  assert.equal(glance.newest?.manifest.id, manifest.id);
  assert.equal(glance.unreadable.length, 45);
  await junk("20260301", 400);
  await assert.rejects(glanceAtBackups(context, "another", clock.nowMs()), isRecoveryError("BACKUP_STORE_FAILED", /newest 400 sets/));
});

test("glanceAtBackups: one manifest or proof that the store does not give hides no other, and is told", async () => {
  const world = setWorld();
  const context = { backup: world.writing, trust: world.reading.trust, signal: new AbortController().signal };
  for (const day of [1, 2, 3]) await writeDay(world.writing, day);
  world.clock.advance(4 * 86_400_000);
  await proveDay(world, 1, "V5");
  const lost = await proveDay(world, 2, "V5");
  world.store.beforeCall = (operation, called) => {
    if (operation === "get" && (called === lost || called === `sets/${dayId(3)}.json`))
      throw new RecoveryError("BACKUP_STORE_FAILED", { subject: "store", detail: "EIO" });
  };
  const { newest, lastProven, unreadable } = await glanceAtBackups(context, name, world.clock.nowMs());
  assert.deepEqual([newest?.manifest.id, lastProven?.manifest.id, unreadable], [dayId(2), dayId(1), [dayId(3)]]);
  assert.match(newest?.restorability.because.join() ?? "", /a proof of it cannot be read/);
});

test("glanceAtBackups: a set of the future is the newest only where there is no other; it is told, and so is a newer one of an unknown signer", async () => {
  const world = setWorld();
  world.clock.advance(9 * 86_400_000);
  const context = { backup: world.writing, trust: world.reading.trust, signal: new AbortController().signal };
  const glance = () => glanceAtBackups(context, name, world.clock.nowMs());
  await writeDay(world.writing, 29);
  const alone = await glance();
  assert.deepEqual([alone.newest?.manifest.id, alone.passedOver], [dayId(29), []]);
  for (let day = 1; day <= 3; day += 1) await writeDay(world.writing, day);
  await writeDay({ ...world.writing, keys: new FakeBackupKeys() }, 4);
  const { newest, passedOver } = await glance();
  assert.equal(newest?.manifest.id, dayId(3));
  assert.deepEqual(
    passedOver.map(({ id, signer }) => [id, signer === undefined]),
    [
      [dayId(29), true],
      [dayId(4), false],
    ],
  );
});

test("glanceAtBackups: a set that was proven and whose packs are gone is not proven; where they are not listed in time, that is said", async () => {
  const world = setWorld();
  const context = { backup: world.writing, trust: world.reading.trust, signal: new AbortController().signal };
  for (const day of [1, 2]) await writeDay(world.writing, day);
  world.clock.advance(4 * 86_400_000);
  await proveDay(world, 1, "V5");
  await proveDay(world, 2, "V2");
  const late = new AbortController();
  const glance = () => glanceAtBackups(context, name, world.clock.nowMs(), late.signal);
  assert.equal((await glance()).newest?.restorability.level, "V2");
  const packs = world.store.names("packs/").map((pack) => [pack, world.store.objects.get(pack)] as const);
  for (const [pack] of packs) world.store.objects.delete(pack);
  const gone = await glance();
  assert.deepEqual(
    [gone.newest?.restorability.standing, gone.newest?.restorability.level, gone.lastProven],
    ["fails", undefined, undefined],
  );
  assert.equal(gone.unlisted, undefined);
  world.store.beforeCall = (operation, called) => {
    if (operation === "list" && called === "packs/") throw new RecoveryError("BACKUP_STORE_FAILED", { subject: "store", detail: "EIO" });
  };
  const refused = await glance();
  assert.deepEqual([refused.newest?.restorability.level, refused.unlisted], ["V2", "BACKUP_STORE_FAILED: EIO"]);
  late.abort();
  assert.equal((await glance()).unlisted, "the store did not list them in time");
});
