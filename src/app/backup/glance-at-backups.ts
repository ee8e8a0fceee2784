import { inTurns } from "../../catalogue/in-turns.ts";
import { readProofs } from "../../catalogue/read-proofs.ts";
import { readManifest } from "../../catalogue/set-reader.ts";
import type { SignedManifest } from "../../catalogue/set-signing.ts";
import { restorabilityOf, type Restorability } from "../../catalogue/verify/restorability.ts";
import { manifestPrefix, setIdOfManifestName } from "../../formats/backup-set/set-names.ts";
import type { BackupManifest, ProofLevel } from "../../model/backup-set.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { SeenSet } from "../../model/seen-sets.ts";
import type { CatalogueContext } from "./backup-context.ts";
import { lostIn } from "./remember-sets.ts";

/** The newest set of a cluster, and the newest that is proven to restore. */
export interface BackupGlance {
  readonly newest: GlancedSet | undefined;
  readonly lastProven: GlancedSet | undefined;
  /** Was the newest when this machine last listed the sets, and is gone. */
  readonly lost: SeenSet | undefined;
}

export interface GlancedSet {
  readonly manifest: BackupManifest;
  readonly restorability: Restorability;
}

/** Less says that bytes lie there, and nothing of whether they restore. */
const provingLevels: readonly ProofLevel[] = ["V2", "V3", "V4", "V5"];
/** Who proves a set a week and makes one a day finds it among these. */
const setsLookedAt = 14;

/** Several clusters may share a store. */
const manifestsRead = 40;
const readsAtOnce = 8;

/** Of trusted sets only, and of the newest names only: a store with hundreds of sets is far away. BACKUP_STORE_*. */
export async function glanceAtBackups(context: CatalogueContext, cluster: string, nowMs: number): Promise<BackupGlance> {
  const { store, ciphers } = context.backup;
  const names = await store.list(manifestPrefix, { signal: context.signal });
  // Names begin with the time of their making.
  const ids = names.flatMap(({ name }) => setIdOfManifestName(name) ?? []).slice(-manifestsRead);
  const read = await inTurns(ids, readsAtOnce, async (id) => {
    const signed = await readableManifest({ store, ciphers, trust: context.trust }, id, context.signal);
    return signed?.isTrusted === true && signed.manifest.cluster.name === cluster ? { id, ...signed } : undefined;
  });
  const newestFirst = read
    .filter((set) => set !== undefined)
    .sort((one, other) => (one.manifest.createdAt < other.manifest.createdAt ? 1 : -1));
  const { seen } = context.backup;
  const lost = await lostIn({ store, seen }, cluster, {
    ids: names.flatMap(({ name }) => setIdOfManifestName(name) ?? []),
    newest: newestFirst[0]?.manifest,
    nowIso: new Date(nowMs).toISOString(),
  });
  let newest: GlancedSet | undefined;
  for (const { id, manifest, manifestSha256 } of newestFirst.slice(0, setsLookedAt)) {
    const proofs = await readProofs({ store, ciphers, trust: context.trust }, { id, manifestSha256 }, context.signal);
    const glanced = { manifest, restorability: restorabilityOf(manifest, proofs, nowMs) };
    newest ??= glanced;
    const { level } = glanced.restorability;
    if (level !== undefined && provingLevels.includes(level)) return { newest, lastProven: glanced, lost };
  }
  return { newest, lastProven: undefined, lost };
}

/** undefined: damaged, or gone since the listing; `backup list` says it. */
async function readableManifest(...[reading, id, signal]: Parameters<typeof readManifest>): Promise<SignedManifest | undefined> {
  try {
    return await readManifest(reading, id, signal);
  } catch (error) {
    const isOfTheSet = error instanceof RecoveryError && /^BACKUP_(?:SET|OBJECT)_/.test(error.code);
    if (!isOfTheSet) throw error;
    return undefined;
  }
}
