import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeBackupStore } from "../../../test/support/fake-backup-store.ts";
import { dayId, writeDay } from "../../../test/support/prune-world.ts";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import { FakeBackupKeys, readSet, setWorld, type SetWorld } from "../../../test/support/set-world.ts";
import { NodeHashing } from "../../adapters/system/node-hashing.ts";
import { readStoreIdentity } from "../../catalogue/store-identity.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { copyBackup, type CopyContext } from "./copy-backup.ts";

function copyContext(world: SetWorld, other: Partial<CopyContext["backup"]> = {}): CopyContext {
  const { store, keys, ciphers, owner, isRunning = () => Promise.resolve(undefined) } = world.writing;
  return {
    ports: { clock: world.clock, hashing: new NodeHashing() },
    backup: { store, keys, ciphers, owner, isRunning, ...other },
    trust: world.reading.trust,
    operator: { by: "anna@operator", host: "operator" },
    signal: new AbortController().signal,
    report: () => undefined,
  };
}

const again = (id: string): string => `again ${id}`;
const onPassedOver = (): void => undefined;

test("copyBackup: this machine can open the copy with the key that it holds, and keeps another key that it holds for that store", async () => {
  const world = setWorld();
  await writeDay(world.writing, 1);
  const { keys } = world;
  const context = copyContext(world);
  const to = new FakeBackupStore();
  await copyBackup(context, { name: "latest", cluster: "north", to, again, onPassedOver });
  const held = await keys.readDataKey((await readStoreIdentity(to))?.storeId ?? "");
  assert.ok(held !== undefined);
  await readSet({ ...world.reading, store: to }, dayId(1), { kind: "held", key: held.key });

  const other = setWorld(new FakeBackupStore());
  await writeDay({ ...other.writing, keys }, 2);
  const own = await keys.readDataKey((await readStoreIdentity(other.store))?.storeId ?? "");
  await copyBackup(context, { name: "latest", cluster: "north", to: other.store, again, onPassedOver });
  assert.deepEqual(await keys.readDataKey((await readStoreIdentity(other.store))?.storeId ?? ""), own);
});

test("copyBackup: a copy that is listed is none that failed; what did not work beside it is a remark", async () => {
  const world = setWorld();
  await writeDay(world.writing, 1);
  const to = new FakeBackupStore();
  const damaged = () => Promise.reject(new RecoveryError("BACKUP_KEY_INVALID", { subject: "file k", detail: "it was changed" }));
  const keys = new FakeBackupKeys();
  keys.readDataKey = damaged;
  const seen = {
    read: () => Promise.resolve(undefined),
    write: () => Promise.reject(new RecoveryError("LOCAL_FILE_FAILED", { subject: "file seen", detail: "it is read-only" })),
  };
  const { remarks } = await copyBackup(copyContext(world, { keys, seen }), { name: "latest", cluster: "north", to, again, onPassedOver });
  assert.equal(to.names("sets/").length, 1);
  assert.equal(remarks.length, 2);
  assert.match(remarks.join("\n"), /does not hold the key.*it was changed \(BACKUP_KEY_INVALID\)\n.*does not remember.*it is read-only/);
});

test("copyBackup: nothing is written to a place whose disk is not mounted, until a new store is said to begin there", async () => {
  const world = setWorld();
  world.clock.advance(4 * 86_400_000);
  for (const day of [1, 2]) await writeDay(world.writing, day);
  const texts = new Map<string, string>();
  const seen = {
    read: (cluster: string) => Promise.resolve(texts.get(cluster)),
    write: (cluster: string, text: string) => Promise.resolve(void texts.set(cluster, text)),
  };
  const context = copyContext(world, { seen });
  const place = "/mnt/usb";
  const disk = new FakeBackupStore({ place });
  const copy = (to: FakeBackupStore, name = "latest", isNewStore = false) => {
    const commands = { begin: "requorum backup copy --to X --new-store", list: "requorum backup list --store X" };
    return copyBackup(context, { name, cluster: "north", to, again, onPassedOver, isNewStore, commands });
  };
  for (const name of ["latest", dayId(1)]) assert.deepEqual((await copy(disk, name)).remarks, []);
  assert.match(texts.get("north") ?? "", new RegExp(dayId(2)), "the newest of them is remembered");
  const root = new FakeBackupStore({ place });
  await assert.rejects(copy(root), (error) => {
    isRecoveryError("BACKUP_STORE_UNREACHABLE", /is the disk mounted/)(error);
    const commands = (error as RecoveryError).remedies.map(({ command }) => command);
    assert.deepEqual(commands, ["requorum backup list --store X", "requorum backup copy --to X --new-store"]);
    return true;
  });
  assert.deepEqual(root.names(), []);
  await copy(root, "latest", true);
  await copy(disk);
});
