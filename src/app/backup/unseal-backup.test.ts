import assert from "node:assert/strict";
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import {
  firstSet,
  identity,
  manifestFacts,
  partHead,
  recipient,
  seededBytes,
  setWorld,
  type SetWorld,
} from "../../../test/support/set-world.ts";
import { LocalPlainTreeWriter } from "../../adapters/local-fs/local-plain-tree.ts";
import { SetWriter, type BackupPartHead } from "../../catalogue/set-writer.ts";
import { asHostName } from "../../model/ids.ts";
import { unsealBackup } from "./unseal-backup.ts";

const owner = { host: "operator", pid: 100, bootId: "boot-1" };
const tree = new LocalPlainTreeWriter({ owner, isRunning: ({ pid }) => Promise.resolve(pid === 7 ? undefined : pid === owner.pid) });
const never = new AbortController().signal;
const snapshot = seededBytes(1, 200_000);
const key = seededBytes(2, 1675);

async function worldWith(parts: readonly (readonly [BackupPartHead, Uint8Array])[]): Promise<SetWorld> {
  const world = setWorld();
  const writer = await SetWriter.begin(world.writing, { id: firstSet, recipients: [recipient] });
  for (const [head, content] of parts) await writer.addPart(head, content);
  await writer.finish(manifestFacts());
  return world;
}

function link(path: string, target: string): BackupPartHead {
  return partHead(path, { type: "symlink", target, mode: 0o777 });
}

const usual: readonly (readonly [BackupPartHead, Uint8Array])[] = [
  [partHead("snapshot.db", { kind: "snapshot", host: undefined, mode: 0 }), snapshot],
  [partHead("/etc/kubernetes/pki/ca.key"), key],
  [partHead("/etc/kubernetes/pki/ca.crt", { mode: 0o4644 }), seededBytes(3, 1000)],
  [partHead("/etc/kubernetes/pki/ca.key", { host: asHostName("cp2") }), key],
  [partHead("/var/lib/kubelet/pki/2026.pem"), key],
  [link("/var/lib/kubelet/pki/current.pem", "/var/lib/kubelet/pki/2026.pem"), new Uint8Array()],
];

