import { canonicalText } from "../model/canonical-plan-text.ts";
import type { BackupSetId } from "../model/ids.ts";
import type { ReportProgress } from "../model/progress-event.ts";
import type { PruneConsent, PrunePlan, PrunePolicy } from "../model/prune-plan.ts";
import { assertInvariant, RecoveryError } from "../model/recovery-error.ts";
import { toHex, utf8 } from "../formats/backup-set/byte-text.ts";
import { asidePrefix, proofsOf } from "../formats/backup-set/set-names.ts";
import type { StoredObject } from "../ports/backup-store.ts";
import { clearUnfinished, objectsOf, removeForGone, type Clearing } from "./clear-leftovers.ts";
import { inTurns } from "./in-turns.ts";
import { standingOf, type SetStanding } from "./judge-proofs.ts";
import { listSets, type ListedSet } from "./list-sets.ts";
import { readAllProofs } from "./read-proofs.ts";
import { planRetention } from "./retention.ts";
import { RemovingClaim } from "./removing-claim.ts";
import type { SetTrust } from "./set-signing.ts";
import { busy, findClaims, timeOfClaim } from "./store-claims.ts";

export interface Pruning extends Clearing {
  readonly trust: SetTrust;
  readonly report: ReportProgress;
}

export interface PruneRequest {
  readonly cluster: string;
  readonly policy: PrunePolicy;
  readonly acceptedBreaks: readonly BackupSetId[];
  /** Of the future, and to be removed all the same. */
  readonly unwantedOfFuture?: readonly BackupSetId[];
  /** What lies aside for so long is deleted for good. */
  readonly asideMs: number;
}

export interface Pruned {
  readonly sets: readonly BackupSetId[];
  /** Packs and indexes that no set needs any more. */
  readonly objects: number;
  /** Why packs and indexes were left; undefined: they were not. */
  readonly objectsLeftBecause: string | undefined;
  /** Deleted for good. */
  readonly aside: number;
}

const readsAtOnce = 4;
/** So far may the clock that the plan went by be ahead of the store's: nobody keeps sets by the hour. */
const clockAheadMsMax = 60 * 60 * 1000;

/** Looks at the store and decides; changes nothing. BACKUP_STORE_*. */
export async function planPrune(pruning: Pruning, request: PruneRequest, signal?: AbortSignal): Promise<PrunePlan> {
  return (await planAt(pruning, request, { nowIso: pruning.clock.nowIso() }, signal)).plan;
}

/** `freed`: what lay aside and is gone by now; the plan counted it. */
async function planAt(
  pruning: Pruning,
  request: PruneRequest,
  { nowIso, freed = [] }: { readonly nowIso: string; readonly freed?: readonly StoredObject[] },
  signal: AbortSignal | undefined,
): Promise<{ readonly plan: PrunePlan; readonly aside: readonly StoredObject[]; readonly listed: readonly ListedSet[] }> {
  const { store, ciphers, trust } = pruning;
  const sets = await listSets(pruning, trust, signal);
  const standing = new Map<BackupSetId, SetStanding>();
  await inTurns(sets, readsAtOnce, async (set) => {
    if (set.kind === "damaged") return;
    const { known, ofUnknownKeys, unread } = await readAllProofs({ store, ciphers, trust }, set, signal);
    standing.set(set.id, standingOf(known, ofUnknownKeys, unread));
  });
  const aside = [...freed, ...(await oldAside(pruning, request.asideMs, nowIso, signal))];
  const { cluster, policy, acceptedBreaks, unwantedOfFuture, asideMs } = request;
  const content: Omit<PrunePlan, "digest"> = {
    apiVersion: "requorum/v1",
    kind: "PrunePlan",
    store: store.place,
    cluster,
    madeAt: nowIso,
    policy,
    ...planRetention({ cluster, nowIso, policy, sets, standing, acceptedBreaks, ...(unwantedOfFuture && { unwantedOfFuture }) }),
    aside: { count: aside.length, sizeBytes: aside.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0), afterMs: asideMs },
  };
  // Without the time: the same decisions a minute later are the same plan, and may be agreed to by its digest.
  const digest = toHex(ciphers.sha256(utf8(canonicalText({ ...content, madeAt: undefined }))));
  return { plan: { ...content, digest }, aside, listed: sets };
}

