import assert from "node:assert/strict";
import { test } from "node:test";
import { backupTimerPage, type BackupTimerDocument } from "./backup-timer.ts";

const seen: BackupTimerDocument = {
  apiVersion: "requorum/v1",
  kind: "BackupTimer",
  cluster: "prod",
  scope: "system",
  directory: "/etc/systemd/system",
  units: [{ name: "requorum-backup-prod.timer", file: "none", activeState: undefined, unitFileState: undefined }],
  schedule: undefined,
  isConfigured: true,
  hasSystemd: true,
};

test("backup timer page: install is advised only where a systemd runs that does not refuse it", () => {
  const commands = (document: BackupTimerDocument) =>
    backupTimerPage(document).flatMap((block) => (block.kind === "command" ? [block.command] : []));
  assert.deepEqual(commands(seen), ["requorum backup timer install --every 6h"]);
  assert.deepEqual(commands({ ...seen, hasSystemd: false }), ["requorum backup run"]);
});
