import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { DirectoryStore } from "../../src/adapters/backup-store/directory-store.ts";
import { applyPrune, planPrune } from "../../src/catalogue/prune-store.ts";
import { SetWriter } from "../../src/catalogue/set-writer.ts";
import { parseAgeMs } from "../../src/cli/parse-age.ts";
import { asBackupSetId } from "../../src/model/ids.ts";
import { isRecoveryError } from "../support/is-recovery-error.ts";
import { agreed, pruneRequest, pruningOf, writeDay } from "../support/prune-world.ts";
import { manifestFacts, partHead, readSet, recipient, secondSet, seededBytes, setWorld, writeSet } from "../support/set-world.ts";
import { SmallDisk } from "../support/small-disk.ts";

test("a full disk under a directory store: the set fails with its reason, leaves nothing, and the one before stays good", async () => {
  const disk = await SmallDisk.make(12 * 1024 * 1024);
  try {
    const root = join(disk.seen, "sets");
    const world = setWorld(new DirectoryStore(root));
    const small = { "/ca.key": seededBytes(1, 1675) };
    await writeSet(world.writing, small);
    const writer = await SetWriter.begin(world.writing, { id: secondSet, recipients: [recipient] });
    const noise = new Uint8Array(20 * 1024 * 1024);
    for (let offset = 0; offset < noise.length; offset += 65_536) crypto.getRandomValues(noise.subarray(offset, offset + 65_536));
    const writing = async (): Promise<void> => {
      await writer.addPart(partHead("/noise"), noise);
      await writer.finish(manifestFacts());
    };
    await assert.rejects(writing(), isRecoveryError("BACKUP_STORE_FULL", /no space is left there \(ENOSPC\)/));
    // Not one block is left: clearing away must not need any.
    assert.throws(() => writeFileSync(join(disk.seen, "more"), Buffer.alloc(64 * 1024 * 1024)), { code: "ENOSPC" });
    await writer.abort();
    rmSync(join(disk.seen, "more"));
    assert.ok(
      !(await readdir(root)).includes("aside"),
      "what nobody wants back is deleted at once: where it was kept aside no directory could be made",
    );
    assert.deepEqual(await readdir(join(root, ".unfinished")), []);
    assert.deepEqual(
      (await world.store.list("")).map(({ name }) => name.replace(/\/.*/, "")),
      ["indexes", "packs", "requorum-store.json", "sets"],
    );
    assert.deepEqual(Buffer.from((await readSet(world.reading))["/ca.key"] ?? []), Buffer.from(small["/ca.key"]));
    disk.free();
    await writeSet(world.writing, { "/noise": noise }, { id: asBackupSetId("20260301-050000-cccccc") });
  } finally {
    await disk.close();
  }
});

test("a full disk under a directory store: prune begins by what lies aside; called twice with --aside 0h it makes room", async () => {
  const disk = await SmallDisk.make(12 * 1024 * 1024);
  try {
    const world = setWorld(new DirectoryStore(join(disk.seen, "sets")));
    world.clock.advance(Date.now() - world.clock.nowMs()); // a directory has the machine's clock
    for (let day = 1; day <= 5; day += 1) await writeDay(world.writing, day, { ownBytes: 1_000_000 });
    const prune = async (last: number) => {
      world.clock.advance(Date.now() + 1000 - world.clock.nowMs());
      const request = pruneRequest({ last }, { asideMs: parseAgeMs("0h", "option --aside") });
      const plan = await planPrune(pruningOf(world), request);
      return applyPrune(pruningOf(world), { plan, request, consent: agreed(plan) });
    };
    await prune(3);
    assert.throws(() => writeFileSync(join(disk.seen, "more"), Buffer.alloc(64 * 1024 * 1024)), { code: "ENOSPC" });
    await assert.rejects(writeDay(world.writing, 6), isRecoveryError("BACKUP_STORE_FULL"));
    assert.ok((await prune(1)).aside > 0, "of the prune before, without any room");
    assert.ok((await prune(1)).aside > 0, "of the first of the two");
    await writeDay(world.writing, 6, { ownBytes: 1_000_000 });
  } finally {
    await disk.close();
  }
});
