import assert from "node:assert/strict";
import { mkdtemp, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { DirectoryStore } from "../../src/adapters/backup-store/directory-store.ts";
import { FakeBackupStore } from "../support/fake-backup-store.ts";
import { killStoreWriter } from "../support/kill-store-writer.ts";
import { backupStoreContract } from "./backup-store.contract.ts";

backupStoreContract("FakeBackupStore", () => {
  const store = new FakeBackupStore();
  return Promise.resolve({ store, other: store, failing: [], secrets: [], close: () => store.close() });
});

backupStoreContract("DirectoryStore", async () => {
  const parent = await mkdtemp(join(tmpdir(), "requorum-store-"));
  const place = join(parent, "store");
  return {
    store: new DirectoryStore(place),
    other: new DirectoryStore(place),
    failing: [
      { why: "a disk that is not mounted", store: new DirectoryStore(join(parent, "not", "mounted")), code: "BACKUP_STORE_UNREACHABLE" },
      { why: "a file in its place", store: new DirectoryStore("/dev/null"), code: "BACKUP_STORE_FAILED" },
    ],
    secrets: [],
    killWriterOf: (name, content) => killStoreWriter({ place, name, content, killAfterMs: Math.random() * 25 }),
    close: () => rm(parent, { recursive: true, force: true }),
  };
});

test("DirectoryStore: since when an object lies aside is told by the disk's own clock, not by that of who put it there", async () => {
  const place = await mkdtemp(join(tmpdir(), "requorum-store-"));
  const store = new DirectoryStore(place);
  await store.put("sets/a.json", new Uint8Array(1));
  await store.remove("sets/a.json");
  const lastWeek = new Date(Date.now() - 7 * 86_400_000);
  await utimes(join(place, "aside/sets/a.json"), lastWeek, lastWeek);
  const [aside] = await store.list("aside/");
  assert.ok(Date.now() - Date.parse(aside?.modifiedAt ?? "") < 60_000);
  await rm(place, { recursive: true });
});
