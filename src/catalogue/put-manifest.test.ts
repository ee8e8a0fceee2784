import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeBackupStore } from "../../test/support/fake-backup-store.ts";
import { isRecoveryError } from "../../test/support/is-recovery-error.ts";
import { agreed, copyingOf, dayId, pruneRequest, pruningOf, writeDay } from "../../test/support/prune-world.ts";
import { manifestFacts, partHead, recipient, seededBytes, setWorld, type SetWorld } from "../../test/support/set-world.ts";
import type { ErrorCode } from "../model/error-catalogue.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { copySet } from "./copy-set.ts";
import { applyPrune, planPrune } from "./prune-store.ts";
import { SetWriter } from "./set-writer.ts";

function fullAtManifest(store: FakeBackupStore, when: "before it lands" | "after it landed"): void {
  const refuse = (operation: string, name: string): void => {
    if (operation === "put" && name.startsWith("sets/"))
      throw new RecoveryError("BACKUP_STORE_FULL", { subject: "store /x", detail: `no room for ${name}` });
  };
  if (when === "before it lands") store.beforeCall = refuse;
  else store.afterCall = refuse;
}

async function dayTwoFails(world: SetWorld, code: ErrorCode): Promise<void> {
  const writer = await SetWriter.begin(world.writing, { id: dayId(2), recipients: [recipient] });
  await writer.addPart(partHead("/own"), seededBytes(2, 70_000));
  await assert.rejects(writer.finish(manifestFacts()), isRecoveryError(code));
  await writer.abort();
}

test("a store that has no room for the manifest answered: what was stored goes, and a prune makes room at once", async () => {
  const world = setWorld();
  await writeDay(world.writing, 1);
  const before = world.store.names();
  fullAtManifest(world.store, "before it lands");
  await dayTwoFails(world, "BACKUP_STORE_FULL");
  world.store.beforeCall = undefined;
  assert.deepEqual(world.store.names(), before);
  const [pruning, request] = [pruningOf(world), pruneRequest({ last: 1 })];
  const plan = await planPrune(pruning, request);
  await applyPrune(pruning, { plan, request, consent: agreed(plan) });
});

test("a manifest that is there all the same keeps what it needs, also where it cannot be looked for", async () => {
  for (const isSilent of [false, true]) {
    const world = setWorld();
    fullAtManifest(world.store, "after it landed");
    if (isSilent)
      world.store.beforeCall = (operation, name) => {
        if (operation === "stat" && name.startsWith("sets/") && world.store.names("sets/").length > 0) {
          world.store.beforeCall = undefined;
          throw new RecoveryError("BACKUP_STORE_UNREACHABLE", { subject: "store /x", detail: "no answer" });
        }
      };
    const packs = async () => {
      await dayTwoFails(world, "BACKUP_SET_UNDECIDED");
      return world.store.names("packs/").length;
    };
    assert.equal(await packs(), 1);
    assert.equal(world.store.names("sets/").length, 1);
  }
});

test("copySet: a store that has no room for the manifest keeps nobody from making room", async () => {
  const world = setWorld();
  await writeDay(world.writing, 1);
  const to = new FakeBackupStore({ nowIso: () => world.clock.nowIso() });
  fullAtManifest(to, "before it lands");
  await assert.rejects(copySet(copyingOf(world, to), dayId(1)), isRecoveryError("BACKUP_STORE_FULL", /^(?!.*may still appear)/));
  assert.deepEqual(to.names("claims/"), []);
});

/** The store answers no call from the n-th on that follows the manifest's put; 0: the put took effect, and its answer is lost. */
function goneAfterManifest(store: FakeBackupStore, calls: number): void {
  let left: number | undefined;
  const gone = () => new RecoveryError("BACKUP_STORE_UNREACHABLE", { subject: `store ${store.place}`, detail: "the connection is gone" });
  store.afterCall = (operation, name) => {
    if (operation !== "put" || !name.startsWith("sets/")) return;
    left = calls - 1;
    if (calls === 0) throw gone();
  };
  store.beforeCall = () => {
    if (left === undefined) return;
    if (left <= 0) throw gone();
    left -= 1;
  };
}

test("a store that is gone after the manifest was put: the set is made, or the error names it and how to look for it", async () => {
  for (const calls of [0, 1, 2, 3, 4]) {
    const world = setWorld();
    const writer = await SetWriter.begin(world.writing, { id: dayId(2), recipients: [recipient] });
    await writer.addPart(partHead("/own"), seededBytes(2, 70_000));
    goneAfterManifest(world.store, calls);
    if (calls > 0) {
      assert.equal((await writer.finish(manifestFacts())).id, dayId(2));
      const expected =
        calls === 1
          ? /^set 20260302-\S+ was stored; .*the connection is gone.*verify 20260302-\S+ --level V1 --store \/fake\/backup$/
          : /^$/;
      assert.match(writer.remarks.join("\n"), expected);
    } else
      await assert.rejects(writer.finish(manifestFacts()), (error) => {
        assert.ok(isRecoveryError("BACKUP_SET_UNDECIDED", /the connection is gone.*Set 20260302-\S+ may still appear/)(error));
        const { subject, remedies } = error as RecoveryError;
        assert.equal(subject, `set ${dayId(2)}`);
        assert.deepEqual(
          remedies.map(({ command }) => command),
          ["requorum backup list --store /fake/backup", `requorum backup verify ${dayId(2)} --level V1 --store /fake/backup`],
        );
        return true;
      });
    assert.deepEqual(world.store.names("sets/"), [`sets/${dayId(2)}.json`]);
  }
});

test("a set whose writer was taken for dead, and that cannot be taken out of the list, is named with what may be wrong with it", async () => {
  const world = setWorld();
  const writer = await SetWriter.begin(world.writing, { id: dayId(2), recipients: [recipient] });
  world.store.afterCall = (operation, name) => {
    if (operation === "put" && name.startsWith("sets/")) world.store.objects.delete(`claims/${dayId(2)}.json`);
  };
  world.store.beforeCall = (operation, name) => {
    if (operation === "remove" && name.startsWith("sets/"))
      throw new RecoveryError("BACKUP_STORE_UNREACHABLE", { subject: "store", detail: "the connection is gone" });
  };
  const expected = isRecoveryError("BACKUP_SET_UNDECIDED", /may be listed there, and what it needs may be gone/);
  await assert.rejects(writer.finish(manifestFacts()), expected);
});
