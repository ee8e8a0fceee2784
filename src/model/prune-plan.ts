import type { BackupMark, ProofLevel } from "./backup-set.ts";
import type { BackupRetention } from "./cluster-config.ts";
import type { BackupSetId, ClusterId, Revision } from "./ids.ts";

/** What is kept, and what nothing of it keeps is removed. */
export interface PrunePolicy extends BackupRetention {
  /** Every set younger than this is kept; undefined: age alone keeps none. */
  readonly withinMs: number | undefined;
}

/**
 * What `backup prune` would do with each set of a store, and why. Immutable;
 * consent is bound to its digest. Nothing is chosen after it was made.
 */
export interface PrunePlan {
  readonly apiVersion: "requorum/v1";
  readonly kind: "PrunePlan";
  readonly store: string;
  readonly cluster: string;
  /** ISO 8601, UTC: what "young" and "day" are measured by. */
  readonly madeAt: string;
  readonly policy: PrunePolicy;
  /** Every object below `sets/`, the newest first. */
  readonly sets: readonly PruneEntry[];
  /** Where the newer sets do not look like the older ones' continuation, newest first (failure catalogue H11). */
  readonly breaks: readonly LineageBreak[];
  /** Not empty: nothing may be removed, and why. */
  readonly refusals: readonly string[];
  /** What was put aside long enough ago, and is deleted for good. */
  readonly aside: { readonly count: number; readonly sizeBytes: number; readonly afterMs: number };
  /** sha256 over the canonical text of everything but itself and `madeAt`: the same decisions have the same digest. */
  readonly digest: string;
}

export interface PruneEntry {
  /** undefined: its name is none of a set. */
  readonly id: BackupSetId | undefined;
  /** Of the manifest's object. */
  readonly objectName: string;
  /** undefined: damaged. */
  readonly createdAt: string | undefined;
  readonly clusterId: ClusterId | undefined;
  readonly revision: Revision | undefined;
  readonly totalKeys: number | undefined;
  readonly marks: readonly BackupMark["code"][];
  /** What proofs say; undefined: none was made. */
  readonly proven: ProofLevel | undefined;
  readonly verdict: "keep" | "remove";
  /** Each rule that keeps it, or why none does. */
  readonly because: readonly string[];
}

/** A set that is not what must follow the one before it. */
export interface LineageBreak {
  readonly newer: BackupSetId;
  readonly older: BackupSetId;
  readonly because: string;
  /** The operator said that the newer ones are the true cluster's. */
  readonly isAccepted: boolean;
}

declare const consentBrand: unique symbol;

/** An operator's agreement to one plan. */
export interface PruneConsent {
  readonly digest: string;
  readonly by: string;
  readonly how: "typed-cluster-name" | "approved-digest" | "yes-option";
  readonly [consentBrand]: true;
}

/** The one place where it comes into being. Call it only with the operator's own words in hand. */
export function pruneConsentOf(given: Omit<PruneConsent, typeof consentBrand>): PruneConsent {
  return given as PruneConsent;
}
