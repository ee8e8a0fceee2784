import assert from "node:assert/strict";
import { test } from "node:test";
import { RecoveryError } from "../../model/recovery-error.ts";
import { remediesOnChosenCluster } from "../chosen-cluster.ts";
import { failureThere } from "./backup-copy.ts";

test("where a copy finds no room, room is made there, and nothing is pruned at the source", () => {
  const full = new RecoveryError("BACKUP_STORE_FULL", { subject: "store /mnt/b", detail: "no space is left there" });
  const error = failureThere(full, "/mnt/b", "/mnt/b");
  assert.ok(error instanceof RecoveryError && error.code === "BACKUP_STORE_FULL");
  const ofSets = [{ name: "store", value: "/mnt/a", verbs: ["backup prune"] }];
  const commands = remediesOnChosenCluster(error.remedies, { configFile: undefined, cluster: undefined, ofSets }).flatMap(
    ({ command }) => command ?? [],
  );
  assert.deepEqual(commands, ["requorum backup prune --store /mnt/b", "requorum backup prune --aside 0h --store /mnt/b"]);
  const other = new RecoveryError("BACKUP_STORE_BUSY", { subject: "s", detail: "d" });
  assert.equal(failureThere(other, "/mnt/b", "/mnt/b"), other);
});

test("what does not answer, fails or is no store where a copy goes is told of --to; of the source it is told of --store", () => {
  for (const code of ["BACKUP_STORE_UNREACHABLE", "BACKUP_STORE_FAILED", "BACKUP_STORE_INVALID"] as const) {
    const there = failureThere(new RecoveryError(code, { subject: "store /mnt/b", detail: "d" }), "/mnt/b", "/mnt/b");
    assert.ok(there instanceof RecoveryError && there.code === code);
    const words = there.remedies.map(({ why, command = "" }) => `${why} ${command}`).join("\n");
    assert.match(words, /--to/);
    assert.doesNotMatch(words, /--store|backup\.store|backup list/);
    const ofSource = new RecoveryError(code, { subject: "store /mnt/a", detail: "d" });
    assert.equal(failureThere(ofSource, "/mnt/b", "/mnt/b"), ofSource);
    const known = new RecoveryError(code, { subject: "store /mnt/b", detail: "d", remedies: [{ why: "mount it" }] });
    assert.equal(failureThere(known, "/mnt/b", "/mnt/b"), known, "who knows better is not spoken over");
  }
});
