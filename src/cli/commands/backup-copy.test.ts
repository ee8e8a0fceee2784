import assert from "node:assert/strict";
import { test } from "node:test";
import { RecoveryError } from "../../model/recovery-error.ts";
import { remediesOnChosenCluster } from "../chosen-cluster.ts";
import { fullThere } from "./backup-copy.ts";

test("where a copy finds no room, room is made there, and nothing is pruned at the source", () => {
  const full = new RecoveryError("BACKUP_STORE_FULL", { subject: "store /mnt/b", detail: "no space is left there" });
  const error = fullThere(full, "/mnt/b");
  assert.ok(error instanceof RecoveryError && error.code === "BACKUP_STORE_FULL");
  const ofSets = [{ name: "store", value: "/mnt/a", verbs: ["backup prune"] }];
  const commands = remediesOnChosenCluster(error.remedies, { configFile: undefined, cluster: undefined, ofSets }).flatMap(
    ({ command }) => command ?? [],
  );
  assert.deepEqual(commands, ["requorum backup prune --store /mnt/b", "requorum backup prune --aside 0h --store /mnt/b"]);
  const other = new RecoveryError("BACKUP_STORE_BUSY", { subject: "s", detail: "d" });
  assert.equal(fullThere(other, "/mnt/b"), other);
});
