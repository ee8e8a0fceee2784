import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { FileLastSeenStore } from "../../src/adapters/local-fs/file-last-seen-store.ts";
import { NodeHashing } from "../../src/adapters/system/node-hashing.ts";
import { SystemClock } from "../../src/adapters/system/system-clock.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { LastSeenStore } from "../../src/ports/last-seen-store.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FakeLastSeenStore } from "../support/fake-last-seen-store.ts";

async function clockContract(clock: Clock): Promise<void> {
  assert.match(clock.nowIso(), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.ok(Math.abs(Date.parse(clock.nowIso()) - clock.nowMs()) < 100);
  const before = clock.monotonicMs();
  await clock.sleep(20);
  assert.ok(clock.monotonicMs() - before >= 19, "time passed");
  const reason = new Error("stop");
  await assert.rejects(clock.sleep(10_000, AbortSignal.abort(reason)), reason);
  const controller = new AbortController();
  const sleeping = clock.sleep(10_000, controller.signal);
  controller.abort(reason);
  await assert.rejects(sleeping, reason);
}
test("SystemClock: tells time, sleeps, and wakes with the signal's reason", () => clockContract(new SystemClock()));
test("FakeClock: tells time, sleeps, and wakes with the signal's reason", () => clockContract(new FakeClock()));

async function lastSeenContract(store: LastSeenStore): Promise<void> {
  assert.equal(await store.read("c1"), undefined);
  await store.write("c1", "one");
  await store.write("c1", "two é");
  await store.write("c2", "other");
  assert.equal(await store.read("c1"), "two é");
  assert.equal(await store.read("c2"), "other");
}
test("FakeLastSeenStore: keeps the newest text per cluster, and says when there is none", () => lastSeenContract(new FakeLastSeenStore()));
test("FileLastSeenStore: keeps the newest text per cluster, and says when there is none", async () => {
  const stateDirectory = mkdtempSync(join(tmpdir(), "requorum-seen-"));
  await lastSeenContract(new FileLastSeenStore({ stateDirectory }));
  assert.deepEqual(readdirSync(join(stateDirectory, "c1", "last-seen")), ["inventory.json"]);
  assert.equal(statSync(join(stateDirectory, "c1", "last-seen", "inventory.json")).mode & 0o777, 0o600);
  chmodSync(stateDirectory, 0o700);
  writeFileSync(join(stateDirectory, "file"), "");
  await assert.rejects(new FileLastSeenStore({ stateDirectory: join(stateDirectory, "file") }).write("c1", "x"), {
    code: "LOCAL_FILE_FAILED",
  });
  rmSync(stateDirectory, { recursive: true });
});

test("FileLastSeenStore: a cluster that is gone is forgotten, its runs and other clusters are not", async () => {
  const stateDirectory = mkdtempSync(join(tmpdir(), "requorum-seen-"));
  const store = new FileLastSeenStore({ stateDirectory });
  for (const cluster of ["gone", "ran", "other"]) await store.write(cluster, "facts");
  mkdirSync(join(stateDirectory, "ran", "runs"));
  for (const cluster of ["gone", "ran", "never"]) await store.forget(cluster);
  assert.deepEqual([await store.read("gone"), await store.read("ran"), await store.read("other")], [undefined, undefined, "facts"]);
  assert.deepEqual([readdirSync(stateDirectory).sort(), readdirSync(join(stateDirectory, "ran"))], [["other", "ran"], ["runs"]]);
  rmSync(stateDirectory, { recursive: true });
});

test("NodeHashing: sha256 of text, of bytes and of a stream agree, and random text has the wanted length", () => {
  const hashing = new NodeHashing();
  const expected = createHash("sha256").update("é").digest("hex");
  assert.equal(hashing.sha256Hex("é"), expected);
  assert.equal(hashing.sha256Hex(new TextEncoder().encode("é")), expected);
  const stream = hashing.startSha256();
  for (const byte of new TextEncoder().encode("é")) stream.update(new Uint8Array([byte]));
  assert.equal(stream.digestHex(), expected);
  assert.match(hashing.randomHex(16), /^[0-9a-f]{32}$/);
  assert.notEqual(hashing.randomHex(16), hashing.randomHex(16));
});
