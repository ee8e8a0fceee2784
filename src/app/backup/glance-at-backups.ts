import { inTurns } from "../../catalogue/in-turns.ts";
import { readAllProofs } from "../../catalogue/read-proofs.ts";
import { clockLeewayMs } from "../../model/clock-leeway.ts";
import { readManifest } from "../../catalogue/set-reader.ts";
import type { SignedManifest } from "../../catalogue/set-signing.ts";
import { restorabilityOf, type Restorability } from "../../catalogue/verify/restorability.ts";
import { manifestPrefix, setIdOfManifestName } from "../../formats/backup-set/set-names.ts";
import type { BackupManifest, ProofLevel } from "../../model/backup-set.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { BackupSetId } from "../../model/ids.ts";
import type { SeenSet } from "../../model/seen-sets.ts";
import type { CatalogueContext } from "./backup-context.ts";
import { lostIn } from "./remember-sets.ts";

/** The newest set of a cluster, and the newest that is proven to restore. */
export interface BackupGlance {
  readonly newest: GlancedSet | undefined;
  readonly lastProven: GlancedSet | undefined;
  /** Was the newest when this machine last listed the sets, and is gone. */
  readonly lost: SeenSet | undefined;
  /** Newer than the newest, and their manifests cannot be read: they may be of this cluster. */
  readonly unreadable: readonly BackupSetId[];
}

export interface GlancedSet {
  readonly manifest: BackupManifest;
  readonly restorability: Restorability;
}

/** Less says that bytes lie there, and nothing of whether they restore. */
const provingLevels: readonly ProofLevel[] = ["V2", "V3", "V4", "V5"];
/** Who proves a set a week and makes one a day finds it among these. */
const setsLookedAt = 14;

/** At a time: several clusters may share a store. */
const manifestsRead = 40;
/** A neighbour that makes a set an hour has as many in two weeks; who waits for more asks `backup list`. */
const manifestsReadMax = 400;
const readsAtOnce = 8;

/**
 * Of trusted sets only, and of the newest names only: a store with hundreds of
 * sets is far away. BACKUP_STORE_*; BACKUP_STORE_FAILED too when it gave up
 * before it found one: that there is none is not known then.
 */
export async function glanceAtBackups(context: CatalogueContext, cluster: string, nowMs: number): Promise<BackupGlance> {
  const { store, ciphers } = context.backup;
  const names = await store.list(manifestPrefix, { signal: context.signal });
  const { found, unreadable } = await newestOf(context, cluster, {
    ids: inOrder(
      names.flatMap(({ name }) => setIdOfManifestName(name) ?? []),
      nowMs,
    ),
  });
  const newestFirst = found.toSorted((one, other) => (one.manifest.createdAt < other.manifest.createdAt ? 1 : -1));
  const { seen } = context.backup;
  const lost = await lostIn({ store, seen }, cluster, {
    ids: names.flatMap(({ name }) => setIdOfManifestName(name) ?? []),
    newest: newestFirst[0]?.manifest,
    nowIso: new Date(nowMs).toISOString(),
  });
  let newest: GlancedSet | undefined;
  for (const { id, manifest, manifestSha256 } of newestFirst.slice(0, setsLookedAt)) {
    const { known, unread } = await readAllProofs({ store, ciphers, trust: context.trust }, { id, manifestSha256 }, context.signal);
    const glanced = { manifest, restorability: restorabilityOf(manifest, known, nowMs, unread) };
    newest ??= glanced;
    const { level } = glanced.restorability;
    if (level !== undefined && provingLevels.includes(level)) return { newest, lastProven: glanced, lost, unreadable };
  }
  return { newest, lastProven: undefined, lost, unreadable };
}

interface FoundSet extends SignedManifest {
  readonly id: BackupSetId;
}

/** Names begin with the time of their making. What claims to be of the future comes last: it must not hide what is there. */
function inOrder(ids: readonly BackupSetId[], nowMs: number): readonly BackupSetId[] {
  const digits = new Date(nowMs + clockLeewayMs).toISOString().replaceAll(/[^0-9]/g, "");
  const end = `${digits.slice(0, 8)}-${digits.slice(8, 14)}-~`;
  const newestFirst = ids.toSorted().reverse();
  return [...newestFirst.filter((id) => id <= end), ...newestFirst.filter((id) => id > end)];
}

/** Reads on until there are enough of this cluster, or none is left. */
async function newestOf(
  context: CatalogueContext,
  cluster: string,
  { ids }: { readonly ids: readonly BackupSetId[] },
): Promise<{ readonly found: readonly FoundSet[]; readonly unreadable: readonly BackupSetId[] }> {
  const { store, ciphers } = context.backup;
  const found: FoundSet[] = [];
  const unreadable: BackupSetId[] = [];
  for (let at = 0; at < ids.length && found.length < setsLookedAt; at += manifestsRead) {
    if (at >= manifestsReadMax && found.length > 0) break;
    if (at >= manifestsReadMax)
      throw new RecoveryError("BACKUP_STORE_FAILED", {
        subject: `store ${store.place}`,
        detail: `none of the newest ${String(manifestsReadMax)} sets is a trusted one of cluster ${cluster}; \`requorum backup list\` looks at all ${String(ids.length)}`,
      });
    const page = await inTurns(ids.slice(at, at + manifestsRead), readsAtOnce, async (id) => ({
      id,
      signed: await readableManifest({ store, ciphers, trust: context.trust }, id, context.signal),
    }));
    for (const { id, signed } of page) {
      if (signed === undefined && found.length === 0) unreadable.push(id);
      if (signed?.isTrusted === true && signed.manifest.cluster.name === cluster) found.push({ id, ...signed });
    }
  }
  return { found, unreadable };
}

/** undefined: damaged, not given by a store that answers, or gone since the listing; `backup list` says it. */
async function readableManifest(...[reading, id, signal]: Parameters<typeof readManifest>): Promise<SignedManifest | undefined> {
  try {
    return await readManifest(reading, id, signal);
  } catch (error) {
    const isOfTheSet = error instanceof RecoveryError && /^BACKUP_(?:SET_|OBJECT_|STORE_FAILED$)/.test(error.code);
    if (!isOfTheSet) throw error;
    return undefined;
  }
}
