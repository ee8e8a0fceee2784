import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalFileSpool } from "../../src/adapters/local-fs/local-file-spool.ts";
import { SealedByteFiles } from "../../src/adapters/local-fs/sealed-byte-files.ts";
import { LocalSealedSpool } from "../../src/adapters/local-fs/sealed-spool.ts";
import { LocalDataDirWriter } from "../../src/adapters/local-fs/local-data-dir-writer.ts";
import { makeAuthority, type MadeAuthority } from "../../src/adapters/sandbox/sandbox-certificates.ts";
import { NodeCertificates } from "../../src/adapters/system/node-certificates.ts";
import { nodeKeyMatcher } from "../../src/adapters/system/node-key-matcher.ts";
import { SystemClock } from "../../src/adapters/system/system-clock.ts";
import { verifyBackup, type VerifiedBackup, type VerifyRequest } from "../../src/app/backup/verify-backup.ts";
import type { SnapshotEngine, VerifyContext } from "../../src/app/backup/verify-context.ts";
import { checkFile } from "../../src/app/files/check-file.ts";
import { describeSnapshot } from "../../src/app/files/describe-snapshot.ts";
import type { FileContext } from "../../src/app/files/file-context.ts";
import { hashKvFile } from "../../src/app/files/hash-kv-file.ts";
import { readSealedFacts } from "../../src/app/files/read-sealed-facts.ts";
import { restoreFile } from "../../src/app/files/restore-file.ts";
import { SetWriter, type BackupPartHead, type ManifestFacts } from "../../src/catalogue/set-writer.ts";
import type { BackupManifest } from "../../src/model/backup-set.ts";
import { asHostName } from "../../src/model/ids.ts";
import type { BackupStore } from "../../src/ports/backup-store.ts";
import type { KeyWrapping } from "../../src/ports/key-wrapping.ts";
import type { Sandboxes } from "../../src/ports/sandbox.ts";
import type { SealedReading } from "../../src/ports/sealed-spool.ts";
import { kubeJson, landmarkWrites, sealedAesCbc, snapshotBytes, type KeyWrites } from "./kube-database.ts";
import { memoryFileContext } from "./memory-file-context.ts";
import { firstSet, identity, manifestFacts, recipient, setWorld, type SetWorld } from "./set-world.ts";

/** The authorities of one cluster, called as kubeadm calls them in every cluster. */
export interface ClusterPki {
  readonly ca: MadeAuthority;
  readonly etcd: MadeAuthority;
  readonly serviceAccount: { readonly publicKey: string; readonly privateKey: string };
}

const yearMs = 365 * 86_400_000;

/** Valid for ten years, as kubeadm's authorities are. */
export function newPki(nowMs = Date.now() - yearMs): ClusterPki {
  const validMs = 10 * yearMs;
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    ca: makeAuthority({ commonName: "kubernetes", nowMs, validMs }),
    etcd: makeAuthority({ commonName: "etcd-ca", nowMs, validMs }),
    serviceAccount: {
      publicKey: pair.publicKey.export({ type: "spki", format: "pem" }).toString(),
      privateKey: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    },
  };
}

export type MachineFiles = { readonly [path: string]: string };
export const sealKey = { name: "key1", secret: Buffer.alloc(32, 3) };

export function encryptionConfig(secret: Uint8Array = sealKey.secret): string {
  return `apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources: [secrets]
    providers:
      - aescbc: { keys: [{ name: ${sealKey.name}, secret: ${Buffer.from(secret).toString("base64")} }] }
      - identity: {}
`;
}

export function machineFiles(pki: ClusterPki, host: string, config = encryptionConfig()): MachineFiles {
  const at = "/etc/kubernetes/pki";
  const apiServer = pki.ca.issue({ commonName: "kube-apiserver" });
  const etcdServer = pki.etcd.issue({ commonName: host });
  return {
    [`${at}/ca.crt`]: pki.ca.certificate,
    [`${at}/ca.key`]: pki.ca.key,
    [`${at}/etcd/ca.crt`]: pki.etcd.certificate,
    [`${at}/etcd/ca.key`]: pki.etcd.key,
    [`${at}/apiserver.crt`]: apiServer.certificate,
    [`${at}/apiserver.key`]: apiServer.key,
    [`${at}/etcd/server.crt`]: etcdServer.certificate,
    [`${at}/etcd/server.key`]: etcdServer.key,
    [`${at}/sa.pub`]: pki.serviceAccount.publicKey,
    [`${at}/sa.key`]: pki.serviceAccount.privateKey,
    "/etc/kubernetes/enc/config.yaml": config,
    "/etc/kubernetes/manifests/kube-apiserver.yaml": `apiVersion: v1
kind: Pod
metadata: { name: kube-apiserver }
spec:
  containers:
    - name: kube-apiserver
      command: [kube-apiserver, --etcd-prefix=/registry, --secure-port=6443, --encryption-provider-config=/etc/kubernetes/enc/config.yaml, --service-account-issuer=https://kubernetes.default.svc, --service-cluster-ip-range=10.96.0.0/16]
`,
  };
}

