import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
