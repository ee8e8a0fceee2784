import type { BackupManifest, BackupPart } from "../model/backup-set.ts";
import type { BackupSetId } from "../model/ids.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { fromBase64Url, textOfUtf8, toHex, utf8 } from "../formats/backup-set/byte-text.ts";
import type { SetCiphers } from "../formats/backup-set/set-ciphers.ts";
import { setDamaged } from "../formats/backup-set/set-errors.ts";
import { readSealedIndex } from "../formats/backup-set/set-index.ts";
import { dataKeyBytes, deriveSetKeys } from "../formats/backup-set/set-keys.ts";
import { indexName, manifestName } from "../formats/backup-set/set-names.ts";
import { signedDocumentBytesMax } from "../formats/backup-set/signed-document.ts";
import type { BackupStore } from "../ports/backup-store.ts";
import type { KeyOpener, KeyWrapping } from "../ports/key-wrapping.ts";
import { ChunkReader } from "./chunk-reader.ts";
import { readSignedManifest, untrusted, type SetTrust, type SignedManifest } from "./set-signing.ts";

export interface SetReading {
  readonly store: BackupStore;
  readonly ciphers: SetCiphers;
  readonly wrapping: KeyWrapping;
  readonly trust: SetTrust;
}

/** `held`: the 32 bytes of the data key itself, as the machine that made the set has them; `older`: those of before it. */
export type SetKey = { readonly kind: "held"; readonly key: Uint8Array; readonly older?: readonly Uint8Array[] } | KeyOpener;

/** A set whose signature is trusted and whose index was opened. Its content is checked as it is read. */
export interface OpenSet {
  readonly manifest: BackupManifest;
  /** Of the signed document's bytes, hex: what proofs name. */
  readonly manifestSha256: string;
  readonly parts: readonly BackupPart[];
  /**
   * The whole content, in order; ends with BACKUP_SET_DAMAGED when it is not
   * what was stored: what came before is not to be used then.
   * BACKUP_OBJECT_MISSING, BACKUP_STORE_*.
   */
  readPart(part: BackupPart, signal?: AbortSignal): AsyncIterable<Uint8Array>;
  /** Only the chunks that the range needs. Every chunk is checked. Throws RangeError outside the part. */
  readRange(part: BackupPart, offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>;
  /** 64 hex digits: a keyed hash of what lies at a path, for plans that restore files. */
  tag(kind: "file" | "symlink", content: Uint8Array): string;
  /** Forgets what was read; the store stays open. */
  close(): void;
}

/**
 * BACKUP_SET_NOT_FOUND, BACKUP_SET_DAMAGED, BACKUP_SET_UNTRUSTED,
 * BACKUP_SET_UNSUPPORTED, BACKUP_KEY_WRONG, BACKUP_KEY_INVALID,
 * BACKUP_OBJECT_MISSING, BACKUP_STORE_*.
 */
export async function openSet(reading: SetReading, id: BackupSetId, key: SetKey, signal?: AbortSignal): Promise<OpenSet> {
  const signed = await readManifest(reading, id, signal);
  if (!signed.isTrusted) throw untrusted(id, signed.signers);
  const { manifest, manifestSha256 } = signed;
  const keys = deriveSetKeys(reading.ciphers, await dataKeyOf(manifest, key, reading));
  if (keys.keyId !== manifest.key.keyId) throw keyWrong(id, `the set is sealed under key ${manifest.key.keyId}; this is key ${keys.keyId}`);
  const sealed = await getChecked(reading, manifest, signal);
  const index = readSealedIndex(sealed, manifest, { ciphers: reading.ciphers, keys });
  const reader = new ChunkReader({ store: reading.store, chunkKeys: { ciphers: reading.ciphers, keys }, manifest, chunks: index.chunks });
  return {
    manifest,
    manifestSha256,
    parts: index.parts,
    readPart: (part, partSignal) => reader.readPart(part, partSignal),
    readRange: (part, offset, length, rangeSignal) => reader.readRange(part, offset, length, rangeSignal),
    // A link's target and a file's content never have one tag.
    tag: (kind, content) => toHex(keys.planTag(Uint8Array.from([...utf8(`${kind}\0`), ...content]))),
    close: () => reader.close(),
  };
}

/** The manifest of one set, with who signed it; trust is only told. No key is needed. */
export async function readManifest(
  { store, ciphers, trust }: Omit<SetReading, "wrapping">,
  id: BackupSetId,
  signal?: AbortSignal,
): Promise<SignedManifest> {
  const options = signal === undefined ? {} : { signal };
  const name = manifestName(id);
  const found = await store.stat(name, options);
  if (found === undefined)
    throw new RecoveryError("BACKUP_SET_NOT_FOUND", { subject: `set ${id}`, detail: `there is no ${name} in ${store.place}` });
  if (found.sizeBytes > signedDocumentBytesMax)
    throw setDamaged(id, "signed document", `${found.sizeBytes} bytes are more than a manifest can have`);
  return readSignedManifest(await store.get(name, undefined, options), id, { ciphers, trust });
}

async function getChecked({ store, ciphers }: SetReading, manifest: BackupManifest, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const options = signal === undefined ? {} : { signal };
  const { sha256, sizeBytes } = manifest.index;
  const found = await store.stat(indexName(sha256), options);
  // Only so many bytes are asked for: what lies there may have any size.
  const isSized = found === undefined || found.sizeBytes === sizeBytes;
  const sealed = isSized ? await store.get(indexName(sha256), { offset: 0, length: sizeBytes }, options) : undefined;
  if (sealed === undefined || toHex(ciphers.sha256(sealed)) !== sha256)
    throw setDamaged(manifest.id, "index", "its bytes are not those that the manifest names");
  return sealed;
}

/** Each wrapped form is tried that the opener could open. */
async function dataKeyOf(manifest: BackupManifest, key: SetKey, { ciphers, wrapping }: SetReading): Promise<Uint8Array> {
  if (key.kind === "held")
    return [key.key, ...(key.older ?? [])].find((one) => deriveSetKeys(ciphers, one).keyId === manifest.key.keyId) ?? key.key;
  const wanted = key.kind === "identities" ? "recipients" : "passphrase";
  const wrapped = manifest.key.wrapped.filter((entry) => entry.for === wanted);
  let last = keyWrong(
    manifest.id,
    wanted === "passphrase" ? "the set was not sealed for a passphrase, only for recipients" : "the set was sealed for a passphrase only",
  );
  for (const { age } of wrapped) {
    try {
      return dataKeyOfText(await wrapping.unwrap(age, key), manifest.id);
    } catch (error) {
      if (!(error instanceof RecoveryError) || error.code !== "BACKUP_KEY_WRONG") throw error;
      last = keyWrong(manifest.id, error.detail);
    }
  }
  throw last;
}

/** Names the set: without a configuration nothing else says which one is meant. */
function keyWrong(id: BackupSetId, detail: string): RecoveryError {
  return new RecoveryError("BACKUP_KEY_WRONG", {
    subject: `set ${id}`,
    detail,
    remedies: [{ why: "see for whom it is sealed", command: `requorum backup show ${id}` }],
  });
}

function dataKeyOfText(content: Uint8Array, id: BackupSetId): Uint8Array {
  const dataKey = fromBase64Url((textOfUtf8(content) ?? "?").trimEnd());
  if (dataKey?.length !== dataKeyBytes) throw setDamaged(id, "manifest: key", "the age file does not hold a data key");
  return dataKey;
}