const secretJson = kubeJson(
  "v1",
  "Secret",
  { name: "db", namespace: "shop" },
  { data: { password: Buffer.from("planted").toString("base64") } },
);

export const smallCluster: KeyWrites = [
  ...landmarkWrites,
  ["/registry/configmaps/shop/settings", kubeJson("v1", "ConfigMap", { name: "settings", namespace: "shop" }, { data: { a: "1" } })],
  ["/registry/secrets/shop/db", sealedAesCbc(secretJson, sealKey)],
];

export interface VerifyWorldOptions {
  readonly store?: BackupStore;
  /** Instead of one that only says for whom it is. */
  readonly wrapping?: KeyWrapping;
  readonly snapshot?: Uint8Array;
  /** The manifest describes this one, and the set has `snapshot`. */
  readonly described?: Uint8Array;
  /** Instead of a snapshot: the files of a member's data dir on cp1, by their paths below /var/lib/etcd. */
  readonly dataDir?: { readonly [path: string]: Uint8Array };
  /** Instead of /var/lib/etcd. */
  readonly dataDirAt?: string;
  /** Of cp1 and cp2, by name. */
  readonly machines?: { readonly [host: string]: MachineFiles };
  /** Parts beside those of machines and the snapshot. */
  readonly lastSeen?: string;
  readonly modifiedAt?: number;
  /** Of files of these machines, instead. */
  readonly modifiedOn?: { readonly [host: string]: number };
  readonly recipients?: readonly string[];
  readonly facts?: (facts: ManifestFacts) => ManifestFacts;
  readonly sandboxes?: Sandboxes;
  readonly cluster?: Partial<ManifestFacts["cluster"]>;
}

export interface VerifyWorld<Store extends BackupStore> {
  readonly set: SetWorld<Store>;
  readonly manifest: BackupManifest;
  readonly context: VerifyContext;
  readonly spoolDirectory: string;
  verify(request: Partial<VerifyRequest>, context?: Partial<VerifyContext>): Promise<VerifiedBackup>;
}

const noSandboxes: Sandboxes = {
  findProgram: (kind) => Promise.resolve({ kind: "missing", why: `no ${kind} in this test` }),
  open: () => Promise.reject(new Error("no sandbox in this test")),
};

