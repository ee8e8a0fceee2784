/** A set as the file engine reads one: etcd's data, and what the set itself tells about it. */
import type { OpenSet } from "../../catalogue/set-reader.ts";
import { placeOf, type TextPart } from "../../catalogue/verify/set-content.ts";
import type { SealKey } from "../../formats/kubernetes/sealed-value.ts";
import { defaultRegistryPrefix } from "../../formats/kubernetes/registry-key.ts";
import { setDamaged } from "../../formats/backup-set/set-errors.ts";
import type { BackupPart } from "../../model/backup-set.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { Hashing } from "../../ports/hashing.ts";
import { apiServerFlags } from "./api-server-flags.ts";
import { readEncryption } from "./set-evidence.ts";

/** An EncryptionConfiguration or a static pod of a kilobyte is a long one. */
const textBytesMax = 1 << 20;

/** One file of etcd's data. */
export interface SetSourceFile {
  /** "" where the set is one snapshot; else as below the data dir: "member/snap/db". */
  readonly name: string;
  readonly part: BackupPart;
  /** Of what stands before the checksum at the end, as it was compared when the set was made; hex. */
  readonly contentSha256: string | undefined;
}

/** A stream is one file, the copy of a data dir a directory of them. BACKUP_SET_DAMAGED where there is neither. */
export function sourceFilesOf({ manifest, parts }: OpenSet): readonly SetSourceFile[] {
  const data = parts.filter(({ kind, type }) => kind === "snapshot" && type === "file");
  const [only] = data;
  if (only === undefined) throw setDamaged(manifest.id, "index", "no part of it is etcd's data");
  if (manifest.snapshot.form === "stream") return [{ name: "", part: only, contentSha256: manifest.snapshot.sha256 }];
  return data.map((part) => ({ name: belowDataDir(part.path), part, contentSha256: undefined }));
}

function belowDataDir(path: string): string {
  const at = path.lastIndexOf("/member/");
  return at < 0 ? path.replace(/^\/+/, "") : path.slice(at + 1);
}

export interface SetEncryption {
  readonly keys: readonly SealKey[];
  /** Where on which machines: "cp1:/etc/kubernetes/enc/enc.yaml". Only those with a key. */
  readonly places: readonly string[];
  /** What cannot be understood, with why. */
  readonly problems: readonly string[];
}

/** The keys of encryption at rest that the set holds, of all its machines. BACKUP_STORE_*. */
export async function encryptionOf(
  set: OpenSet,
  { hashing, signal }: { readonly hashing: Hashing; readonly signal: AbortSignal },
): Promise<SetEncryption> {
  const problems: string[] = [];
  const texts: TextPart[] = [];
  for (const part of set.parts.filter(({ kind, type }) => kind === "encryption-config" && type === "file")) {
    try {
      const text = await readText(set, part, signal);
      if (text === undefined) problems.push(`${placeOf(part)}: it has ${String(part.sizeBytes)} bytes, far more than one has`);
      else texts.push({ part, text });
    } catch (error) {
      // What is not sealed is read all the same.
      if (!(error instanceof RecoveryError) || (error.code !== "BACKUP_SET_DAMAGED" && error.code !== "BACKUP_OBJECT_MISSING")) throw error;
      problems.push(`${placeOf(part)}: ${error.detail}`);
    }
  }
  const { facts, keys } = readEncryption({ ports: { hashing } }, texts);
  return {
    keys,
    places: facts.filter((one) => one.keys.length > 0).map(placeOf),
    problems: [...problems, ...facts.flatMap((one) => (one.problem === undefined ? [] : [`${placeOf(one)}: ${one.problem}`]))],
  };
}

/** `--etcd-prefix` of the cluster's API servers; undefined: the set has none of their manifests that can be read, or they disagree. BACKUP_STORE_*. */
export async function registryPrefixOf(set: OpenSet, signal: AbortSignal): Promise<string | undefined> {
  const prefixes = new Set<string>();
  for (const part of set.parts) {
    if (part.kind !== "static-pod" || part.type !== "file" || !/apiserver[^/]*$/.test(part.path)) continue;
    try {
      const text = await readText(set, part, signal);
      const flags = text === undefined ? undefined : apiServerFlags(text);
      if (flags === undefined) return undefined;
      const flag = flags.findLast((one) => one.startsWith("--etcd-prefix="))?.slice("--etcd-prefix=".length);
      prefixes.add(flag === undefined || flag === "" ? defaultRegistryPrefix : `/${flag.replace(/^\/+|\/+$/g, "")}`);
    } catch (error) {
      if (!(error instanceof RecoveryError) || (error.code !== "BACKUP_SET_DAMAGED" && error.code !== "BACKUP_OBJECT_MISSING")) throw error;
      return undefined; // a walk over all keys tells it, too
    }
  }
  const [prefix] = prefixes;
  return prefixes.size === 1 ? prefix : undefined;
}

/** undefined: it is too long for what it should be. */
async function readText(set: OpenSet, part: BackupPart, signal: AbortSignal): Promise<string | undefined> {
  if (part.sizeBytes > textBytesMax) return undefined;
  return new TextDecoder().decode(await set.readRange(part, 0, part.sizeBytes, signal));
}
