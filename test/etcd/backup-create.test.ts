import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { createGrpcEtcdDialer } from "../../src/adapters/etcd-grpc/grpc-etcd-dialer.ts";
import { DirectoryStore } from "../../src/adapters/backup-store/directory-store.ts";
import { AgeKeyWrapping } from "../../src/adapters/system/age-key-wrapping.ts";
import { nodeSetCiphers } from "../../src/adapters/system/node-set-ciphers.ts";
import { SystemClock } from "../../src/adapters/system/system-clock.ts";
import { fromBase64Url } from "../../src/formats/backup-set/byte-text.ts";
import { openSet, type OpenSet } from "../../src/catalogue/set-reader.ts";
import type { ClusterConfig } from "../../src/model/cluster-config.ts";
import { asBackupSetId, asHostName, type HostName } from "../../src/model/ids.ts";
import { cli, workDirectory, type CliResult } from "../support/captured-cli.ts";
import { MachinesBelow, kubeadmFiles } from "../support/machines-below.ts";
import { etcdPrograms, RealEtcd } from "../support/real-etcd.ts";
import { dialerOptions, loopbackConfig } from "../support/real-etcd-subject.ts";

const secret = "planted-7f3e-secret";
const passphrase = "planted-passphrase correct horse";
const hosts = ["cp1", "cp2", "cp3"].map(asHostName);
const cp1 = hosts[0] as HostName;
const programs = await etcdPrograms("3.6");
const etcd = await RealEtcd.start({ memberCount: 3, version: "3.6" });
const directory = workDirectory();
const work = directory.path;
const machines = new MachinesBelow(etcd.directory);
const dialer = createGrpcEtcdDialer(dialerOptions(etcd, machines));
const identity = await new AgeKeyWrapping().newIdentity();
after(async () => {
  await dialer.close();
  await machines.close();
  await etcd.close();
  directory.remove();
});

for (const host of hosts) machines.put(host, kubeadmFiles(secret));
const dataDir = etcd.member(cp1).dataDir;
machines.mount(cp1, dataDir);
const passphraseFile = join(work, "passphrase");
writeFileSync(passphraseFile, `${passphrase}\n`, { mode: 0o600 });
const store = join(work, "store");
const loopback = loopbackConfig(hosts);
const config: ClusterConfig = {
  ...loopback,
  paths: { ...loopback.paths, etcdDataDir: dataDir },
  backup: {
    store,
    recipients: [identity.recipient],
    passphraseFile,
    signers: [],
    source: "follower",
    retention: { last: 1, daily: 1, weekly: 1, monthly: 1, neverBelow: 1 },
  },
};

interface Shown {
  readonly id: string;
  readonly revision: string;
  readonly hashKv: number;
  readonly totalKeys: number;
  readonly form: string;
  readonly sourceHost: string;
  readonly marks: readonly { readonly code: string; readonly because: string }[];
}

async function requorum(words: readonly string[]): Promise<CliResult> {
  const result = await cli(words, { config, ports: { hostAccess: machines, etcd: dialer, clock: new SystemClock() } }, work);
  assert.doesNotMatch(result.out + result.err, new RegExp(`${secret}|${passphrase}|AGE-SECRET-KEY`));
  const spool = join(work, "cache", "spool");
  assert.deepEqual(existsSync(spool) ? readdirSync(spool) : [], []);
  return result;
}

function setOf({ out }: CliResult): Shown {
  return (JSON.parse(out) as { readonly set: Shown }).set;
}

const codesOf = ({ marks }: Shown): readonly string[] => [...new Set(marks.map(({ code }) => code))].sort();

async function opened(id: string): Promise<OpenSet> {
  const list = JSON.parse((await requorum(["backup", "list", "-o", "json"])).out) as { readonly publicKey: string };
  const publicKey = fromBase64Url(list.publicKey);
  assert.ok(publicKey !== undefined);
  return openSet(
    { store: new DirectoryStore(store), ciphers: nodeSetCiphers, wrapping: new AgeKeyWrapping(), trust: { publicKeys: [publicKey] } },
    asBackupSetId(id),
    { kind: "identities", identities: [identity.identity] },
  );
}

async function contentOf(set: OpenSet, path: string): Promise<Buffer> {
  const part = set.parts.find((one) => one.path === path);
  assert.ok(part !== undefined, path);
  const chunks: Uint8Array[] = [];
  for await (const chunk of set.readPart(part)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function bytesStored(): { readonly all: Buffer; readonly packs: number } {
  const files = readdirSync(store, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const all = Buffer.concat(files.map((entry) => readFileSync(join(entry.parentPath, entry.name))));
  const packs = files
    .filter((entry) => entry.parentPath.includes("/packs"))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)).length);
  return { all, packs: packs.reduce((sum, size) => sum + size, 0) };
}

async function fill(from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += 1)
    await etcd.etcdctl(cp1, ["put", `/registry/configmaps/shop/c${String(at)}`, `${secret} ${String(at)} ${"value ".repeat(50)}`]);
}

