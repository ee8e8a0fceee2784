import type { BoltReader } from "../../formats/bbolt/bolt-reader.ts";
import { openMvcc } from "../../formats/etcd/mvcc/open-mvcc.ts";
import { viewAt } from "../../formats/etcd/mvcc/view-at.ts";
import type { MvccRecord } from "../../formats/etcd/mvcc-records.ts";
import { builtInKubeTypes } from "../../formats/kubernetes/built-in-kube-types.ts";
import type { KubeTypes } from "../../formats/kubernetes/kube-types.ts";
import { unsealValue, type SealFacts, type SealKey } from "../../formats/kubernetes/sealed-value.ts";
import { readStoredValue, type StoredValue } from "../../formats/kubernetes/stored-value.ts";
import { readEncryptionConfiguration } from "../../schemas/encryption-configuration.ts";
import { isUnreadable } from "../../formats/format-error.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { newHashSeed, showing, type FileContext } from "./file-context.ts";
import { kindOfSource } from "./kind-of-source.ts";
import { KeyReader } from "./key-reader.ts";

const utf8 = new TextDecoder();
/** An EncryptionConfiguration of a kilobyte is a long one. */
const encryptionConfigBytesMax = 1 << 20;

/** The keys of an EncryptionConfiguration file and those that the source has itself; undefined without either. Throws ENCRYPTION_CONFIG_INVALID. */
export function sealKeysOf(
  context: FileContext,
  { encryptionConfig, sealKeys }: { readonly encryptionConfig: string | undefined; readonly sealKeys?: readonly SealKey[] | undefined },
): readonly SealKey[] | undefined {
  if (encryptionConfig === undefined) return sealKeys;
  return [...readSealKeys(context, encryptionConfig), ...(sealKeys ?? [])];
}

function readSealKeys(context: FileContext, path: string): readonly SealKey[] {
  kindOfSource(context, path); // names a mistyped path as such
  const file = context.files.open(path);
  try {
    if (file.size > encryptionConfigBytesMax)
      throw new RecoveryError("ENCRYPTION_CONFIG_INVALID", {
        subject: `file ${path}`,
        detail: `it has ${String(file.size)} bytes, far more than one has`,
      });
    const bytes = new Uint8Array(file.size);
    file.readInto(0, bytes);
    return readEncryptionConfiguration(utf8.decode(bytes), path).keys;
  } finally {
    file.close();
  }
}

export interface FoundRecord {
  readonly key: string;
  readonly record: MvccRecord;
}

export interface LiveObjects {
  readonly revision: bigint;
  /** One for all records: making the table takes longer than reading an object. */
  readonly types: KubeTypes;
  readonly keys: KeyReader;
  /** Every live record, with its key as text. `reusesMemory` as in MvccRecords. */
  records(options?: { readonly reusesMemory: boolean }): Iterable<FoundRecord>;
  /** One record by its revision. */
  find(main: number, sub: number): FoundRecord | undefined;
}

/** What is there at a revision (0n: the newest). A pass over the source for what is live, and one more when `keys` is first used. */
export function liveObjects(context: FileContext, bolt: BoltReader, revision: bigint, text = "finding what is live"): LiveObjects {
  const source = openMvcc(bolt);
  const view = viewAt(source, revision, { hashSeed: newHashSeed(context), onBytes: showing(context, text) });
  const records = function* (options?: { readonly reusesMemory: boolean }): Iterable<{ key: string; record: MvccRecord }> {
    for (const record of view.records(options)) yield { key: utf8.decode(record.key), record };
  };
  const types = builtInKubeTypes();
  let keys: KeyReader | undefined;
  return {
    revision: view.revision,
    types,
    get keys() {
      keys ??= KeyReader.of(types, view.records({ reusesMemory: true }));
      return keys;
    },
    records,
    find: (main, sub) => {
      const record = source.find(BigInt(main), BigInt(sub));
      return record === undefined ? undefined : { key: utf8.decode(record.key), record };
    },
  };
}

/** The value of a record, unsealed where the keys open it. Throws FILE_DAMAGED. */
export function readRecord(
  context: FileContext,
  { key, record }: { readonly key: string; readonly record: Pick<MvccRecord, "key" | "value"> },
  { sealKeys, types }: { readonly sealKeys: readonly SealKey[] | undefined; readonly types: KubeTypes },
): { readonly value: StoredValue; readonly why: string | undefined } {
  const unsealed = unsealValue(record.value, { key: record.key, keys: sealKeys ?? [], ciphers: context.ciphers });
  if (unsealed.kind === "sealed")
    return { value: { kind: "sealed", facts: unsealed.facts }, why: sealKeys === undefined ? withoutConfig(unsealed) : unsealed.why };
  return { value: readStoredValue(unsealed.value, { types, name: key }), why: undefined };
}

export type ReadObject =
  | (Extract<StoredValue, { readonly kind: "object" }> & { readonly why?: undefined })
  | { readonly kind: "unread"; readonly isSealed: boolean; readonly why: string };

/** The object of a record, or in words why there is none to be had. */
export function readObject(
  context: FileContext,
  found: { readonly key: string; readonly record: Pick<MvccRecord, "key" | "value"> },
  reading: { readonly sealKeys: readonly SealKey[] | undefined; readonly types: KubeTypes },
): ReadObject {
  try {
    const { value, why } = readRecord(context, found, reading);
    switch (value.kind) {
      case "object":
        return value;
      case "sealed":
        return { kind: "unread", isSealed: true, why: why ?? "it is encrypted" };
      case "undecoded":
        return { kind: "unread", isSealed: false, why: value.why };
      case "plain":
        return { kind: "unread", isSealed: false, why: noObjectWords(found.record.value) };
      default:
        return value satisfies never;
    }
  } catch (error) {
    if (!isUnreadable(error)) throw error; // the other values still read
    return { kind: "unread", isSealed: false, why: error.detail };
  }
}

/** Of a value that lies where an API server keeps objects only. */
export function noObjectWords(value: Uint8Array): string {
  if (value.length === 0) return "its value is empty, where an object of Kubernetes belongs";
  const size = `${String(value.length)} ${value.length === 1 ? "byte" : "bytes"}`;
  return value.every((byte) => byte === 0) ? `its value is ${size} of zeroes` : `its value of ${size} is no object of Kubernetes`;
}

/** Whose key was not even asked for. */
function withoutConfig({ facts, why }: { readonly facts: SealFacts; readonly why: string }): string {
  switch (facts.provider) {
    case "aescbc":
    case "aesgcm":
    case "secretbox":
      return `it is encrypted with ${facts.provider} and the key named ${facts.keyName}, and no EncryptionConfiguration was given`;
    case "kms":
    case "other":
      return why; // no file opens these
    default:
      return facts.provider satisfies never;
  }
}
