import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test, type TestContext } from "node:test";
import { cli } from "../support/captured-cli.ts";
import { FakeEtcdCluster } from "../support/fake-etcd.ts";
import { kubeJson, landmarkWrites, sealedAesCbc, snapshotBytes, type KeyWrites } from "../support/kube-database.ts";
import { below, dataDirFilesOf } from "../support/memory-data-dir.ts";
import { putRequest } from "../support/raft-requests.ts";
import { firstSet, manifestFacts, partHead, secondSet, seededBytes, setWorld, sha256Hex } from "../support/set-world.ts";
import { DirectoryStore } from "../../src/adapters/backup-store/directory-store.ts";
import { AgeKeyWrapping } from "../../src/adapters/system/age-key-wrapping.ts";
import { SetWriter } from "../../src/catalogue/set-writer.ts";
import { asBackupSetId, asHostName, type BackupSetId } from "../../src/model/ids.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import type { EtcdDialer } from "../../src/ports/etcd-client.ts";
import { readClusterConfig } from "../../src/schemas/config.ts";

const sealKey = { name: "key1", secret: Buffer.alloc(32, 9) };
const encryption = `kind: EncryptionConfiguration\napiVersion: apiserver.config.k8s.io/v1\nresources:\n  - resources: [secrets]\n    providers:\n      - aescbc: {keys: [{name: key1, secret: ${sealKey.secret.toString("base64")}}]}\n`;
const apiServer = "kind: Pod\nspec: {containers: [{command: [kube-apiserver, --etcd-servers=https://127.0.0.1:2379]}]}\n";

/** Megabytes that compression does not make small, and what is looked for among them. */
const padding: KeyWrites = Array.from({ length: 30 }, (_, at) => [
  `/registry/configmaps/filler/f${String(at)}`,
  kubeJson(
    "v1",
    "ConfigMap",
    { name: `f${String(at)}`, namespace: "filler" },
    { data: { x: Buffer.from(seededBytes(at, 100_000)).toString("base64") } },
  ),
]);
const settings = (colour: string) => kubeJson("v1", "ConfigMap", { name: "settings", namespace: "shop" }, { data: { colour } });
const older: KeyWrites = [
  ...landmarkWrites,
  ["/registry/namespaces/shop", kubeJson("v1", "Namespace", { name: "shop" })],
  ["/registry/configmaps/shop/settings", settings("blue")],
  ...padding,
  [
    "/registry/secrets/shop/login",
    sealedAesCbc(kubeJson("v1", "Secret", { name: "login", namespace: "shop" }, { data: { user: "YW5uYQ==" } }), sealKey),
  ],
  ["/registry/configmaps/shop/settings", settings("green")],
];
const newer: KeyWrites = [...older, ["/registry/configmaps/shop/settings", settings("red")]];

const offlineSet = asBackupSetId("20260302-030000-cccccc");
const cp1 = asHostName("cp1");

let work = "";
let keyWords: readonly string[] = [];
before(async () => {
  work = await mkdtemp(join(tmpdir(), "requorum-get-cli-"));
  const world = setWorld(new DirectoryStore(join(work, "sets")));
  const wrapping = new AgeKeyWrapping({ passphraseWorkFactor: 4 });
  const { identity, recipient } = await wrapping.newIdentity();
  const write = async (id: BackupSetId, data: Readonly<Record<string, Uint8Array>>): Promise<void> => {
    const writer = await SetWriter.begin({ ...world.writing, wrapping }, { id, recipients: [recipient] });
    const stream = data["snapshot.db"];
    const host = stream === undefined ? cp1 : undefined;
    for (const [path, bytes] of Object.entries(data)) await writer.addPart(partHead(path, { kind: "snapshot", host }), bytes);
    await writer.addPart(partHead("/etc/kubernetes/enc/enc.yaml", { kind: "encryption-config" }), Buffer.from(encryption));
    await writer.addPart(partHead("/etc/kubernetes/manifests/kube-apiserver.yaml", { kind: "static-pod" }), Buffer.from(apiServer));
    await writer.addPart(partHead("/etc/kubernetes/pki/ca.key"), seededBytes(1, 2000));
    const { snapshot } = manifestFacts();
    const form = stream === undefined ? "data-dir" : "stream";
    const sha256 = stream === undefined ? undefined : sha256Hex(stream.subarray(0, -32));
    const marks = stream === undefined ? ([{ code: "NO_QUORUM", because: "nothing answered" }] as const) : [];
    await writer.finish(manifestFacts({ snapshot: { ...snapshot, form, sha256 }, marks }));
  };
  await write(firstSet, { "snapshot.db": snapshotBytes({ writes: older }) });
  await write(secondSet, { "snapshot.db": snapshotBytes({ writes: newer }) });
  const requests = [putRequest("/other/one"), putRequest("/other/two")];
  await write(offlineSet, below("/srv/member/etcd", dataDirFilesOf({ writes: landmarkWrites, requests })));
  await writeFile(join(work, "newer.db"), snapshotBytes({ writes: newer }));
  await writeFile(join(work, "identity.txt"), `${identity}\n`, { mode: 0o600 });
  const signer = Buffer.from(world.keys.signing.publicKey).toString("base64url");
  keyWords = ["--store", join(work, "sets"), "--identity", join(work, "identity.txt"), "--trust-signer", signer];
});
after(() => rm(work, { recursive: true, force: true }));

