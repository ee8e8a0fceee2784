import { proofLevels, type BackupProof, type ProofLevel } from "../model/backup-set.ts";
import type { BackupSetId } from "../model/ids.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { parseProof } from "../formats/backup-set/proof.ts";
import type { SetCiphers } from "../formats/backup-set/set-ciphers.ts";
import { proofsOf } from "../formats/backup-set/set-names.ts";
import type { BackupStore } from "../ports/backup-store.ts";
import { inTurns } from "./in-turns.ts";
import { isTrustedBy, readSignedDocument, type SetTrust } from "./set-signing.ts";

/** A proof is a page of text; a drill that found ten thousand faults writes a megabyte. */
const proofBytesMax = 16 * 1024 * 1024;
/** Newest first; who verifies hourly for a year need not wait for all of it. */
const proofsReadMax = 100;
const readsAtOnce = 8;

/**
 * The evidence that counts for a set: signed by a known key and about exactly
 * this manifest; the newest first. What is damaged, unsigned or of another
 * manifest is no evidence and is left out. Throws what the store throws.
 */
export async function readProofs(
  { store, ciphers, trust }: { readonly store: BackupStore; readonly ciphers: SetCiphers; readonly trust: SetTrust },
  set: { readonly id: BackupSetId; readonly manifestSha256: string },
  signal?: AbortSignal,
  newestMax = proofsReadMax,
): Promise<readonly BackupProof[]> {
  const options = signal === undefined ? {} : { signal };
  const objects = (await store.list(proofsOf(set.id), options)).filter(({ sizeBytes }) => sizeBytes <= proofBytesMax);
  // Their names begin with their time.
  const proofs = await inTurns(objects.slice(-newestMax), readsAtOnce, async ({ name }) => {
    try {
      const { payload, signers } = readSignedDocument(await store.get(name, undefined, options), set.id, ciphers);
      if (!isTrustedBy(signers, trust)) return undefined;
      const proof = parseProof(payload, set.id);
      return proof.manifestSha256 === set.manifestSha256 ? proof : undefined;
    } catch (error) {
      if (error instanceof RecoveryError && ["BACKUP_SET_DAMAGED", "BACKUP_SET_UNSUPPORTED", "BACKUP_OBJECT_MISSING"].includes(error.code))
        return undefined;
      throw error;
    }
  });
  return proofs.filter((proof) => proof !== undefined).sort((a, b) => (a.at < b.at ? 1 : -1));
}

/** The level up to which every one holds; undefined: not even the first. */
export function levelOf(proof: BackupProof): ProofLevel | undefined {
  let reached: ProofLevel | undefined;
  for (const level of proofLevels) {
    if (proof.outcomes.find((outcome) => outcome.level === level)?.verdict !== "holds") break;
    reached = level;
  }
  return reached;
}

export interface ProvenLevel {
  /** undefined: it was tried, and not even V0 holds. */
  readonly level: ProofLevel | undefined;
  readonly at: string;
}

/**
 * What is known of a set. The newest proof counts, except that a later look
 * that went less far and found nothing wrong takes nothing back.
 */
export function provenLevel(newestFirst: readonly BackupProof[]): ProvenLevel | undefined {
  let best: ProvenLevel | undefined;
  for (const proof of newestFirst) {
    const level = levelOf(proof);
    if (best === undefined || rankOf(level) > rankOf(best.level)) best = { level, at: proof.at };
    // Older proofs are of before something failed.
    if (proof.outcomes.some(({ verdict }) => verdict === "fails")) break;
  }
  return best;
}

function rankOf(level: ProofLevel | undefined): number {
  return level === undefined ? -1 : proofLevels.indexOf(level);
}
