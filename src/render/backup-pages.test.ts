import assert from "node:assert/strict";
import { test } from "node:test";
import { dayId, judgeDay, proveDay, writeDay } from "../../test/support/prune-world.ts";
import { setWorld } from "../../test/support/set-world.ts";
import { glanceAtBackups } from "../app/backup/glance-at-backups.ts";
import { listBackups } from "../app/backup/list-backups.ts";
import { newestProblem } from "../cli/backup/status-backups.ts";
import { proofSummary, standingOf } from "../cli/commands/backup-list.ts";
import { drawPage } from "../cli/terminal/draw-page.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { setSummary, type ListedBackup } from "./backup-document.ts";
import { backupListPage } from "./backup-pages.ts";

test("list and status: a set that could not be read since it was proven, or a proof of which cannot be, is neither proven nor failing", async () => {
  const world = setWorld();
  for (const day of [1, 2, 3]) await writeDay(world.writing, day);
  for (const day of [1, 2]) await proveDay(world, day, "V5");
  const lost = await proveDay(world, 3, "V5");
  world.clock.advance(4 * 86_400_000);
  await judgeDay(world, 2, ["holds", "unknown"]);
  world.store.beforeCall = (operation, name) => {
    if (operation === "get" && name === lost) throw new RecoveryError("BACKUP_STORE_FAILED", { subject: "store", detail: "EIO" });
  };
  const context = { backup: world.writing, trust: world.reading.trust, signal: new AbortController().signal };
  const nowMs = world.clock.nowMs();
  const sets = (await listBackups(context, nowMs)).map(({ set, restorability }): ListedBackup => {
    assert.ok(set.kind === "trusted");
    return {
      state: "trusted",
      ...standingOf(set, restorability),
      ageSeconds: 1,
      set: setSummary(set.manifest),
      proof: proofSummary(restorability),
    };
  });
  const page = backupListPage({
    apiVersion: "requorum/v1",
    kind: "BackupList",
    cluster: "north",
    store: "/x",
    publicKey: "",
    schedule: undefined,
    lost: undefined,
    isStore: true,
    remarks: [],
    sets,
  });
  const text = drawPage(page, { columns: 500, hasColor: false });
  assert.match(text, new RegExp(`${dayId(3)}.* unreadable `));
  assert.match(text, new RegExp(`${dayId(2)}.* V0, unreadable `));
  assert.match(text, new RegExp(`${dayId(1)}.* V5 +100 `));
  assert.match(text, new RegExp(`${dayId(2)} +what is stored could not be read when it was last tried \\(V1\\): seen`));
  assert.match(
    newestProblem(await glanceAtBackups(context, "north", nowMs)) ?? "",
    new RegExp(`${dayId(3)}: a proof of it cannot be read`),
  );
});
