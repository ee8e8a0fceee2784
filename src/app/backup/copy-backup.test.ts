import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeBackupStore } from "../../../test/support/fake-backup-store.ts";
import { dayId, writeDay } from "../../../test/support/prune-world.ts";
import { readSet, setWorld } from "../../../test/support/set-world.ts";
import { NodeHashing } from "../../adapters/system/node-hashing.ts";
import { readStoreIdentity } from "../../catalogue/store-identity.ts";
import { copyBackup, type CopyContext } from "./copy-backup.ts";

test("copyBackup: this machine can open the copy with the key that it holds, and keeps another key that it holds for that store", async () => {
  const world = setWorld();
  await writeDay(world.writing, 1);
  const { store, keys, ciphers, owner, isRunning = () => Promise.resolve(undefined) } = world.writing;
  const context: CopyContext = {
    ports: { clock: world.clock, hashing: new NodeHashing() },
    backup: { store, keys, ciphers, owner, isRunning },
    trust: world.reading.trust,
    operator: { by: "anna@operator", host: "operator" },
    signal: new AbortController().signal,
    report: () => undefined,
  };
  const to = new FakeBackupStore();
  await copyBackup(context, { name: "latest", cluster: "north", to });
  const held = await keys.readDataKey((await readStoreIdentity(to))?.storeId ?? "");
  assert.ok(held !== undefined);
  await readSet({ ...world.reading, store: to }, dayId(1), { kind: "held", key: held.key });

  const other = setWorld(new FakeBackupStore());
  await writeDay({ ...other.writing, keys }, 2);
  const own = await keys.readDataKey((await readStoreIdentity(other.store))?.storeId ?? "");
  await copyBackup(context, { name: "latest", cluster: "north", to: other.store });
  assert.deepEqual(await keys.readDataKey((await readStoreIdentity(other.store))?.storeId ?? ""), own);
});
