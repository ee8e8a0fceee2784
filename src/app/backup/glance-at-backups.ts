import { inTurns } from "../../catalogue/in-turns.ts";
import { readAllProofs } from "../../catalogue/read-proofs.ts";
import { clockLeewayMs } from "../../model/clock-leeway.ts";
import { newestFirst } from "../../catalogue/time-of-set.ts";
import { readManifest } from "../../catalogue/set-reader.ts";
import type { SignedManifest } from "../../catalogue/set-signing.ts";
import { restorabilityOf, type Restorability } from "../../catalogue/verify/restorability.ts";
import { manifestPrefix, setIdOfManifestName } from "../../formats/backup-set/set-names.ts";
import type { BackupManifest, ProofLevel } from "../../model/backup-set.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { BackupSetId } from "../../model/ids.ts";
import type { SeenSet } from "../../model/seen-sets.ts";
import type { StoredObject } from "../../ports/backup-store.ts";
import type { CatalogueContext } from "./backup-context.ts";
import { latestOf, passedOver, type GoodSet, type PassedOver } from "./find-set.ts";
import { storedSizes, withStored, type StoredSizes } from "./stored-objects.ts";
import { lostIn } from "./remember-sets.ts";

/** The newest set of a cluster, and the newest that is proven to restore. */
export interface BackupGlance {
  readonly newest: GlancedSet | undefined;
  readonly lastProven: GlancedSet | undefined;
  /** Was the newest when this machine last listed the sets, and is gone. */
  readonly lost: SeenSet | undefined;
  /** Newer than the newest, and their manifests cannot be read: they may be of this cluster. */
  readonly unreadable: readonly BackupSetId[];
  /** Dated in the future, or newer and of an unknown signer: see `findSet`. */
  readonly passedOver: readonly PassedOver[];
  /** Why nobody looked whether the packs of the sets are there; undefined: they were looked for. */
  readonly unlisted: string | undefined;
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
/** Of names of the future, to tell of them: they are few, or somebody's rubbish. */
const futureRead = 8;

/**
 * Of trusted sets only, and of the newest names only: a store with hundreds of
 * sets is far away. BACKUP_STORE_*; BACKUP_STORE_FAILED too when it gave up
 * before it found one: that there is none is not known then. `listingSignal`:
 * the packs are not waited for longer; what is said of the sets then is what was
 * proven once.
 */
export async function glanceAtBackups(
  context: CatalogueContext,
  cluster: string,
  nowMs: number,
  listingSignal: AbortSignal = context.signal,
): Promise<BackupGlance> {
  const { store, ciphers, seen } = context.backup;
  const names = await store.list(manifestPrefix, { signal: context.signal });
  const objects = names.flatMap((object) => {
    const id = setIdOfManifestName(object.name);
    return id === undefined ? [] : [{ id, object }];
  });
  const [{ found, unreadable }, listed] = await Promise.all([
    newestOf(context, cluster, inOrder(objects, nowMs)),
    listedPacks(context, listingSignal),
  ]);
  const wanted = { cluster, nowMs };
  const trusted = newestFirst(
    found.filter(({ kind }) => kind === "trusted"),
    nowMs,
  );
  const lost = await lostIn({ store, seen }, cluster, {
    ids: objects.map(({ id }) => id),
    newest: trusted[0]?.manifest,
    nowIso: new Date(nowMs).toISOString(),
  });
  const beside = { lost, unreadable, passedOver: passedOver(found, latestOf(found, wanted), wanted), unlisted: listed.problem };
  let newest: GlancedSet | undefined;
  for (const { id, manifest, manifestSha256 } of trusted.slice(0, setsLookedAt)) {
    const { known, unread } = await readAllProofs({ store, ciphers, trust: context.trust }, { id, manifestSha256 }, context.signal);
    const proven = restorabilityOf(manifest, known, nowMs, unread);
    const glanced = { manifest, restorability: listed.sizes === undefined ? proven : withStored(proven, manifest, listed.sizes) };
    newest ??= glanced;
    const { level } = glanced.restorability;
    if (level !== undefined && provingLevels.includes(level)) return { newest, lastProven: glanced, ...beside };
  }
  return { newest, lastProven: undefined, ...beside };
}

/** A store that does not list them, or not in time, does not hide its sets. */
async function listedPacks(
  { backup, signal }: CatalogueContext,
  listingSignal: AbortSignal,
): Promise<{ readonly sizes?: StoredSizes; readonly problem: string | undefined }> {
  try {
    return { sizes: await storedSizes(backup.store, listingSignal), problem: undefined };
  } catch (error) {
    signal.throwIfAborted();
    if (listingSignal.aborted) return { problem: "the store did not list them in time" };
    if (!(error instanceof RecoveryError)) throw error;
    return { problem: `${error.code}: ${error.detail}` };
  }
}

interface NamedObject {
  readonly id: BackupSetId;
  readonly object: StoredObject;
}

/** Names begin with the time of their making, in digits that sort. */
function inOrder(
  objects: readonly NamedObject[],
  nowMs: number,
): { readonly past: readonly NamedObject[]; readonly future: readonly NamedObject[] } {
  const digits = new Date(nowMs + clockLeewayMs).toISOString().replaceAll(/[^0-9]/g, "");
  const end = `${digits.slice(0, 8)}-${digits.slice(8, 14)}-~`;
  const newest = objects.toSorted((one, other) => (one.id < other.id ? 1 : -1));
  return { past: newest.filter(({ id }) => id <= end), future: newest.filter(({ id }) => id > end) };
}

/**
 * Reads on until there are enough trusted ones of this cluster, or none is
 * left. What claims to be of the future comes last, that it hides nothing; some
 * of it is read in any case, that it is told.
 */
async function newestOf(
  context: CatalogueContext,
  cluster: string,
  { past, future }: ReturnType<typeof inOrder>,
): Promise<{ readonly found: readonly GoodSet[]; readonly unreadable: readonly BackupSetId[] }> {
  const told = await readPage(context, future.slice(0, futureRead));
  const objects = [...past, ...future.slice(futureRead)];
  const found: GoodSet[] = [];
  const unreadable: BackupSetId[] = [];
  const isOwn = ({ manifest }: GoodSet): boolean => manifest.cluster.name === cluster;
  const countTrusted = (): number => found.filter(({ kind }) => kind === "trusted").length;
  for (let at = 0; at < objects.length && countTrusted() < setsLookedAt; at += manifestsRead) {
    const isFound = countTrusted() > 0 || told.some(({ set }) => set?.kind === "trusted" && isOwn(set));
    if (at >= manifestsReadMax && isFound) break;
    if (at >= manifestsReadMax)
      throw new RecoveryError("BACKUP_STORE_FAILED", {
        subject: `store ${context.backup.store.place}`,
        detail: `none of the newest ${String(manifestsReadMax)} sets is a trusted one of cluster ${cluster}; \`requorum backup list\` looks at all ${String(past.length + future.length)}`,
      });
    for (const { id, set } of await readPage(context, objects.slice(at, at + manifestsRead))) {
      if (set === undefined && countTrusted() === 0) unreadable.push(id);
      if (set !== undefined && isOwn(set)) found.push(set);
    }
  }
  if (countTrusted() === 0) unreadable.push(...told.flatMap(({ id, set }) => (set === undefined ? [id] : [])));
  return { found: [...found, ...told.flatMap(({ set }) => (set !== undefined && isOwn(set) ? [set] : []))], unreadable };
}

function readPage(
  { backup: { store, ciphers }, trust, signal }: CatalogueContext,
  objects: readonly NamedObject[],
): Promise<readonly { readonly id: BackupSetId; readonly set: GoodSet | undefined }[]> {
  return inTurns(objects, readsAtOnce, async ({ id, object }) => {
    const signed = await readableManifest({ store, ciphers, trust }, id, signal);
    if (signed === undefined) return { id, set: undefined };
    const { isTrusted, ...rest } = signed;
    return { id, set: { kind: isTrusted ? "trusted" : "untrusted", id, ...rest, because: "", object } as const };
  });
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
