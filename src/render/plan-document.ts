import { modelQuorum } from "../model/cluster-model.ts";
import type { Alternative, Attestation, Fingerprint, Goal, LossProof, LossStatement, RecoveryPlan } from "../model/plan.ts";
import type { QuorumState } from "../model/quorum.ts";

/** What `plan` says, for programs. The plan file itself is what `apply` takes. */
export interface PlanDocument {
  readonly apiVersion: "requorum/v1";
  readonly kind: "Plan";
  readonly cluster: string;
  readonly digest: string;
  /** Where it was written; undefined: there is nothing to carry out. */
  readonly file: string | undefined;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly goal: Goal;
  readonly verdict: RecoveryPlan["verdict"];
  readonly strategy: string;
  readonly reasons: readonly string[];
  readonly quorumNow: QuorumState | undefined;
  readonly fingerprint: Fingerprint;
  readonly lossProofs: readonly LossProof[];
  readonly attestations: readonly Attestation[];
  readonly findings: RecoveryPlan["findings"];
  readonly steps: readonly PlanDocumentStep[];
  readonly expectedSeconds: number;
  readonly loss: LossStatement;
  readonly alternatives: readonly Alternative[];
  /** The newest run on this machine, while it has not succeeded: the cluster may be as it left it half-way. */
  readonly openRun: { readonly run: string; readonly outcome: string } | undefined;
}

export interface PlanDocumentStep {
  readonly id: string;
  readonly kind: string;
  readonly host: string | undefined;
  readonly risk: string;
  readonly describes: string;
  readonly quorumAfter: QuorumState | undefined;
  readonly expectedSeconds: number;
  /** The step whose verified copy covers this destructive one. */
  readonly copyBy: string | undefined;
}

export function planDocument(plan: RecoveryPlan, file: string | undefined, openRun?: PlanDocument["openRun"]): PlanDocument {
  return {
    apiVersion: "requorum/v1",
    kind: "Plan",
    cluster: plan.cluster,
    digest: plan.digest,
    file,
    createdAt: plan.createdAt,
    expiresAt: plan.expiresAt,
    goal: plan.goal,
    verdict: plan.verdict,
    strategy: plan.strategy,
    reasons: plan.reasons,
    quorumNow: modelQuorum(plan.start),
    fingerprint: plan.fingerprint,
    lossProofs: plan.lossProofs,
    attestations: plan.attestations,
    findings: plan.findings,
    steps: plan.steps.map(({ id, kind, host, risk, describes, quorumAfter, expectedSeconds, copyBy }) => ({
      id,
      kind,
      host,
      risk,
      describes,
      quorumAfter,
      expectedSeconds,
      copyBy,
    })),
    expectedSeconds: plan.steps.reduce((sum, step) => sum + step.expectedSeconds, 0),
    loss: plan.loss,
    alternatives: plan.alternatives,
    openRun: openRun === undefined ? undefined : { run: openRun.run, outcome: openRun.outcome },
  };
}

/**
 * The newest run was broken off, by Ctrl-C or a kill: what the cluster looks
 * like is half of what it did. One that failed or was blocked said so at its
 * end, and what was seen since counts.
 */
export function isBrokenOff(openRun: PlanDocument["openRun"]): boolean {
  return openRun?.outcome === "unfinished" || openRun?.outcome === "interrupted";
}

/** The first digits, enough to name a plan and the fewest that `--approve` takes. */
export function shortDigest(digest: string): string {
  return digest.slice(0, 12);
}
