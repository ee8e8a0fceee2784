import { createHash, generateKeyPairSync } from "node:crypto";
import { nodeSetCiphers } from "../../src/adapters/system/node-set-ciphers.ts";
import { openSet, type OpenSet, type SetKey, type SetReading } from "../../src/catalogue/set-reader.ts";
import { SetWriter, type BackupPartHead, type ManifestFacts, type NewSet, type SetWriting } from "../../src/catalogue/set-writer.ts";
import type { BackupManifest } from "../../src/model/backup-set.ts";
import { asBackupSetId, asHostName, type BackupSetId } from "../../src/model/ids.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import type { BackupKeys, HeldDataKey } from "../../src/ports/backup-keys.ts";
import type { BackupStore } from "../../src/ports/backup-store.ts";
import type { KeyOpener, KeyWrapping } from "../../src/ports/key-wrapping.ts";
import type { ProcessOwner } from "../../src/ports/process-owner.ts";
import { FakeBackupStore } from "./fake-backup-store.ts";
import { FakeClock } from "./fake-clock.ts";
import { seededRandom } from "./seeded-random.ts";

/** Keys in memory. */
export class FakeBackupKeys implements BackupKeys {
  readonly dataKeys = new Map<string, HeldDataKey>();
  readonly signing = newSigningKey();

  signingKey(): ReturnType<BackupKeys["signingKey"]> {
    return Promise.resolve(this.signing);
  }
  readDataKey(storeId: string): Promise<HeldDataKey | undefined> {
    return Promise.resolve(this.dataKeys.get(storeId));
  }
  readAllDataKeys(storeId: string): Promise<readonly HeldDataKey[]> {
    const held = this.dataKeys.get(storeId);
    return Promise.resolve(held === undefined ? [] : [held]);
  }
  writeDataKey(storeId: string, key: HeldDataKey): Promise<void> {
    this.dataKeys.set(storeId, key);
    return Promise.resolve();
  }
}

/** No cryptography: says in clear for whom it is, and opens only for them. "age1x" is the recipient of "AGE-SECRET-KEY-1x". */
export class FakeKeyWrapping implements KeyWrapping {
  #count = 0;

  wrapForRecipients(recipients: readonly string[], content: Uint8Array): Promise<string> {
    return Promise.resolve(JSON.stringify({ recipients, content: Buffer.from(content).toString("hex") }));
  }
  wrapForPassphrase(passphrase: string, content: Uint8Array): Promise<string> {
    return Promise.resolve(JSON.stringify({ passphrase, content: Buffer.from(content).toString("hex") }));
  }
  unwrap(armored: string, opener: KeyOpener): Promise<Uint8Array> {
    return Promise.resolve().then(() => {
      const wrapped = JSON.parse(armored) as { recipients?: string[]; passphrase?: string; content: string };
      const fits =
        opener.kind === "passphrase"
          ? wrapped.passphrase === opener.passphrase
          : opener.identities.some((identity) => wrapped.recipients?.includes(identity.replace("AGE-SECRET-KEY-1", "age1")));
      if (!fits) throw new RecoveryError("BACKUP_KEY_WRONG", { subject: "wrapped key", detail: "nothing that was given opens it" });
      return Buffer.from(wrapped.content, "hex");
    });
  }
  newIdentity(): Promise<{ readonly identity: string; readonly recipient: string }> {
    this.#count += 1;
    return Promise.resolve({ identity: `AGE-SECRET-KEY-1${this.#count}`, recipient: `age1${this.#count}` });
  }
}

export function newSigningKey(): { readonly privateKey: Uint8Array; readonly publicKey: Uint8Array } {
  const { d, x } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  return { privateKey: Buffer.from(d ?? "", "base64url"), publicKey: Buffer.from(x ?? "", "base64url") };
}

/** One machine that makes backups into one store. */
export interface SetWorld<Store extends BackupStore = FakeBackupStore> {
  readonly store: Store;
  readonly clock: FakeClock;
  readonly keys: FakeBackupKeys;
  readonly writing: SetWriting;
  readonly reading: SetReading;
  /** Processes that run; those of others are unknown. */
  readonly running: Set<number>;
}

