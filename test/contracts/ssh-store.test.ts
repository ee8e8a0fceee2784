import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openStoreForTests } from "../support/open-store-for-tests.ts";
import { killStoreWriter } from "../support/kill-store-writer.ts";
import { SmallDisk } from "../support/small-disk.ts";
import { sshdMissing, startSshServer, type SshServer } from "../support/ssh-server.ts";
import { backupStoreContract } from "./backup-store.contract.ts";

backupStoreContract(
  "SshStore with a real sshd",
  async () => {
    const server = await startSshServer();
    const directory = join(server.directory, "store");
    const options = { sshConfigFile: server.configFile };
    const open = (host: string, path = directory) =>
      openStoreForTests(`ssh://${host}${path}`, { ...options, controlDirectory: join(server.directory, "c") });
    const store = open("good");
    const other = openStoreForTests(`ssh://good${directory}`, { ...options, controlDirectory: join(server.directory, "d") });
    const failing = [
      { why: "a changed host key", store: open("key-changed"), code: "SSH_HOST_KEY_CHANGED" as const },
      { why: "an unknown host key", store: open("key-unknown"), code: "SSH_HOST_KEY_UNKNOWN" as const },
      { why: "a key that is not accepted", store: open("wrong-key"), code: "BACKUP_STORE_FAILED" as const },
      { why: "a closed port", store: open("closed"), code: "BACKUP_STORE_UNREACHABLE" as const },
      { why: "a machine that never answers", store: open("blackholed"), code: "BACKUP_STORE_UNREACHABLE" as const },
    ];
    return {
      store,
      other,
      failing,
      secrets: ["PRIVATE KEY"],
      killWriterOf: (name, content) =>
        killStoreWriter({
          place: `ssh://good${directory}`,
          sshConfigFile: server.configFile,
          name,
          content,
          killAfterMs: 20 + Math.random() * 200,
        }),
      close: async () => {
        for (const one of [store, other, ...failing.map((entry) => entry.store)]) await one.close();
        await server.remove();
      },
    };
  },
  sshdMissing,
);

let server: SshServer;
const options = { skip: sshdMissing, timeout: 60_000 };
before(async () => {
  if (sshdMissing === false) server = await startSshServer();
});
after(async () => {
  if (sshdMissing === false) await server.remove();
});
const open = (path: string) =>
  openStoreForTests(`ssh://good${path}`, { sshConfigFile: server.configFile, controlDirectory: join(server.directory, "c") });

test("SshStore: files are 0600 in folders of 0700, and nothing unfinished is left behind", options, async () => {
  const directory = join(server.directory, "modes");
  const store = open(directory);
  await store.put("sets/one.json", Buffer.from("x"));
  assert.equal(statSync(join(directory, "sets/one.json")).mode & 0o777, 0o600);
  for (const folder of ["", "sets", ".unfinished"]) assert.equal(statSync(join(directory, folder)).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(join(directory, ".unfinished")), []);
  await store.close();
});

test(
  "SshStore: a directory whose parent is not there, as of a disk that is not mounted, is an error and is not made",
  options,
  async () => {
    const store = open(join(server.directory, "not-mounted", "store"));
    await assert.rejects(store.put("sets/one.json", Buffer.from("x")), { code: "BACKUP_STORE_UNREACHABLE" });
    await assert.rejects(store.list(""), { code: "BACKUP_STORE_UNREACHABLE" });
    assert.equal(existsSync(join(server.directory, "not-mounted")), false);
    await store.close();
  },
);

test("SshStore: files of others are not listed, whatever they are called", options, async () => {
  const directory = join(server.directory, "others");
  const store = open(directory);
  await store.put("sets/one.json", Buffer.from("x"));
  for (const name of [".hidden", "with space", "new\nline", "12 13 .\n14 15 ./sets/forged.json"])
    writeFileSync(join(directory, "sets", name.replaceAll("/", "_")), "x");
  mkdirSync(join(directory, "sets", "folder"));
  assert.deepEqual(
    (await store.list("")).map((one) => one.name),
    ["sets/one.json"],
  );
  await store.close();
});

test(
  "SshStore: a full disk is told, and leaves nothing",
  { ...options, skip: process.getuid?.() === 0 ? sshdMissing : "needs root" },
  async () => {
    const disk = await SmallDisk.make(2 * 1024 * 1024);
    const store = open(join(disk.seen, "store"));
    try {
      await store.put("sets/one.json", Buffer.from("x"));
      await assert.rejects(store.put("sets/two.json", Buffer.alloc(4 * 1024 * 1024, 7)), {
        code: "BACKUP_STORE_FULL",
        message: /[Nn]o space left/,
      });
      assert.equal(await store.stat("sets/two.json"), undefined);
      assert.deepEqual(readdirSync(join(disk.seen, "store", ".unfinished")), []);
      await store.remove("sets/one.json", { forGood: true });
      assert.ok(!existsSync(join(disk.seen, "store", "aside")), "nothing is put aside where room is wanted");
      disk.free();
      await store.put("sets/two.json", Buffer.alloc(4 * 1024 * 1024, 7));
    } finally {
      await store.close();
      await disk.close();
    }
  },
);

