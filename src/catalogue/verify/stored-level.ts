import { parseManifest } from "../../formats/backup-set/manifest.ts";
import type { SetCiphers } from "../../formats/backup-set/set-ciphers.ts";
import { indexName, manifestName, packName } from "../../formats/backup-set/set-names.ts";
import { fittingSigners, parseSignedDocument, signedDocumentBytesMax } from "../../formats/backup-set/signed-document.ts";
import { toHex } from "../../formats/backup-set/byte-text.ts";
import type { BackupManifest, StoredObjectRef } from "../../model/backup-set.ts";
import type { BackupSetId } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { BackupStore } from "../../ports/backup-store.ts";
import { inTurns } from "../in-turns.ts";
import { counted, failed, judgedOfRead, readProblemOf, type LevelResult, type ReadProblem } from "./level-result.ts";

/** Questions that a store is asked at one time. */
const statsAtOnce = 8;

export interface StoredSet {
  readonly manifest: BackupManifest;
  /** Of the signed document's bytes, hex. */
  readonly manifestSha256: string;
  /** Base64url: keys whose signature fits; empty: it was changed, or nobody signed it. */
  readonly signers: readonly string[];
}

/**
 * V0: everything that the manifest names lies in the store, in its size. No
 * byte of it is read, and no signature is looked at yet. The set is given when
 * its manifest can be read at all; where only another object cannot be looked
 * at, it is not known whether V0 holds. BACKUP_SET_NOT_FOUND, BACKUP_STORE_*.
 */
export async function proveStored(
  { store, ciphers }: { readonly store: BackupStore; readonly ciphers: SetCiphers },
  id: BackupSetId,
  signal: AbortSignal,
): Promise<{ readonly result: LevelResult; readonly set: StoredSet | undefined }> {
  const name = manifestName(id);
  const found = await store.stat(name, { signal });
  if (found === undefined)
    throw new RecoveryError("BACKUP_SET_NOT_FOUND", { subject: `set ${id}`, detail: `there is no ${name} in ${store.place}` });
  const set = await readSet({ store, ciphers }, { id, name, sizeBytes: found.sizeBytes }, signal);
  if ("result" in set) return { result: set.result, set: undefined };
  const { manifest } = set;
  const objects = [
    { name: indexName(manifest.index.sha256), ref: manifest.index },
    ...manifest.packs.map((ref) => ({ name: packName(ref.sha256), ref })),
  ];
  const problems = await inTurns(objects, statsAtOnce, (object) =>
    store.stat(object.name, { signal }).then(
      (found) => problemOf(object, found),
      (error: unknown) => readProblemOf(object.name, error),
    ),
  );
  const bytes = objects.reduce((sum, { ref }) => sum + ref.sizeBytes, 0);
  const result = judgedOfRead(
    problems.filter((problem) => problem !== undefined),
    [`the manifest and ${counted(objects.length, "object")} with ${String(bytes)} bytes are there`],
  );
  return { result, set };
}

async function readSet(
  { store, ciphers }: { readonly store: BackupStore; readonly ciphers: SetCiphers },
  { id, name, sizeBytes }: { readonly id: BackupSetId; readonly name: string; readonly sizeBytes: number },
  signal: AbortSignal,
): Promise<StoredSet | { readonly result: LevelResult }> {
  if (sizeBytes > signedDocumentBytesMax)
    return { result: failed([`${name} has ${String(sizeBytes)} bytes, more than a manifest can have`]) };
  const bytes = await store.get(name, undefined, { signal });
  let signers: readonly string[] | undefined;
  try {
    const document = parseSignedDocument(bytes, id);
    signers = fittingSigners(document, ciphers);
    return { manifest: parseManifest(document.payload, id), manifestSha256: toHex(ciphers.sha256(bytes)), signers };
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    // A newer format is believed only where a signature covers that it is one.
    const isChanged = error.code === "BACKUP_SET_UNSUPPORTED" && signers?.length === 0;
    if (!isChanged && error.code !== "BACKUP_SET_DAMAGED") throw error;
    return { result: failed([`${name}: ${error.detail}`]) };
  }
}

function problemOf(
  { name, ref }: { readonly name: string; readonly ref: StoredObjectRef },
  found: { readonly sizeBytes: number } | undefined,
): ReadProblem | undefined {
  if (found === undefined) return { words: `${name} is not there`, isUnread: false };
  if (found.sizeBytes === ref.sizeBytes) return undefined;
  return { words: `${name} has ${String(found.sizeBytes)} bytes, not the ${String(ref.sizeBytes)} that were written`, isUnread: false };
}