/** From the cluster itself: what a member says at that revision. */
async function hashOnMember(host: HostName, revision: string): Promise<number> {
  const client = await dialer.dial(host, { timeoutMs: 10_000 });
  try {
    return (await client.hashKv(BigInt(revision), { timeoutMs: 10_000 })).hash;
  } finally {
    await client.close();
  }
}

test("backup create: the set of a real cluster has the members' own hashkv, and what etcdutl reads of it is the same", async () => {
  await fill(0, 30);
  const made = await requorum(["backup", "create", "-o", "json"]);
  assert.equal(made.code, 3, made.err);
  const set = setOf(made);
  assert.deepEqual(codesOf(set), ["API_DOWN"], JSON.stringify(set.marks));
  for (const host of hosts) assert.equal(await hashOnMember(host, set.revision), set.hashKv);
  const open = await opened(set.id);
  const file = join(work, "unsealed.db");
  writeFileSync(file, await contentOf(open, "snapshot.db"));
  const status = JSON.parse(execFileSync(join(programs, "etcdutl"), ["snapshot", "status", file, "-w", "json"], { encoding: "utf8" })) as {
    readonly revision: number;
  };
  assert.equal(String(status.revision), set.revision);
  assert.equal((await contentOf(open, "/etc/kubernetes/pki/sa.key")).toString(), `sa.key: ${secret}\n`);
  assert.equal(open.parts.filter(({ path }) => path === "/etc/kubernetes/pki/ca.key").length, 3);
  assert.ok(open.parts.some(({ path }) => path === "inventory.json"));
  assert.ok(open.parts.every(({ modifiedAt }) => modifiedAt >= 0));
  const { all } = bytesStored();
  for (const planted of [secret, passphrase, identity.identity]) assert.equal(all.includes(planted), false);
});

test("backup create: a second set shares what has not changed; list and show know both", async () => {
  const before = bytesStored().packs;
  await fill(30, 31);
  const second = setOf(await requorum(["backup", "create", "-o", "json"]));
  const added = bytesStored().packs - before;
  assert.ok(added < before, `${String(added)} bytes were added to ${String(before)}`);
  const list = await requorum(["backup", "list", "-o", "json"]);
  assert.equal(list.code, 0, list.err);
  const { sets } = JSON.parse(list.out) as { readonly sets: readonly { readonly set: Shown; readonly state: string }[] };
  assert.deepEqual(
    sets.map((one) => one.state),
    ["trusted", "trusted"],
  );
  assert.equal(sets[0]?.set.id, second.id);
  const shown = await requorum(["backup", "show"]);
  assert.equal(shown.code, 3, shown.err);
  assert.match(shown.out, new RegExp(second.id));
  assert.match(shown.out, /cp3\s+kubeconfig 1, static-pod 2, pki 7/);
  assert.match(shown.out, new RegExp(identity.recipient));
});

test("backup verify: what create says of a set is what is read of it again, and status shows it", async () => {
  const verified = await requorum(["backup", "verify", "--level", "V2"]);
  assert.equal(verified.code, 0, verified.out + verified.err);
  assert.match((await requorum(["status"])).out, /backup +\S+, .* old, V2 proven, API_DOWN/);
});

test("backup create: without quorum it is refused, and made with --accept; with everything down the data dir is copied", async () => {
  await etcd.kill(hosts[1] as HostName);
  await etcd.kill(hosts[2] as HostName);
  const refused = await requorum(["backup", "create"]);
  assert.equal(refused.code, 16, refused.err);
  assert.match(refused.err, /NO_QUORUM/);
  assert.match(refused.err, /requorum backup create --accept NO_QUORUM/);
  const alone = await requorum(["backup", "create", "--accept", "NO_QUORUM", "-o", "json"]);
  assert.equal(alone.code, 3, alone.err);
  assert.deepEqual(codesOf(setOf(alone)), ["API_DOWN", "MEMBER_UNHEALTHY", "NO_QUORUM"]);
  const { revision, hashKv } = setOf(alone);
  await etcd.kill(cp1);
  const offline = await requorum(["backup", "create"]);
  assert.equal(offline.code, 16, offline.err);
  assert.match(offline.err, /OFFLINE_COPY/);
  const copied = await requorum(["backup", "create", "--accept", "NO_QUORUM", "--accept", "OFFLINE_COPY", "-o", "json"]);
  assert.equal(copied.code, 3, copied.err);
  const set = setOf(copied);
  assert.deepEqual([set.form, set.sourceHost, set.revision, set.hashKv], ["data-dir", "cp1", revision, hashKv]);
  const open = await opened(set.id);
  const db = open.parts.find(({ kind, path }) => kind === "snapshot" && path === `${dataDir}/member/snap/db`);
  assert.equal(db?.host, "cp1");
  assert.ok(open.parts.some(({ kind, path }) => kind === "snapshot" && path.startsWith(`${dataDir}/member/wal/`)));
});