test(
  "SshStore: what cannot be looked at is an error, never something that is not there, an empty listing or a removal that is done",
  options,
  async () => {
    const directory = join(server.directory, "unseen");
    const store = open(directory);
    const pack = `packs/ab/${"ab".repeat(32)}`;
    await store.put("sets/one.json", Buffer.from("x"));
    await store.put(pack, Buffer.from("y"));
    // A loop stands for every errno but "no such file": missing rights, a disk that fails, a stale handle.
    for (const folder of ["sets", "packs/ab"]) {
      renameSync(join(directory, folder), join(directory, `${folder}-away`));
      symlinkSync(join(directory, folder), join(directory, folder));
    }
    const told = { code: "BACKUP_STORE_FAILED" };
    await assert.rejects(store.list("sets/"), told);
    await assert.rejects(store.stat("sets/one.json"), told);
    await assert.rejects(store.get(pack), told);
    await assert.rejects(store.stat(pack), told);
    await assert.rejects(store.remove(pack), told);
    await assert.rejects(store.put("sets/one.json", Buffer.from("x")), told);
    const looped = join(server.directory, "looped");
    symlinkSync(looped, looped);
    const other = open(looped);
    await assert.rejects(other.list("sets/"), told);
    await assert.rejects(other.stat("sets/one.json"), told);
    for (const one of [store, other]) await one.close();
  },
);

test(
  "SshStore: one file that the disk does not give ends a listing; one that went meanwhile does not; what is there already is synced",
  options,
  async () => {
    const shims = join(server.directory, "failing-shims");
    const syncs = join(server.directory, "syncs");
    mkdirSync(shims);
    const found = execFileSync("sh", ["-c", "command -v stat; command -v sync"], { encoding: "utf8" }).split("\n");
    const words =
      "case $* in *broken*) echo \"stat: cannot statx 'it': Input/output error\" >&2; exit 1;; *gone*) echo \"stat: cannot statx 'it': No such file or directory\" >&2; exit 1;; esac";
    writeFileSync(join(shims, "stat"), `#!/bin/sh\n${words}\nexec ${String(found[0])} "$@"\n`);
    writeFileSync(join(shims, "sync"), `#!/bin/sh\necho "$1" >> ${syncs}\nexec ${String(found[1])} "$@"\n`);
    for (const name of ["stat", "sync"]) chmodSync(join(shims, name), 0o755);
    const shimmed = await startSshServer({ environment: { PATH: `${shims}:${process.env["PATH"] ?? ""}` } });
    const directory = join(shimmed.directory, "store");
    const store = openStoreForTests(`ssh://good${directory}`, {
      sshConfigFile: shimmed.configFile,
      controlDirectory: join(shimmed.directory, "c"),
    });
    try {
      await store.put("sets/one.json", Buffer.from("x"));
      writeFileSync(syncs, "");
      await store.put("sets/one.json", Buffer.from("x"));
      assert.ok(readFileSync(syncs, "utf8").split("\n").includes(join(directory, "sets")));
      writeFileSync(join(directory, "sets", "gone.json"), "x");
      assert.deepEqual(
        (await store.list("sets/")).map(({ name }) => name),
        ["sets/one.json"],
      );
      writeFileSync(join(directory, "sets", "broken.json"), "x");
      await assert.rejects(store.list("sets/"), { code: "BACKUP_STORE_FAILED", message: /Input\/output error/ });
      await assert.rejects(store.stat("sets/broken.json"), { code: "BACKUP_STORE_FAILED", message: /Input\/output error/ });
    } finally {
      await store.close();
      await shimmed.remove();
    }
  },
);

test("SshStore: on a file system without links objects are still written once", options, async () => {
  // A shim of ln in front of the real one refuses, as exFAT and some network file systems do.
  const shims = join(server.directory, "shims");
  mkdirSync(shims);
  writeFileSync(join(shims, "ln"), "#!/bin/sh\nexit 1\n");
  chmodSync(join(shims, "ln"), 0o755);
  const shimmed = await startSshServer({ environment: { PATH: `${shims}:${process.env["PATH"] ?? ""}` } });
  const store = openStoreForTests(`ssh://good${join(shimmed.directory, "store")}`, {
    sshConfigFile: shimmed.configFile,
    controlDirectory: join(shimmed.directory, "c"),
  });
  try {
    await store.put("sets/one.json", Buffer.from("first"));
    await store.put("sets/one.json", Buffer.from("first"));
    await assert.rejects(store.put("sets/one.json", Buffer.from("other")), { code: "BACKUP_OBJECT_EXISTS" });
    assert.equal(Buffer.from(await store.get("sets/one.json")).toString(), "first");
    assert.equal(execFileSync("ls", ["-A", join(shimmed.directory, "store", ".unfinished")], { encoding: "utf8" }), "");
  } finally {
    await store.close();
    await shimmed.remove();
  }
});

test("SshStore: a machine that hangs is noticed soon, and the same call works when it is back", options, async () => {
  const hanging = await startSshServer();
  const store = openStoreForTests(`ssh://good${join(hanging.directory, "store")}`, {
    sshConfigFile: hanging.configFile,
    controlDirectory: join(hanging.directory, "c"),
  });
  try {
    await store.put("sets/one.json", Buffer.from("x"));
    hanging.freeze();
    const begunMs = performance.now();
    await assert.rejects(store.get("sets/one.json"), { code: "BACKUP_STORE_UNREACHABLE", retry: "transient" });
    await assert.rejects(store.put("sets/two.json", Buffer.from("y")), { code: "BACKUP_STORE_UNREACHABLE", retry: "transient" });
    assert.ok(performance.now() - begunMs < 20_000);
    hanging.thaw();
    await store.put("sets/two.json", Buffer.from("y"));
    assert.equal(Buffer.from(await store.get("sets/two.json")).toString(), "y");
  } finally {
    hanging.thaw();
    await store.close();
    await hanging.remove();
  }
});
