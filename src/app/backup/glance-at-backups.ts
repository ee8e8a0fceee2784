import type { ListedSet } from "../../catalogue/list-sets.ts";
import { listSets } from "../../catalogue/list-sets.ts";
import type { Restorability } from "../../catalogue/verify/restorability.ts";
import type { BackupManifest, ProofLevel } from "../../model/backup-set.ts";
import type { CatalogueContext } from "./backup-context.ts";
import { restorabilityOfSet } from "./list-backups.ts";

/** The newest set of a cluster, and the newest that is proven to restore. */
export interface BackupGlance {
  readonly newest: GlancedSet | undefined;
  readonly lastProven: GlancedSet | undefined;
}

export interface GlancedSet {
  readonly manifest: BackupManifest;
  readonly restorability: Restorability;
}

/** Less says that bytes lie there, and nothing of whether they restore. */
const provingLevels: readonly ProofLevel[] = ["V2", "V3", "V4", "V5"];
/** Who proves a set a week and makes one a day finds it among these. */
const setsLookedAt = 14;

/** Of trusted sets only. BACKUP_STORE_*. */
export async function glanceAtBackups(context: CatalogueContext, cluster: string, nowMs: number): Promise<BackupGlance> {
  const newestFirst = (await listSets(context.backup, context.trust, context.signal))
    .flatMap((set): readonly Extract<ListedSet, { readonly manifest: unknown }>[] =>
      set.kind === "trusted" && set.manifest.cluster.name === cluster ? [set] : [],
    )
    .sort((one, other) => (one.manifest.createdAt < other.manifest.createdAt ? 1 : -1));
  let newest: GlancedSet | undefined;
  for (const set of newestFirst.slice(0, setsLookedAt)) {
    const restorability = await restorabilityOfSet(context, set, nowMs);
    if (restorability === undefined) continue;
    const glanced = { manifest: set.manifest, restorability };
    newest ??= glanced;
    if (restorability.level !== undefined && provingLevels.includes(restorability.level)) return { newest, lastProven: glanced };
  }
  return { newest, lastProven: undefined };
}
