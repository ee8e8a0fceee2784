import type { BackupSetId, ClusterId, HostName, MemberId, PlanDigest, Revision, StepId } from "./ids.ts";
import type { ClusterModel } from "./cluster-model.ts";
import type { RestoreAcceptance } from "./restore-doubt.ts";
import type { QuorumState } from "./quorum.ts";
import type { Step, StepKind, StepRisk } from "./step.ts";

export type Goal =
  | { readonly kind: "recover" }
  | { readonly kind: "replace"; readonly host: HostName; readonly with: HostName | undefined }
  | RestorePartsGoal;

export interface RestorePartsGoal {
  readonly kind: "restore-parts";
  readonly host: HostName;
  readonly set: BackupSetId;
  /** What was asked for, as kinds and absolute paths. */
  readonly parts: readonly string[];
  readonly accepts: readonly RestoreAcceptance[];
}

/** The operator's signed word for something that cannot be observed. Journalled with the plan. */
export interface Attestation {
  readonly kind: "host-lost";
  readonly host: HostName;
  readonly statement: string;
  readonly by: string;
  readonly at: string;
}

/**
 * Why a member counts as permanently lost (I-G2). "unfinished-join": a learner
 * that a join left behind; it has no vote and nothing that the voters lack.
 */
export interface LossProof {
  readonly memberId: MemberId;
  readonly host: HostName | undefined;
  readonly kind: "observed-fresh-machine" | "observed-data-lost" | "never-started" | "unfinished-join" | "attested";
  readonly evidence: readonly string[];
}

export type StrategyName = "nothing-to-do" | "wait" | "start-stopped" | "replace-member" | "restore-parts";

/** What is given up, stated before anything is done. */
export interface LossStatement {
  /** Acknowledged revisions that would be lost; undefined: not known. */
  readonly revisions: bigint | undefined;
  readonly objects: number | undefined;
  readonly seconds: number | undefined;
  readonly words: string;
}

export interface Alternative {
  readonly name: StrategyName;
  readonly loss: LossStatement;
  readonly risk: StepRisk;
  readonly expectedSeconds: number | undefined;
  readonly chosen: boolean;
  /** Why it was or was not chosen; for what is not possible now, what is missing. */
  readonly because: string;
  readonly isPossible: boolean;
}

/** What the plan assumes about the cluster; if it is not so at apply, the plan is stale (I-G8). */
export interface Fingerprint {
  readonly clusterId: ClusterId | undefined;
  readonly members: readonly {
    readonly id: MemberId;
    readonly name: string;
    readonly peerUrls: readonly string[];
    readonly isLearner: boolean;
  }[];
  /** The cluster's revision may only have grown. */
  readonly revisionAtLeast: Revision;
  readonly hosts: readonly {
    readonly name: HostName;
    readonly machineId: string | undefined;
    readonly etcdManifestSha256: string | undefined;
    readonly hasEtcdData: boolean | undefined;
  }[];
}

export type PlannedStep<K extends StepKind = StepKind> = Step<K> & {
  readonly host: HostName | undefined;
  readonly risk: StepRisk;
  readonly describes: string;
  /** Ids of steps that must have succeeded or been skipped. */
  readonly after: readonly StepId[];
  readonly quorumAfter: QuorumState | undefined;
  readonly expectedSeconds: number;
  readonly attemptsMax: number;
  /** For destructive steps: the step whose verified copy covers it. */
  readonly copyBy?: StepId;
};

export interface RecoveryPlan {
  readonly apiVersion: "requorum/v1";
  readonly kind: "RecoveryPlan";
  /** sha256 of the canonical text of everything else. */
  readonly digest: PlanDigest;
  readonly parent: PlanDigest | undefined;
  readonly cluster: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly goal: Goal;
  /** act: there are steps. wait: the right thing is to do nothing yet. blocked: something must be settled first. */
  readonly verdict: "act" | "wait" | "blocked" | "nothing-to-do";
  readonly strategy: StrategyName;
  /** For wait and blocked: what is waited for or missing. For act: what is left out, and why. */
  readonly reasons: readonly string[];
  readonly findings: readonly { readonly code: string; readonly subject: string }[];
  readonly lossProofs: readonly LossProof[];
  readonly attestations: readonly Attestation[];
  /** Two looks, at least 5 s apart, that agree (I-G1); undefined: only one was taken. */
  readonly looks: { readonly first: string; readonly second: string } | undefined;
  readonly fingerprint: Fingerprint;
  /** The model that the steps start from: the checker simulates from it. */
  readonly start: ClusterModel;
  readonly steps: readonly PlannedStep[];
  readonly loss: LossStatement;
  readonly alternatives: readonly Alternative[];
}

/** Made only by the consent prompt or `--approve DIGEST`; bound to one plan. */
declare const consentBrand: unique symbol;
export interface Consent {
  readonly [consentBrand]: true;
  readonly digest: PlanDigest;
  readonly by: string;
  readonly how: "typed-cluster-name" | "approved-digest";
  readonly at: string;
}

/** The one place where consent comes into being. Call it only with the operator's own words in hand. */
export function consentOf(given: Omit<Consent, typeof consentBrand>): Consent {
  return given as Consent;
}
