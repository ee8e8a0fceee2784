import { proofLevels } from "../model/backup-set.ts";
import type { BackupSetId } from "../model/ids.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { parseProof } from "../formats/backup-set/proof.ts";
import type { SetCiphers } from "../formats/backup-set/set-ciphers.ts";
import { isNameOfOurs, proofsOf } from "../formats/backup-set/set-names.ts";
import type { BackupStore, StoredObject } from "../ports/backup-store.ts";
import { inTurns } from "./in-turns.ts";
import { levelOf, newestProofsFirst, type StoredProof, type UnreadProof } from "./judge-proofs.ts";
import { isTrustedBy, readSignedDocument, type SetTrust } from "./set-signing.ts";

/** A proof is a page of text; a drill that found ten thousand faults writes a megabyte. */
export const proofBytesMax = 16 * 1024 * 1024;
/**
 * So many of the newest are enough where one of them held to the highest
 * level: nothing older adds to that, or speaks against it. Else an older one
 * may be the only one that says what failed, or what was proven.
 */
const proofsReadMin = 100;
/** Whoever may only add to a store can put what is no evidence before it, and must not hide it by that. A year of hourly proofs of an unknown key is less. */
const othersReadMax = 10_000;
const readsAtOnce = 8;

export interface ProofReading {
  readonly store: BackupStore;
  readonly ciphers: SetCiphers;
  readonly trust: SetTrust;
}

export interface ProvenSet {
  readonly id: BackupSetId;
  readonly manifestSha256: string;
}

export interface ProofsOfSet {
  /** Signed by a known key. */
  readonly known: readonly StoredProof[];
  /** The signature fits, and nobody here knows the key. */
  readonly ofUnknownKeys: readonly StoredProof[];
  /** The store answers, and does not give them: one of them must not hide all others, and nobody knows what it says. */
  readonly unread: readonly UnreadProof[];
}

/**
 * The evidence that counts for a set: signed by a known key and about exactly
 * this manifest; the newest first. What is damaged, unsigned or of another
 * manifest is no evidence and is left out; so is what cannot be read, which
 * `readAllProofs` gives apart. Throws what the store throws.
 */
export async function readProofs(reading: ProofReading, set: ProvenSet, signal?: AbortSignal): Promise<readonly StoredProof[]> {
  return (await readAllProofs(reading, set, signal)).known;
}

/** As `readProofs`, and those of unknown keys apart. `isEnough`: older ones than this known one are not wanted. */
export async function readAllProofs(
  reading: ProofReading,
  set: ProvenSet,
  signal?: AbortSignal,
  isEnough: (proof: StoredProof) => boolean = () => false,
): Promise<ProofsOfSet> {
  const objects = (await reading.store.list(proofsOf(set.id), signal === undefined ? {} : { signal }))
    .filter(({ name, sizeBytes }) => isNameOfOurs(name) && sizeBytes <= proofBytesMax)
    .sort((one, other) => Date.parse(other.modifiedAt) - Date.parse(one.modifiedAt));
  const known: StoredProof[] = [];
  const ofUnknownKeys: StoredProof[] = [];
  const unread: UnreadProof[] = [];
  const isAll = () => known.some(isEnough) || (known.length >= proofsReadMin && known.some(isHighest));
  for (let at = 0; at < objects.length && !isAll(); at += readsAtOnce) {
    if (at - known.length > othersReadMax) throw hidden(reading.store, set.id, objects.length);
    const found = await inTurns(objects.slice(at, at + readsAtOnce), readsAtOnce, (object) => readOne(reading, set, object, signal));
    for (const one of found) {
      if (one === undefined) continue;
      if ("because" in one) unread.push(one);
      else (one.isKnown ? known : ofUnknownKeys).push(one.proof);
    }
  }
  return { known: newestProofsFirst(known), ofUnknownKeys: newestProofsFirst(ofUnknownKeys), unread };
}

function isHighest(proof: StoredProof): boolean {
  return levelOf(proof) === proofLevels.at(-1);
}

/** What is not known is not "unproven": that would let a proven set be removed. */
function hidden(store: BackupStore, id: BackupSetId, count: number): RecoveryError {
  return new RecoveryError("BACKUP_STORE_FAILED", {
    subject: `store ${store.place}`,
    detail: `of the ${String(count)} objects below ${proofsOf(id)} the newest ${String(othersReadMax)} are no evidence that counts here, and may hide what is; whoever may write there put them. Remove those, newest first, that are not yours`,
  });
}

/** undefined: it is no evidence. */
async function readOne(
  { store, ciphers, trust }: ProofReading,
  set: ProvenSet,
  { name, modifiedAt }: StoredObject,
  signal: AbortSignal | undefined,
): Promise<{ readonly proof: StoredProof; readonly isKnown: boolean } | UnreadProof | undefined> {
  try {
    const bytes = await store.get(name, undefined, signal === undefined ? {} : { signal });
    const { payload, signers } = readSignedDocument(bytes, set.id, ciphers);
    const proof = parseProof(payload, set.id);
    if (proof.manifestSha256 !== set.manifestSha256) return undefined;
    return { proof: { ...proof, storedAt: modifiedAt }, isKnown: isTrustedBy(signers, trust) };
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    if (["BACKUP_SET_DAMAGED", "BACKUP_SET_UNSUPPORTED", "BACKUP_OBJECT_MISSING"].includes(error.code)) return undefined;
    if (error.code === "BACKUP_STORE_FAILED") return { name, storedAt: modifiedAt, because: error.detail };
    throw error;
  }
}