/** BACKUP_PRUNE_REFUSED when the plan says so. To be called before anybody is asked. */
export function assertNotRefused({ store, refusals, breaks }: PrunePlan): void {
  if (refusals.length === 0) return;
  const newest = breaks.find(({ isAccepted }) => !isAccepted);
  throw new RecoveryError("BACKUP_PRUNE_REFUSED", {
    subject: `store ${store}`,
    detail: `${refusals.join(". ")}. Nothing was changed`,
    remedies: [
      { why: "see what each set is", command: "requorum backup list" },
      ...(newest === undefined
        ? []
        : [
            {
              why: `only if the sets from there on surely are the true cluster's, as after a restore; in a timer: \`acceptFrom: ${newest.newer}\` in \`backup\` of the configuration`,
              command: `requorum backup prune --accept-from ${newest.newer}`,
            },
          ]),
    ],
  });
}

/**
 * Carries out exactly this plan: what lies aside for long enough first, which
 * makes room on a full store; then the manifests, with which sets cease to be,
 * then what no set needs any more. Stopped anywhere, no listed set misses
 * anything, and the next call, or the next writer, clears the rest.
 * BACKUP_PRUNE_REFUSED, PLAN_STALE when the store is not as the plan says,
 * BACKUP_STORE_BUSY while somebody may be at work there; no set was touched then.
 */
export async function applyPrune(
  pruning: Pruning,
  { plan, request, consent }: { readonly plan: PrunePlan; readonly request: PruneRequest; readonly consent: PruneConsent },
  signal?: AbortSignal,
): Promise<Pruned> {
  assertInvariant(consent.digest === plan.digest, "the consent is to this plan of what to prune");
  assertNotRefused(plan);
  const { store } = pruning;
  const { own, freed } = await claimWithRoom(pruning, { plan, request }, signal);
  try {
    const claims = await findClaims(pruning, own.id, signal);
    const atWork = claims.find(({ state }) => state !== "gone");
    if (atWork !== undefined) throw busy(store, atWork);
    await assertClockNotAhead(pruning, { own: own.id, madeAt: plan.madeAt, freed }, signal);
    const found = await planAt(pruning, request, { nowIso: plan.madeAt, freed }, signal);
    if (found.plan.digest !== plan.digest) throw stale(plan, freed);
    const left = found.aside.filter((object) => !freed.includes(object));
    const deleted = await removeAside(pruning, { aside: left, asideMs: request.asideMs, own: own.id }, signal);
    const sets = await removeSets(pruning, { plan, own }, signal);
    pruning.report({ kind: "phase", text: "removing what no set needs any more" });
    const kept = plan.sets.flatMap((set) => (set.verdict === "keep" && set.id !== undefined ? [set.id] : []));
    const released = new Set(found.listed.flatMap((set) => (set.id !== undefined && sets.includes(set.id) ? objectsOf(set) : [])));
    const unneeded = await removeForGone(pruning, { own, gone: claims, kept, released }, signal);
    await clearUnfinished(store, { id: own.id, areOthersGone: claims.length > 0 }, signal);
    return {
      sets,
      objects: unneeded.kind === "removed" ? unneeded.removed.length : 0,
      objectsLeftBecause: unneeded.kind === "left" ? unneeded.because : undefined,
      aside: freed.length + deleted,
    };
  } finally {
    await own.release();
  }
}

/**
 * The claim, and what had to be deleted for it. A store may be too full for a
 * claim even. What lies aside is no part of any set, so it may go without one,
 * if only the plan still is the one that was agreed to. BACKUP_STORE_FULL.
 */
async function claimWithRoom(
  pruning: Pruning,
  { plan, request }: { readonly plan: PrunePlan; readonly request: PruneRequest },
  signal: AbortSignal | undefined,
): Promise<{ readonly own: RemovingClaim; readonly freed: readonly StoredObject[] }> {
  try {
    return { own: await RemovingClaim.put(pruning, signal), freed: [] };
  } catch (error) {
    if (!(error instanceof RecoveryError) || error.code !== "BACKUP_STORE_FULL") throw error;
    const found = await planAt(pruning, request, { nowIso: plan.madeAt }, signal);
    if (found.plan.digest !== plan.digest) throw stale(plan, []);
    const freed = await oldByWhatIsThere(pruning, { aside: found.aside, asideMs: request.asideMs }, signal);
    if (freed.length === 0) throw error;
    for (const { name } of freed) await pruning.store.remove(name, optionsOf(signal));
    return { own: await RemovingClaim.put(pruning, signal), freed };
  }
}

