import type { SetCiphers } from "../formats/backup-set/set-ciphers.ts";
import { manifestName, proofsOf } from "../formats/backup-set/set-names.ts";
import { encodeSignedDocument, type SigningKey } from "../formats/backup-set/signed-document.ts";
import type { BackupProof } from "../model/backup-set.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import type { BackupStore } from "../ports/backup-store.ts";

/**
 * Signed and written beside the set, while it is listed. Gives the name of the
 * object. BACKUP_SET_NOT_FOUND when somebody removed the set meanwhile: then
 * nothing of the proof stays, which would be of no set, or speak against one
 * that only lies aside. BACKUP_STORE_*.
 */
export async function writeProof(
  { store, ciphers }: { readonly store: BackupStore; readonly ciphers: SetCiphers },
  proof: BackupProof,
  { key, random, signal }: { readonly key: SigningKey; readonly random: string; readonly signal?: AbortSignal },
): Promise<string> {
  const digits = proof.at.replaceAll(/[^0-9]/g, "");
  const name = `${proofsOf(proof.set)}${digits.slice(0, 8)}-${digits.slice(8, 14)}-${random}.json`;
  const options = signal === undefined ? {} : { signal };
  await assertListed(store, proof, options);
  await store.put(name, encodeSignedDocument(proof, key, ciphers), options);
  // Who removes a set takes the manifest first, and then the proofs that it sees.
  await assertListed(store, proof, options).catch(async (error: unknown) => {
    if (error instanceof RecoveryError && error.code === "BACKUP_SET_NOT_FOUND") await store.remove(name, options);
    throw error;
  });
  return name;
}

async function assertListed(store: BackupStore, { set }: BackupProof, options: { readonly signal?: AbortSignal }): Promise<void> {
  if ((await store.stat(manifestName(set), options)) !== undefined) return;
  throw new RecoveryError("BACKUP_SET_NOT_FOUND", {
    subject: `set ${set}`,
    detail: "it was removed while it was verified; what was found is not kept",
  });
}
