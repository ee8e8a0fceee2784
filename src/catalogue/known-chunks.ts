import type { BackupManifest, StoredObjectRef } from "../model/backup-set.ts";
import type { BackupSetId } from "../model/ids.ts";
import type { ErrorCode } from "../model/error-catalogue.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import type { SetCiphers } from "../formats/backup-set/set-ciphers.ts";
import { readSealedIndex } from "../formats/backup-set/set-index.ts";
import type { SetKeys } from "../formats/backup-set/set-keys.ts";
import { indexName, proofPrefix, setIdOfProofName } from "../formats/backup-set/set-names.ts";
import type { BackupStore } from "../ports/backup-store.ts";
import { inTurns } from "./in-turns.ts";
import { isDamage, levelOf, reaches, standingFailure, whyUnreadable, type StoredProof } from "./judge-proofs.ts";
import { listSets, type ListedSet } from "./list-sets.ts";
import { readAllProofs, type ProofReading, type ProvenSet } from "./read-proofs.ts";
import { readManifest } from "./set-reader.ts";
import type { SetTrust, SignedManifest } from "./set-signing.ts";

/** A chunk that a listed set stored already. */
export interface KnownChunk {
  readonly pack: StoredObjectRef;
  readonly offset: number;
  readonly length: number;
}

/** Among the newest there are enough; a store of years need not be read for it. */
const setsListedMax = 32;
/** More sets add little that is not in the newest; each costs the reading of its index. */
const setsLookedAtMax = 8;
const readsAtOnce = 4;

/**
 * Chunk name (hex) to where it lies. Only of trusted sets under the same key,
 * and of no pack that a set names which a proof found missing, damaged or not
 * to be read, also where another set shares it that nobody looked at: what is
 * known to be damaged is not built upon. To share is to save room: what the
 * store does not give of one set keeps nobody from making the next.
 */
export async function knownChunks(
  {
    store,
    ciphers,
    keys,
    trust,
  }: { readonly store: BackupStore; readonly ciphers: SetCiphers; readonly keys: SetKeys; readonly trust: SetTrust },
  signal?: AbortSignal,
): Promise<Map<string, KnownChunk>> {
  const newest = await listSets({ store, ciphers }, trust, signal, setsListedMax);
  const doubted = await doubtedPacks({ store, ciphers, trust }, newest, signal);
  const sets = newest.filter((set) => set.kind === "trusted" && set.manifest.key.keyId === keys.keyId).slice(-setsLookedAtMax);
  const known = new Map<string, KnownChunk>();
  const found = await inTurns(sets, readsAtOnce, async (set) => {
    if (set.kind !== "trusted") return [];
    const chunks = await chunksOf(set.manifest, { store, ciphers, keys }, signal);
    return chunks.filter(([, { pack }]) => !doubted.has(pack.sha256));
  });
  for (const chunks of found) for (const [name, chunk] of chunks) known.set(name, chunk); // the newest set is last
  return known;
}

/** sha256 of every pack that some set names of which a proof says that it is damaged, or that cannot be read, however old that set is. */
async function doubtedPacks(
  reading: ProofReading,
  newest: readonly ListedSet[],
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<string>> {
  const { store } = reading;
  const known = new Map(newest.flatMap((set) => (set.kind === "damaged" ? [] : [[set.id, set] as const])));
  const objects = await store.list(proofPrefix, signal === undefined ? {} : { signal });
  const verified = [...new Set(objects.flatMap(({ name }) => setIdOfProofName(name) ?? []))];
  const doubted = await inTurns(verified, readsAtOnce, async (id) => {
    const set = known.get(id) ?? (await olderSet(reading, id, signal));
    if (set === undefined) return [];
    return (await isDoubted(reading, set, signal)) ? set.manifest.packs.map(({ sha256 }) => sha256) : [];
  });
  return new Set(doubted.flat());
}

async function isDoubted(reading: ProofReading, set: ProvenSet, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    // What a proof found to hold to V2, it found whole: what was said before does not matter.
    const isWhole = (proof: StoredProof) => reaches(levelOf(proof), "V2");
    const { known, unread } = await readAllProofs(reading, set, signal, isWhole);
    const wholeMs = Math.max(...known.filter(isWhole).map(({ storedAt }) => Date.parse(storedAt)));
    if (unread.some(({ storedAt }) => Date.parse(storedAt) >= wholeMs)) return true;
    const failing = standingFailure(known);
    return whyUnreadable(known) !== undefined || (failing !== undefined && isDamage(failing));
  } catch (error) {
    // What is said of it is not known.
    if (error instanceof RecoveryError && error.code === "BACKUP_STORE_FAILED") return true;
    throw error;
  }
}

/** undefined: it is no set any more, or what it names cannot be read. */
async function olderSet(
  reading: ProofReading,
  id: BackupSetId,
  signal: AbortSignal | undefined,
): Promise<(ProvenSet & Pick<SignedManifest, "manifest">) | undefined> {
  try {
    return { id, ...(await readManifest(reading, id, signal)) };
  } catch (error) {
    const isOfTheSet = error instanceof RecoveryError && /^BACKUP_(?:SET_|OBJECT_|STORE_FAILED$)/.test(error.code);
    if (!isOfTheSet) throw error;
    return undefined;
  }
}

const faultsOfIndex: readonly ErrorCode[] = ["BACKUP_SET_DAMAGED", "BACKUP_OBJECT_MISSING", "BACKUP_STORE_FAILED"];

/** Nothing for a set whose index is damaged, missing or not to be read: it is not built upon, and verify says what is wrong with it. */
async function chunksOf(
  manifest: BackupManifest,
  { store, ciphers, keys }: { readonly store: BackupStore; readonly ciphers: SetCiphers; readonly keys: SetKeys },
  signal: AbortSignal | undefined,
): Promise<readonly (readonly [string, KnownChunk])[]> {
  try {
    const whole = { offset: 0, length: manifest.index.sizeBytes };
    const sealed = await store.get(indexName(manifest.index.sha256), whole, signal === undefined ? {} : { signal });
    return readSealedIndex(sealed, manifest, { ciphers, keys }).chunks.flatMap(({ name, pack, offset, length }) => {
      const ref = manifest.packs[pack];
      return ref === undefined ? [] : [[name, { pack: ref, offset, length }] as const];
    });
  } catch (error) {
    if (!(error instanceof RecoveryError) || !faultsOfIndex.includes(error.code)) throw error;
    return [];
  }
}
