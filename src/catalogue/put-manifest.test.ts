import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeBackupStore } from "../../test/support/fake-backup-store.ts";
import { isRecoveryError } from "../../test/support/is-recovery-error.ts";
import { agreed, copyingOf, dayId, pruneRequest, pruningOf, writeDay } from "../../test/support/prune-world.ts";
import { manifestFacts, partHead, recipient, seededBytes, setWorld, type SetWorld } from "../../test/support/set-world.ts";
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

async function dayTwoFails(world: SetWorld): Promise<void> {
  const writer = await SetWriter.begin(world.writing, { id: dayId(2), recipients: [recipient] });
  await writer.addPart(partHead("/own"), seededBytes(2, 70_000));
  await assert.rejects(writer.finish(manifestFacts()), isRecoveryError("BACKUP_STORE_FULL"));
  await writer.abort();
}

test("a store that has no room for the manifest answered: what was stored goes, and a prune makes room at once", async () => {
  const world = setWorld();
  await writeDay(world.writing, 1);
  const before = world.store.names();
  fullAtManifest(world.store, "before it lands");
  await dayTwoFails(world);
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
      await dayTwoFails(world);
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
