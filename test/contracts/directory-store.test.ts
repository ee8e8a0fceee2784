import assert from "node:assert/strict";
import { link, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
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

test("DirectoryStore: on a disk without links, of two that write one name with other bytes one is refused, and nothing is replaced", async () => {
  const place = await mkdtemp(join(tmpdir(), "requorum-store-"));
  const linkFile = () => Promise.reject(Object.assign(new Error("no links here"), { code: "EPERM" }));
  const writers = ["one", "two", "three", "four"];
  for (let round = 0; round < 20; round += 1) {
    const name = `claims/${String(round)}.json`;
    const done = await Promise.allSettled(
      writers.map((text) => new DirectoryStore(place, { linkFile }).put(name, Buffer.from(text)).then(() => text)),
    );
    const written = done.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    assert.equal(written.length, 1);
    assert.equal(Buffer.from(await new DirectoryStore(place).get(name)).toString(), written[0]);
  }
  await rm(place, { recursive: true });
});

test("DirectoryStore: on a disk without links, the reservation of a killed writer holds for a minute, and nobody for longer", async () => {
  const place = await mkdtemp(join(tmpdir(), "requorum-store-"));
  const store = new DirectoryStore(place, { linkFile: () => Promise.reject(Object.assign(new Error("no links here"), { code: "EPERM" })) });
  await store.put("sets/a.json", Buffer.from("a"));
  const reservation = join(place, ".unfinished", `name-${Buffer.from("sets/b.json").toString("hex")}`);
  await writeFile(reservation, "");
  await assert.rejects(store.put("sets/b.json", Buffer.from("b")), { code: "BACKUP_STORE_UNREACHABLE", message: /was killed at that/ });
  const before = new Date(Date.now() - 120_000);
  await utimes(reservation, before, before);
  await store.put("sets/b.json", Buffer.from("b"));
  assert.deepEqual(await readdir(join(place, ".unfinished")), []);
  await rm(place, { recursive: true });
});

test("DirectoryStore: a link that was made and then said to be taken, as NFS does when an answer was lost, is one's own; another's is not", async () => {
  const place = await mkdtemp(join(tmpdir(), "requorum-store-"));
  const taken = Object.assign(new Error("taken"), { code: "EEXIST" });
  const linkFile = (from: string, to: string) => link(from, to).then(() => Promise.reject(taken));
  const store = new DirectoryStore(place, { linkFile });
  await store.put("sets/a.json", Buffer.from("a"));
  assert.equal(Buffer.from(await store.get("sets/a.json")).toString(), "a");
  assert.deepEqual(await readdir(join(place, ".unfinished")), []);
  const late = new DirectoryStore(place, {
    linkFile: (_, to) => writeFile(to, "other").then(() => Promise.reject(taken)),
  });
  await assert.rejects(late.put("sets/b.json", Buffer.from("b")), { code: "BACKUP_OBJECT_EXISTS" });
  await rm(place, { recursive: true });
});
