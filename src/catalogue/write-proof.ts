import type { SetCiphers } from "../formats/backup-set/set-ciphers.ts";
import { proofsOf } from "../formats/backup-set/set-names.ts";
import { encodeSignedDocument, type SigningKey } from "../formats/backup-set/signed-document.ts";
import type { BackupProof } from "../model/backup-set.ts";
import type { BackupStore } from "../ports/backup-store.ts";

/** Signed and written beside the set. Gives the name of the object. BACKUP_STORE_*. */
export async function writeProof(
  { store, ciphers }: { readonly store: BackupStore; readonly ciphers: SetCiphers },
  proof: BackupProof,
  { key, random, signal }: { readonly key: SigningKey; readonly random: string; readonly signal?: AbortSignal },
): Promise<string> {
  const digits = proof.at.replaceAll(/[^0-9]/g, "");
  const name = `${proofsOf(proof.set)}${digits.slice(0, 8)}-${digits.slice(8, 14)}-${random}.json`;
  await store.put(name, encodeSignedDocument(proof, key, ciphers), signal === undefined ? {} : { signal });
  return name;
}