function backup(verb: "get" | "diff", ...words: readonly string[]): ReturnType<typeof cli> {
  return cli(["backup", verb, ...words, ...keyWords], {}, work);
}

/** What is brought from the store while this test runs: called before each object, and the bytes of content. */
function watching(context: TestContext, onGet: (name: string) => void = () => undefined): { readonly fetchedBytes: () => number } {
  const get = Object.getOwnPropertyDescriptor(DirectoryStore.prototype, "get")?.value as DirectoryStore["get"];
  let fetched = 0;
  context.mock.method(DirectoryStore.prototype, "get", async function (this: DirectoryStore, ...call: Parameters<DirectoryStore["get"]>) {
    onGet(call[0]);
    const bytes = await get.call(this, ...call);
    if (call[0].startsWith("packs/")) fetched += bytes.length;
    return bytes;
  });
  return { fetchedBytes: () => fetched };
}

async function packBytes(): Promise<number> {
  const names = await readdir(join(work, "sets/packs"), { recursive: true });
  const sizes = await Promise.all(names.map((name) => stat(join(work, "sets/packs", name))));
  return sizes.reduce((sum, one) => sum + (one.isFile() ? one.size : 0), 0);
}

test("backup get: one object is read with a small part of the set's bytes", async (context) => {
  const watch = watching(context);
  const { code, out, err } = await backup("get", firstSet, "configmap/settings", "-n", "shop");
  assert.equal(code, 0, err);
  assert.match(out, /colour: green/);
  assert.match(out, new RegExp(`${firstSet}.*revision`));
  const whole = await packBytes();
  assert.ok(whole > 1_000_000 && watch.fetchedBytes() < whole / 5, `${String(watch.fetchedBytes())} of ${String(whole)}`);
});

test("backup get: what is encrypted at rest is opened with the set's own configuration, which is named", async () => {
  const named = await backup("get", firstSet.slice(0, 12), "secret/login", "-n", "shop");
  assert.equal(named.code, 0, named.err);
  assert.match(named.out, /user: YW5uYQ==/);
  assert.match(named.err.replaceAll(/\s+/g, " "), /own encryption configuration: cp1:\/etc\/kubernetes\/enc\/enc\.yaml/);
});

test("backup get: a namespace, and an object of an old revision, are the same as of the file; what is missing says how to ask again", async () => {
  const words = [
    ["-n", "shop", "-o", "json"],
    ["cm/settings", "--revision", "5"],
  ];
  await writeFile(join(work, "enc.yaml"), encryption);
  for (const one of words) {
    const ofSet = await backup("get", secondSet, ...one);
    const ofFile = await cli(["snapshot", "get", join(work, "newer.db"), ...one, "--encryption-config", join(work, "enc.yaml")], {}, work);
    assert.equal(ofSet.code, 0, ofSet.err);
    assert.equal(ofSet.out.replaceAll(secondSet, "FILE"), ofFile.out.replaceAll(join(work, "newer.db"), "FILE"), one.join(" "));
  }
  const missing = await backup("get", secondSet, "cm/none", "-n", "shop");
  assert.equal(missing.code, 3);
  assert.match(missing.err, /OBJECT_NOT_FOUND/);
});

test("backup get: a set of an unknown signer is not read, and the call that trusts it is given whole", async (context) => {
  const watch = watching(context);
  const [store, identity, trust] = [keyWords.slice(0, 2), keyWords.slice(2, 4), keyWords.slice(4)];
  const { code, err } = await cli(
    ["backup", "get", firstSet.slice(0, 12), "cm/a,cm/b", "--raw", "-n", "shop", ...store, ...identity],
    {},
    work,
  );
  assert.equal(code, 15, err);
  const call = ["requorum backup get", firstSet, "cm/a,cm/b", ...store, "--namespace shop --raw", ...identity, ...trust].join(" ");
  assert.ok(err.replaceAll(/\s+/g, " ").includes(call), err);
  assert.equal(watch.fetchedBytes(), 0);
});