async function inDirectory(act: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "requorum-unseal-"));
  try {
    await act(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

test("unseal: the files of every machine lie below its name as they were, and a list says what they were", async () => {
  const { reading } = await worldWith(usual);
  await inDirectory(async (parent) => {
    const directory = join(parent, "out");
    const unsealed = await unsealBackup({ reading, tree, signal: never }, { id: firstSet, key: identity, directory });
    assert.equal(unsealed.parts.length, 6);
    assert.deepEqual(unsealed.notes, []);
    assert.deepEqual((await readdir(directory)).sort(), ["cluster", "cp1", "cp2", "requorum-set.json"]);
    assert.deepEqual(await readFile(join(directory, "cluster/snapshot.db")), Buffer.from(snapshot));
    assert.deepEqual(await readFile(join(directory, "cp2/etc/kubernetes/pki/ca.key")), Buffer.from(key));
    assert.equal(await readlink(join(directory, "cp1/var/lib/kubelet/pki/current.pem")), "2026.pem");
    for (const [path, mode] of [
      ["", 0o700],
      ["cp1/etc/kubernetes", 0o700],
      ["cluster/snapshot.db", 0o600],
      ["cp1/etc/kubernetes/pki/ca.key", 0o600],
      ["cp1/etc/kubernetes/pki/ca.crt", 0o644],
      ["requorum-set.json", 0o600],
    ] as const)
      assert.equal((await lstat(join(directory, path))).mode & 0o7777, mode, path);
    assert.equal((await lstat(join(directory, "cp1/etc/kubernetes/pki/ca.key"))).mtimeMs, 1_772_334_000_000);
    const list = JSON.parse(await readFile(join(directory, "requorum-set.json"), "utf8")) as { files: { at: string; uid: number }[] };
    assert.equal(list.files[1]?.at, "cp1/etc/kubernetes/pki/ca.key");
    assert.deepEqual(await readdir(parent), ["out"]);
  });
});

test("unseal: an empty directory is taken, one that holds anything is refused and left as it is", async () => {
  const { reading, store } = await worldWith(usual);
  await inDirectory(async (parent) => {
    await mkdir(join(parent, "empty"));
    await unsealBackup({ reading, tree, signal: never }, { id: firstSet, key: identity, directory: join(parent, "empty") });
    await mkdir(join(parent, "full"));
    await writeFile(join(parent, "full", "mine"), "x");
    store.calls.length = 0;
    await assert.rejects(
      unsealBackup({ reading, tree, signal: never }, { id: firstSet, key: identity, directory: join(parent, "full") }),
      isRecoveryError("TARGET_NOT_EMPTY"),
    );
    assert.deepEqual(await readdir(join(parent, "full")), ["mine"]);
    assert.deepEqual((await readdir(parent)).sort(), ["empty", "full"]);
  });
});

test("unseal: of a set with a damaged pack nothing is left, nor of one that is interrupted", async () => {
  const { reading, store } = await worldWith(usual);
  await inDirectory(async (parent) => {
    const [pack = ""] = store.names("packs/");
    const whole = store.objects.get(pack);
    store.damage(pack, (bytes) => void (bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1));
    const request = { id: firstSet, key: identity, directory: join(parent, "out") };
    await assert.rejects(unsealBackup({ reading, tree, signal: never }, request), isRecoveryError("BACKUP_SET_DAMAGED", /pack/));
    assert.deepEqual(await readdir(parent), []);
    if (whole !== undefined) store.objects.set(pack, whole);
    const stop = new AbortController();
    store.beforeCall = (operation, name) => {
      if (operation === "get" && name === pack) stop.abort(new Error("stopped"));
    };
    await assert.rejects(unsealBackup({ reading, tree, signal: stop.signal }, request), /stopped/);
    assert.deepEqual(await readdir(parent), []);
  });
});

test("unseal: paths of a set that no machine can have, or that two have, are refused before anything is written", async () => {
  for (const [heads, words] of [
    [[partHead("/../../etc/passwd")], /is no path of a file/],
    [[partHead("/etc//passwd")], /is no path of a file/],
    [[partHead("../x", { host: undefined })], /is no path of a file/],
    [[partHead("/a\0b")], /is no path of a file/],
    [[partHead("/x"), partHead("/x")], /two parts are cp1\/x/],
  ] as const) {
    const { reading } = await worldWith(heads.map((head) => [head, new Uint8Array()] as const));
    await inDirectory(async (parent) => {
      await assert.rejects(
        unsealBackup({ reading, tree, signal: never }, { id: firstSet, key: identity, directory: join(parent, "out") }),
        isRecoveryError("BACKUP_SET_DAMAGED", words),
      );
      assert.deepEqual(await readdir(parent), []);
    });
  }
});

test("unseal: links lead into the same machine's folder, or are not made; nothing is written through one, and such a set is not damaged", async () => {
  const [pki, other] = ["/etc/kubernetes/pki/ca.key", "/data/kubernetes/admin.conf"];
  const bytes = (text: string) => Buffer.from(text);
  const none = new Uint8Array();
  const { reading } = await worldWith([
    // As older releases collected it: the link, what is behind it, and the same through it.
    [link("/etc/kubernetes", "../data/kubernetes"), none],
    [partHead(pki), bytes("key")],
    [partHead(pki.replace("/etc/", "/data/")), bytes("key")],
    [partHead("/etc/kubernetes/admin.conf"), bytes("through the link")],
    [partHead(other), bytes("in its place")],
    [partHead("/etc/kubernetes/only.conf"), bytes("only")],
    [link("/out", "../../../../../../etc/kubernetes/admin.conf"), none],
    [link("/abs", "/data/kubernetes/pki/ca.key"), none],
    [link("/etc/host-file", "/etc/shadow"), none],
    [link("/etc/round", "round"), none],
    [link("/etc/climb", "round/../../../../../x"), none],
    [link("/x", "/etc"), none],
    [partHead("/x/y/passwd"), bytes("x")],
    [partHead("/file"), bytes("f")],
    [partHead("/file/below"), bytes("b")],
  ]);
  await inDirectory(async (parent) => {
    const directory = join(parent, "out");
    const unsealed = await unsealBackup({ reading, tree, signal: never }, { id: firstSet, key: identity, directory });
    const read = (path: string) => readFile(join(directory, "cp1", path), "utf8");
    assert.deepEqual(await Promise.all([read("data/kubernetes/pki/ca.key"), read(pki), read("abs")]), ["key", "key", "key"]);
    assert.deepEqual(await Promise.all([read(other), read("out"), read("requorum-aside/etc/kubernetes/admin.conf")]), [
      "in its place",
      "in its place",
      "through the link",
    ]);
    assert.deepEqual(await Promise.all([read("etc/y/passwd"), read("x/y/passwd"), read("data/kubernetes/only.conf")]), ["x", "x", "only"]);
    assert.deepEqual(await Promise.all([read("file"), read("requorum-aside/file/below")]), ["f", "b"]);
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((one) => one.isSymbolicLink()))
      assert.ok((await realpath(join(entry.parentPath, entry.name))).startsWith(join(directory, "cp1/")), entry.name);
    for (const gone of ["etc/host-file", "etc/round", "etc/climb"]) await assert.rejects(lstat(join(directory, "cp1", gone)), /ENOENT/);
    const told = unsealed.notes.join("\n");
    assert.match(told, /the link cp1\/etc\/host-file was not made: it led to \/etc\/shadow of its machine, which is not in the set/);
    assert.match(
      told,
      /cp1\/etc\/kubernetes\/admin\.conf is cp1\/requorum-aside\/etc\/kubernetes\/admin\.conf: another part is in its place/,
    );
    const list = JSON.parse(await readFile(join(directory, "requorum-set.json"), "utf8")) as {
      notWritten: { path: string; target: string | null }[];
    };
    assert.ok(list.notWritten.some(({ path, target }) => path === "/etc/host-file" && target === "/etc/shadow"));
    assert.ok(list.notWritten.some(({ path }) => path === pki));
  });
});

test("unseal: what a killed run left in clear is removed by the next one beside it; of whom nobody knows, it stays and is told", async () => {
  const { reading } = await worldWith(usual);
  await inDirectory(async (parent) => {
    for (const [target, pid] of [
      ["old", 200],
      ["living", 100],
      ["elsewhere", 7],
    ] as const) {
      const other = new LocalPlainTreeWriter({ owner: { ...owner, pid }, isRunning: () => Promise.resolve(true) });
      const begun = await other.begin(join(parent, target));
      await begun.addFile("cp1/ca.key", { mode: 0o600, modifiedAt: 0 }, Readable.from([Buffer.from("planted-key")]));
    }
    await mkdir(join(parent, ".out.requorum-0123456789ab"));
    await mkdir(join(parent, ".data.requorum-0123456789ab"));
    const unsealed = await unsealBackup({ reading, tree, signal: never }, { id: firstSet, key: identity, directory: join(parent, "out") });
    const namesOf = (paths: readonly string[]) => paths.map((path) => basename(path).replace(/[0-9a-f]{12}$/, "")).sort();
    assert.deepEqual(namesOf(unsealed.cleared), [".old.requorum-"]);
    assert.deepEqual(namesOf(unsealed.leftovers), [".elsewhere.requorum-", ".living.requorum-", ".out.requorum-"]);
    assert.deepEqual(namesOf(await readdir(parent)), [
      ".data.requorum-",
      ".elsewhere.requorum-",
      ".living.requorum-",
      ".out.requorum-",
      "out",
    ]);
    assert.deepEqual((await readdir(join(parent, "out"))).sort(), ["cluster", "cp1", "cp2", "requorum-set.json"]);
  });
});
