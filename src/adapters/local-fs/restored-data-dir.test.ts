import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { MemoryBolt, putEntry } from "../../../test/support/memory-bolt.ts";
import { planRestore, type RestorePlan } from "../../formats/etcd/restore/restore-plan.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { writeRestoredDataDirs, type RestoreTarget } from "./restored-data-dir.ts";

const good = new MemoryBolt({ key: [putEntry(2n, "a", { create: 2n })], meta: [] });
const bad = new MemoryBolt({ key: [{ key: putEntry(2n, "a", { create: 2n }).key, value: Uint8Array.of(0x0a, 0x7f) }], meta: [] });

function inDirectory(use: (directory: string, plan: RestorePlan, targets: readonly RestoreTarget[]) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "requorum-restored-"));
  try {
    const members = ["m1", "m2"].map((name) => ({ name, peerUrls: [`http://${name}:1`] }));
    const plan = planRestore(good, { clusterToken: "t", members }, (data) => createHash("sha1").update(data).digest());
    use(
      directory,
      plan,
      plan.members.map((member) => ({ member, path: join(directory, "new", member.name) })),
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test("restored data dirs: whole, private, and the same database for each member", () => {
  inDirectory((directory, plan, targets) => {
    writeRestoredDataDirs(good, plan, targets);
    assert.deepEqual(readdirSync(join(directory, "new")).sort(), ["m1", "m2"]);
    const [db1, db2] = ["m1", "m2"].map((name) => readFileSync(join(directory, "new", name, "member/snap/db")));
    assert.ok(db1 && db2 && db1.equals(db2));
    assert.equal(statSync(join(directory, "new/m1/member/wal")).mode & 0o777, 0o700);
    assert.equal(statSync(join(directory, "new/m1/member/snap/db")).mode & 0o777, 0o600);
  });
});

test("restored data dirs: an empty directory is taken, one with anything in it is TARGET_NOT_EMPTY and nothing is written", () => {
  inDirectory((directory, plan, targets) => {
    mkdirSync(join(directory, "new/m1"), { recursive: true });
    mkdirSync(join(directory, "new/m2"), { recursive: true });
    writeFileSync(join(directory, "new/m2/left"), "");
    assert.throws(
      () => {
        writeRestoredDataDirs(good, plan, targets);
      },
      (error) => error instanceof RecoveryError && error.code === "TARGET_NOT_EMPTY",
    );
    assert.deepEqual(readdirSync(join(directory, "new/m1")), []);
    rmSync(join(directory, "new/m2/left"));
    writeRestoredDataDirs(good, plan, targets);
    assert.deepEqual(readdirSync(join(directory, "new/m1")), ["member"]);
  });
});

test("restored data dirs: a source that is damaged leaves nothing behind", () => {
  inDirectory((directory, plan, targets) => {
    assert.throws(
      () => {
        writeRestoredDataDirs(bad, plan, targets);
      },
      (error) => error instanceof RecoveryError && error.code === "FILE_DAMAGED",
    );
    assert.deepEqual(readdirSync(join(directory, "new")), []);
  });
});
