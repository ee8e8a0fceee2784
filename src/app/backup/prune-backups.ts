import { clearLeftovers } from "../../catalogue/clear-leftovers.ts";
import { applyPrune, assertNotRefused, planPrune, type Pruned, type PruneRequest } from "../../catalogue/prune-store.ts";
import type { SetTrust } from "../../catalogue/set-signing.ts";
import { pruneConsentOf, type PruneConsent, type PrunePlan } from "../../model/prune-plan.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { AppContext } from "../app-ports.ts";
import type { BackupPorts } from "./backup-context.ts";
import { assertStoreIsThere, rememberOwnWork } from "./remember-sets.ts";

export interface PruneContext extends Pick<AppContext, "signal" | "report" | "operator"> {
  readonly ports: Pick<AppContext["ports"], "clock" | "hashing">;
  readonly backup: Pick<BackupPorts, "store" | "ciphers" | "owner" | "isRunning" | "seen">;
  readonly trust: SetTrust;
}

/** `--approve` takes the digest or its first digits; fewer than 12 would be guessable by accident. */
const approvedDigitsMin = 12;

/** Decides what would go, and changes nothing; nothing in a place that had a store and shows none: even a claim would be written to another disk. BACKUP_STORE_*. */
export async function planBackupsPrune(context: PruneContext, request: PruneRequest): Promise<PrunePlan> {
  await assertStoreIsThere(context.backup, request.cluster, { isRemoval: true });
  return planPrune(pruningOf(context), request, context.signal);
}

export interface PrunedBackups {
  readonly pruned: Pruned;
  /** Why this machine could not keep that it removed them: they are gone all the same. */
  readonly unkept?: RecoveryError | undefined;
}

/** BACKUP_PRUNE_REFUSED before anybody is asked; then consent, then exactly the plan. CONSENT_MISSING, PLAN_STALE, BACKUP_STORE_*: of a memory that cannot be written only `unkept` is said. */
export async function pruneBackups(
  context: PruneContext,
  {
    plan,
    request,
    askConsent,
  }: {
    readonly plan: PrunePlan;
    readonly request: PruneRequest;
    readonly askConsent: (plan: PrunePlan) => Promise<PruneConsent>;
  },
): Promise<PrunedBackups> {
  assertNotRefused(plan);
  const consent = await askConsent(plan);
  const pruned = await applyPrune(pruningOf(context), { plan, request, consent }, context.signal);
  const unkept = await unkeptOf(() => rememberOwnWork(context.backup, request.cluster, { removed: pruned.sets }));
  return { pruned, unkept };
}

async function unkeptOf(remember: () => Promise<void>): Promise<RecoveryError | undefined> {
  try {
    await remember();
    return undefined;
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    return new RecoveryError(error.code, {
      subject: error.subject,
      detail: `the sets were removed, and this machine cannot remember that it did so: a later look may miss one of them. ${error.detail}`,
      cause: error,
      remedies: [{ why: "make room or put right what is said there, then see which sets are left", command: "requorum backup list" }],
    });
  }
}

/**
 * For a plan that wants nothing: what no set needs, of a prune or a writer that
 * was killed, goes all the same, as the next writer would do it.
 */
export async function clearStore(context: PruneContext): Promise<PrunedBackups> {
  const cleared = await clearLeftovers(pruningOf(context), context.signal);
  const objects = cleared.kind === "cleared" ? cleared.removed.length : 0;
  const objectsLeftBecause = cleared.kind === "left" ? cleared.because : undefined;
  return { pruned: { sets: [], objects, objectsLeftBecause, aside: 0 } };
}

/** Does it want nothing done? */
export function isIdlePrune({ sets, aside }: PrunePlan): boolean {
  return aside.count === 0 && sets.every(({ verdict }) => verdict === "keep");
}

/** Consent by `--approve DIGEST`. `again`: the call without it. CONSENT_MISSING when the digits are not this plan's. */
export function approvePruneByDigest(
  { digest, store }: PrunePlan,
  approved: string,
  { by, again }: { readonly by: string; readonly again: string },
): PruneConsent {
  const digits = approved.toLowerCase();
  if (digits.length >= approvedDigitsMin && digest.startsWith(digits)) return pruneConsentOf({ digest, by, how: "approved-digest" });
  throw new RecoveryError("CONSENT_MISSING", {
    subject: `plan ${digest.slice(0, approvedDigitsMin)}`,
    detail:
      digits.length < approvedDigitsMin
        ? `--approve needs at least the first ${String(approvedDigitsMin)} digits of the plan's digest`
        : `the digest given with --approve is not that of what would be removed now; the sets of ${store} are others than then, or the options are. Nothing was changed`,
    remedies: [{ why: "see what would be removed now", command: `${again} --plan` }],
  });
}

/** Consent by typing the cluster's name. CONSENT_MISSING when something else was typed. */
export function agreePruneByTyping({ digest, cluster }: PrunePlan, typed: string, by: string): PruneConsent {
  if (typed.trim() === cluster) return pruneConsentOf({ digest, by, how: "typed-cluster-name" });
  throw new RecoveryError("CONSENT_MISSING", {
    subject: `cluster ${cluster}`,
    detail: `${JSON.stringify(typed.trim())} was typed, not ${JSON.stringify(cluster)}; nothing was changed`,
    remedies: [],
  });
}

function pruningOf({ backup, trust, ports, report }: PruneContext) {
  return { ...backup, trust, report, clock: ports.clock, randomHex: (byteCount: number) => ports.hashing.randomHex(byteCount) };
}