test("backup diff: against another set, and a file", async () => {
  const withSet = await backup("diff", firstSet, secondSet);
  assert.equal(withSet.code, 3, withSet.err);
  assert.match(withSet.out, new RegExp(`from ${firstSet} at revision .* to ${secondSet}`));
  assert.match(withSet.out, /changed configmaps shop\/settings\n +. data\.colour/);
  assert.match(withSet.out.replaceAll(/\s+/g, " "), /own encryption configuration/);
  const withFile = await backup("diff", firstSet, join(work, "newer.db"), "-o", "json");
  assert.equal(withFile.code, 3, withFile.err);
  const document = JSON.parse(withFile.out) as { readonly kind: string; readonly objects: readonly { readonly name: string }[] };
  assert.equal(document.kind, "SnapshotDiff");
  assert.deepEqual(
    document.objects.map(({ name }) => name),
    ["settings"],
  );
});

test("backup get: the copy of a stopped member's data dir is read with its log", async () => {
  const { code, out, err } = await backup("get", offlineSet, "ns");
  assert.equal(code, 0, err);
  assert.match(out, /name: kube-system/);
  const { objects } = JSON.parse((await backup("diff", offlineSet, "--from-revision", "3", "-o", "json")).out) as {
    readonly objects: readonly { readonly key: string }[];
  };
  assert.deepEqual(
    objects.map(({ key }) => key),
    ["/other/one", "/other/two"],
  );
});

test("backup get and diff: that a set is marked is told beside what is read of it, once, and of a clean one nothing", async () => {
  const marked = /set 20260302-030000-cccccc is marked:\s+- NO_QUORUM {2}nothing answered/g;
  const got = await backup("get", offlineSet, "ns");
  assert.equal(got.err.match(marked)?.length, 1, got.err);
  assert.equal((await backup("diff", offlineSet, "--from-revision", "3")).err.match(marked)?.length, 1);
  assert.doesNotMatch((await backup("get", firstSet, "ns")).err, /marked/);
});

test("backup diff: against the running cluster, whose snapshot goes when it is over", async () => {
  const cluster = new FakeEtcdCluster({ hosts: [cp1] });
  const live = snapshotBytes({ writes: newer });
  const stream = async function* (): AsyncIterable<Uint8Array> {
    yield await Promise.resolve(live);
  };
  const etcd: EtcdDialer = {
    dial: async (host, call) => Object.assign(await cluster.dialer().dial(host, call), { snapshot: stream }),
    close: () => Promise.resolve(),
  };
  const config = readClusterConfig("apiVersion: requorum/v1\ncluster: north\nhosts: [{ name: cp1, address: 10.0.0.11 }]\n", "/r.yaml");
  const { code, out, err } = await cli(["backup", "diff", firstSet, "live", ...keyWords], { config, ports: { etcd } }, work);
  assert.equal(code, 3, err);
  assert.match(out, /a restore of 20260301-030000-aaaaaa would revert 1 object/);
  assert.deepEqual(
    (await readdir(join(work, "cache"), { recursive: true })).filter((name) => name.endsWith("file")),
    [],
  );
});

test("backup get: the store's error is told as it is, and a flipped bit as damage of the set", async (context) => {
  let packs = 0;
  watching(context, (name) => {
    packs += name.startsWith("packs/") ? 1 : 0;
    // The first ones are the set's own texts.
    if (packs > 3) throw new RecoveryError("BACKUP_STORE_UNREACHABLE", { subject: "store", detail: "the disk went away" });
  });
  const gone = await backup("get", firstSet, "-n", "shop");
  assert.equal(gone.code, 10, gone.err);
  assert.match(gone.err, /the disk went away/);
  context.mock.restoreAll();
  const names = (await readdir(join(work, "sets/packs"), { recursive: true })).filter((name) => name.length > 60);
  for (const name of names) {
    const path = join(work, "sets/packs", name);
    const content = await readFile(path);
    await writeFile(
      path,
      content.map((byte, at) => (at % 65_536 === 1000 ? byte ^ 1 : byte)),
    );
  }
  const { code, err } = await backup("get", firstSet, "-n", "shop");
  assert.equal(code, 15, err);
  assert.match(err, /BACKUP_SET_DAMAGED/);
});