/** Without a claim the store's clock is not known; but it is not before the newest of what it holds. */
async function oldByWhatIsThere(
  { store }: Pruning,
  { aside, asideMs }: { readonly aside: readonly StoredObject[]; readonly asideMs: number },
  signal: AbortSignal | undefined,
): Promise<readonly StoredObject[]> {
  const newestMs = [...(await store.list(asidePrefix, optionsOf(signal))), ...(await store.list("", optionsOf(signal)))].reduce(
    (newest, { modifiedAt }) => Math.max(newest, Date.parse(modifiedAt)),
    0,
  );
  return aside.filter(({ modifiedAt }) => Date.parse(modifiedAt) <= newestMs - asideMs);
}

/** By a clock that is ahead sets are older than they are, and go. One that is behind only keeps more. */
async function assertClockNotAhead(
  { store, clock }: Pruning,
  { own, madeAt, freed }: { readonly own: BackupSetId; readonly madeAt: string; readonly freed: readonly StoredObject[] },
  signal: AbortSignal | undefined,
): Promise<void> {
  const storeIso = await timeOfClaim(store, own, signal);
  // The plan went by the first; the second is ahead of it by what consent took.
  const nowIso = Date.parse(madeAt) > clock.nowMs() ? madeAt : clock.nowIso();
  if (Date.parse(nowIso) - Date.parse(storeIso) <= clockAheadMsMax) return;
  throw new RecoveryError("PLAN_STALE", {
    subject: `store ${store.place}`,
    detail: `this machine's clock says ${nowIso}, and the store's says ${storeIso}: by a clock that is ahead, sets would go that are not old yet. ${changedWords(freed)}`,
    remedies: [{ why: "set the clock that is wrong right, here or at the store, and plan again", command: "requorum backup prune" }],
  });
}

/** The oldest first: stopped half-way, the newer ones are what is left. */
async function removeSets(
  { store, report }: Pruning,
  { plan, own }: { readonly plan: PrunePlan; readonly own: RemovingClaim },
  signal: AbortSignal | undefined,
): Promise<readonly BackupSetId[]> {
  const going = plan.sets.filter(({ verdict }) => verdict === "remove").reverse();
  const removed: BackupSetId[] = [];
  for (const [index, { id, objectName }] of going.entries()) {
    report({ kind: "count", text: "removing sets", done: index, total: going.length });
    assertInvariant(id !== undefined, "only sets with a name are removed");
    await own.remove(objectName, signal);
    removed.push(id);
    for (const proof of await store.list(proofsOf(id), optionsOf(signal))) await own.remove(proof.name, signal);
  }
  return removed;
}

/** Of what the plan counted, what is old by the store's clock too: the plan went by the operator's, which may be wrong. */
async function removeAside(
  { store }: Pruning,
  { aside, asideMs, own }: { readonly aside: readonly StoredObject[]; readonly asideMs: number; readonly own: BackupSetId },
  signal: AbortSignal | undefined,
): Promise<number> {
  const beforeMs = Date.parse(await timeOfClaim(store, own, signal)) - asideMs;
  const old = aside.filter(({ modifiedAt }) => Date.parse(modifiedAt) < beforeMs);
  for (const { name } of old) await store.remove(name, optionsOf(signal));
  return old.length;
}

async function oldAside(
  { store }: Pruning,
  asideMs: number,
  nowIso: string,
  signal: AbortSignal | undefined,
): Promise<readonly StoredObject[]> {
  const beforeMs = Date.parse(nowIso) - asideMs;
  return (await store.list(asidePrefix, optionsOf(signal))).filter(({ modifiedAt }) => Date.parse(modifiedAt) < beforeMs);
}

function stale({ store, digest }: PrunePlan, freed: readonly StoredObject[]): RecoveryError {
  return new RecoveryError("PLAN_STALE", {
    subject: `plan ${digest.slice(0, 12)}`,
    detail: `the sets of ${store}, or what is proven of them, are not what they were when the plan was made. ${changedWords(freed)}`,
    remedies: [{ why: "plan again", command: "requorum backup prune" }],
  });
}

/** A store that was too full for a claim has lost by then what lay aside for long enough. */
function changedWords(freed: readonly StoredObject[]): string {
  if (freed.length === 0) return "Nothing was changed";
  return `No set was touched; ${String(freed.length)} ${freed.length === 1 ? "object" : "objects"} that lay aside for long enough ${freed.length === 1 ? "was" : "were"} deleted, to make room`;
}

function optionsOf(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
