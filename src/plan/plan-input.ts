import type { ClusterModel } from "../model/cluster-model.ts";
import type { Diagnosis } from "../model/finding.ts";
import type { PlanDigest } from "../model/ids.ts";
import type { Inventory } from "../model/inventory.ts";
import type { Attestation, Goal, LossProof } from "../model/plan.ts";

export interface PlanInput {
  readonly inventory: Inventory;
  readonly diagnosis: Diagnosis;
  readonly goal: Goal;
  readonly attestations: readonly Attestation[];
  /** ISO 8601, UTC. */
  readonly nowIso: string;
  readonly sha256Hex: (text: string) => string;
  /** The plan that this one takes the place of. */
  readonly parent?: PlanDigest | undefined;
}

/** What every strategy looks at. */
export interface PlanningSituation {
  readonly inventory: Inventory;
  readonly diagnosis: Diagnosis;
  readonly goal: Goal;
  readonly model: ClusterModel;
  readonly lossProofs: readonly LossProof[];
  /** Why an attestation was not taken. */
  readonly refusedAttestations: readonly string[];
}
