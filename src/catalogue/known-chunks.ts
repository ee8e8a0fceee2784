import type { BackupManifest, StoredObjectRef } from "../model/backup-set.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import type { SetCiphers } from "../formats/backup-set/set-ciphers.ts";
import { readSealedIndex } from "../formats/backup-set/set-index.ts";
import type { SetKeys } from "../formats/backup-set/set-keys.ts";
import { indexName } from "../formats/backup-set/set-names.ts";
import type { BackupStore } from "../ports/backup-store.ts";
import { inTurns } from "./in-turns.ts";
import { listSets } from "./list-sets.ts";
import { readProofs } from "./read-proofs.ts";
import type { SetTrust } from "./set-signing.ts";

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

/** Of these the newest that is evidence counts. */
const proofsLookedAtMax = 3;

/**
 * Chunk name (hex) to where it lies. Only of trusted sets under the same key
 * whose last verification did not find stored bytes missing or damaged: what
 * nobody vouches for is not built upon.
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
  const sets = (await listSets({ store, ciphers }, trust, signal, setsListedMax))
    .filter((set) => set.kind === "trusted" && set.manifest.key.keyId === keys.keyId)
    .slice(-setsLookedAtMax);
  const known = new Map<string, KnownChunk>();
  const found = await inTurns(sets, readsAtOnce, async (set) => {
    if (set.kind !== "trusted") return [];
    const [newest] = await readProofs({ store, ciphers, trust }, set, signal, proofsLookedAtMax);
    const isBad = newest?.outcomes.some(({ level, verdict }) => (level === "V0" || level === "V1") && verdict === "fails") ?? false;
    return isBad ? [] : chunksOf(set.manifest, { store, ciphers, keys }, signal);
  });
  for (const chunks of found) for (const [name, chunk] of chunks) known.set(name, chunk); // the newest set is last
  return known;
}

/** Nothing for a set whose index is damaged or missing: it is not built upon, and verify says what is wrong with it. */
async function chunksOf(
  manifest: BackupManifest,
  { store, ciphers, keys }: { readonly store: BackupStore; readonly ciphers: SetCiphers; readonly keys: SetKeys },
  signal: AbortSignal | undefined,
): Promise<readonly (readonly [string, KnownChunk])[]> {
  try {
    const sealed = await store.get(indexName(manifest.index.sha256), undefined, signal === undefined ? {} : { signal });
    return readSealedIndex(sealed, manifest, { ciphers, keys }).chunks.flatMap(({ name, pack, offset, length }) => {
      const ref = manifest.packs[pack];
      return ref === undefined ? [] : [[name, { pack: ref, offset, length }] as const];
    });
  } catch (error) {
    const isOfThisSet = error instanceof RecoveryError && ["BACKUP_SET_DAMAGED", "BACKUP_OBJECT_MISSING"].includes(error.code);
    if (!isOfThisSet) throw error;
    return [];
  }
}