export function setWorld(): SetWorld;
export function setWorld<Store extends BackupStore>(store: Store, wrapping?: KeyWrapping): SetWorld<Store>;
export function setWorld(given?: BackupStore, wrapping: KeyWrapping = new FakeKeyWrapping()): SetWorld<BackupStore> {
  const clock = new FakeClock();
  const store = given ?? new FakeBackupStore({ nowIso: () => clock.nowIso() });
  const keys = new FakeBackupKeys();
  const owner: ProcessOwner = { host: "operator", pid: 100, bootId: "boot-1" };
  const running = new Set([owner.pid]);
  const writing: SetWriting = {
    store,
    clock,
    keys,
    wrapping,
    owner,
    ciphers: nodeSetCiphers,
    randomHex: (byteCount) => Buffer.from(nodeSetCiphers.randomBytes(byteCount)).toString("hex"),
    isRunning: ({ host, pid }) => Promise.resolve(host === owner.host ? running.has(pid) : undefined),
  };
  const reading: SetReading = { store, ciphers: nodeSetCiphers, wrapping, trust: { publicKeys: [keys.signing.publicKey] } };
  return { store, clock, keys, writing, reading, running };
}

export const firstSet = asBackupSetId("20260301-030000-aaaaaa");
export const secondSet = asBackupSetId("20260301-040000-bbbbbb");
export const recipient = "age1anna";
export const identity: SetKey = { kind: "identities", identities: ["AGE-SECRET-KEY-1anna"] };

export function partHead(path: string, other: Partial<BackupPartHead> = {}): BackupPartHead {
  return {
    kind: "pki",
    host: asHostName("cp1"),
    path,
    type: "file",
    target: undefined,
    mode: 0o600,
    uid: 0,
    gid: 0,
    modifiedAt: 1_772_334_000,
    ...other,
  };
}

export function manifestFacts(other: Partial<ManifestFacts> = {}): ManifestFacts {
  return {
    createdAt: "2026-03-01T03:00:00.000Z",
    program: "requorum 0.1.0",
    createdBy: "anna@operator",
    cluster: {
      name: "north",
      platform: "kubeadm",
      etcdTopology: "stacked",
      clusterId: undefined,
      kubernetesVersion: "1.34.2",
      etcdVersion: "3.6.5",
      members: [],
    },
    snapshot: {
      form: "stream",
      sourceHost: asHostName("cp1"),
      sourceMember: undefined,
      sizeBytes: 1n,
      sha256: undefined,
      revision: 42n,
      totalKeys: 7,
      hashKv: 3_735_928_559,
      compactRevision: 0n,
      objects: [{ resource: "configmaps", count: 3 }],
    },
    marks: [],
    ...other,
  };
}

/** Writes a set with these files. */
export async function writeSet(
  writing: SetWriting,
  files: { readonly [path: string]: Uint8Array },
  set: Partial<NewSet> & { readonly facts?: Partial<ManifestFacts> } = {},
): Promise<BackupManifest> {
  const writer = await SetWriter.begin(writing, { id: firstSet, recipients: [recipient], ...set });
  for (const [path, content] of Object.entries(files)) await writer.addPart(partHead(path), content);
  return writer.finish(manifestFacts(set.facts));
}

/** All files of a set, by path. */
export async function readFiles(set: OpenSet): Promise<{ readonly [path: string]: Uint8Array }> {
  const files: { [path: string]: Uint8Array } = {};
  for (const part of set.parts) files[part.path] = await gathered(set.readPart(part));
  return files;
}

export async function readSet(
  reading: SetReading,
  id: BackupSetId = firstSet,
  key: SetKey = identity,
): Promise<ReturnType<typeof readFiles>> {
  const set = await openSet(reading, id, key);
  try {
    return await readFiles(set);
  } finally {
    set.close();
  }
}

export async function gathered(content: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Bytes of a seed; about half of them are easily compressed. */
export function seededBytes(seed: number, sizeBytes: number): Uint8Array {
  const random = seededRandom(seed);
  const bytes = new Uint8Array(sizeBytes); // a Buffer's slice would share its memory
  for (let offset = 0; offset < sizeBytes;) {
    const length = Math.min(1 + Math.floor(random() * 4096), sizeBytes - offset);
    if (random() < 0.5) bytes.fill(Math.floor(random() * 256), offset, offset + length);
    else for (let index = offset; index < offset + length; index += 1) bytes[index] = Math.floor(random() * 256);
    offset += length;
  }
  return bytes;
}

export function sha256Hex(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