/** A set of a cluster of two machines, as `backup create` writes it, and what verifies it. */
export async function verifyWorld(options: VerifyWorldOptions = {}): Promise<VerifyWorld<BackupStore>> {
  const set = options.store === undefined ? setWorld() : setWorld(options.store, options.wrapping);
  const pki = newPki();
  const machines = options.machines ?? { cp1: machineFiles(pki, "cp1"), cp2: machineFiles(pki, "cp2") };
  const snapshot = options.snapshot ?? snapshotBytes({ writes: smallCluster });
  const createdMs = Date.now() - 60_000;
  const modifiedAt = options.modifiedAt ?? Math.floor(createdMs / 1000) - 3600;
  const writer = await SetWriter.begin(set.writing, { id: firstSet, recipients: options.recipients ?? [recipient] });
  const ofCluster = { type: "file", target: undefined, mode: 0, uid: 0, gid: 0, modifiedAt, host: undefined } as const;
  const { dataDirAt = "/var/lib/etcd" } = options;
  const dataDir =
    options.dataDir === undefined
      ? undefined
      : Object.entries(options.dataDir).map(([path, bytes]) => [`${dataDirAt}/${path}`, bytes] as const);
  if (dataDir === undefined) await writer.addPart({ ...ofCluster, kind: "snapshot", path: "snapshot.db" }, snapshot);
  for (const [path, bytes] of dataDir ?? []) await writer.addPart({ ...ofCluster, kind: "snapshot", host: asHostName("cp1"), path }, bytes);
  for (const [host, files] of Object.entries(machines))
    for (const [path, text] of Object.entries(files))
      await writer.addPart(
        { ...ofCluster, kind: kindOf(path), host: asHostName(host), path, modifiedAt: options.modifiedOn?.[host] ?? modifiedAt },
        Buffer.from(text),
      );
  if (options.lastSeen !== undefined)
    await writer.addPart({ ...ofCluster, kind: "last-seen", path: "last-seen.json" }, Buffer.from(options.lastSeen));
  const description = describeSnapshot(
    memoryFileContext(dataDir === undefined ? { "/snapshot.db": options.described ?? snapshot } : Object.fromEntries(dataDir)),
    {
      path: dataDir === undefined ? "/snapshot.db" : dataDirAt,
      etcdVersion: options.cluster?.etcdVersion ?? "3.6.16",
    },
  );
  const usual = manifestFacts();
  const facts: ManifestFacts = {
    ...usual,
    createdAt: new Date(createdMs).toISOString(),
    cluster: {
      ...usual.cluster,
      etcdVersion: "3.6.16",
      kubernetesVersion: "v1.34.4",
      members: description.members.map(({ id, name, isLearner, peerUrls }) => ({ id, name, isLearner, peerUrls })),
      ...options.cluster,
    },
    snapshot: {
      ...usual.snapshot,
      form: dataDir === undefined ? "stream" : "data-dir",
      sizeBytes: BigInt(snapshot.length),
      revision: description.revision,
      totalKeys: description.totalKeys,
      hashKv: description.hashKv,
      compactRevision: description.compactRevision < 0n ? 0n : description.compactRevision,
      objects: description.objects,
    },
  };
  const manifest = await writer.finish(options.facts?.(facts) ?? facts);
  const spoolDirectory = newScratch();
  const context = verifyContext(set, spoolDirectory, options.sandboxes ?? noSandboxes);
  return {
    set,
    manifest,
    context,
    spoolDirectory,
    verify: (request, other = {}) => verifyBackup({ ...context, ...other }, { id: firstSet, level: "V3", isDrill: false, ...request }),
  };
}

/** Also of a test that forgets it, or fails before it comes to that. */
function newScratch(): string {
  const path = mkdtempSync(join(tmpdir(), "requorum-verify-"));
  if (scratches.push(path) === 1)
    process.once("exit", () => {
      for (const one of scratches) rmSync(one, { recursive: true, force: true });
    });
  return path;
}

const scratches: string[] = [];

function verifyContext(set: SetWorld<BackupStore>, cacheDirectory: string, sandboxes: Sandboxes): VerifyContext {
  const { ciphers, wrapping, keys } = set.writing;
  return {
    backup: {
      store: set.store,
      ciphers,
      wrapping,
      keys,
      spool: new LocalSealedSpool(new LocalFileSpool({ cacheDirectory })),
      engine: engineInThread,
      sandboxes,
    },
    ports: {
      clock: new SystemClock(),
      hashing: memoryFileContext().hashing,
      certificates: new NodeCertificates(),
      keyMatcher: nodeKeyMatcher,
    },
    trust: set.reading.trust,
    key: identity,
    wantedRecipients: [recipient],
    externalAuthorities: false,
    lastSeen: undefined,
    by: "anna@operator",
    program: "requorum 0.1.0",
    signal: new AbortController().signal,
    report: () => undefined,
  };
}

/** The engine without a thread of its own. */
export const engineInThread: SnapshotEngine = {
  check: (reading, { path }) => inContext(reading, (context) => checkFile(context, path)),
  describe: (reading, request) => inContext(reading, (context) => describeSnapshot(context, request)),
  sealed: (reading, request) => inContext(reading, (context) => readSealedFacts(context, request)),
  hashKv: (reading, request) => inContext(reading, (context) => hashKvFile(context, request)),
  restore: (reading, request) => inContext(reading, (context) => restoreFile(context, request)),
};

function inContext<T>(reading: SealedReading, work: (context: FileContext) => T): Promise<T> {
  const context = { ...memoryFileContext(), files: new SealedByteFiles(reading), dataDirs: new LocalDataDirWriter() };
  return Promise.resolve().then(() => work(context));
}

function kindOf(path: string): BackupPartHead["kind"] {
  if (path.includes("/pki/")) return "pki";
  if (path.endsWith(".conf")) return "kubeconfig";
  return path.includes("/enc/") ? "encryption-config" : "static-pod";
}
