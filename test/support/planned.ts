/** Plans for tests: the real diagnosis, a fixed clock, a real digest. */
import { createHash } from "node:crypto";
import { diagnose } from "../../src/diagnose/diagnose.ts";
import { planDigestOf } from "../../src/model/canonical-plan-text.ts";
import type { ClusterModel } from "../../src/model/cluster-model.ts";
import { asHostName } from "../../src/model/ids.ts";
import type { Inventory } from "../../src/model/inventory.ts";
import type { Attestation, Goal, RecoveryPlan } from "../../src/model/plan.ts";
import { planRecovery } from "../../src/plan/plan-recovery.ts";
import { effectOf } from "../../src/plan/steps/judge-step.ts";
import { builderOfModel } from "./situation-of-model.ts";

export interface PlannedOptions {
  readonly goal?: Goal;
  /** Hosts that the operator says are lost. */
  readonly attestLost?: readonly string[];
}

export const sha256Hex = (text: string): string => createHash("sha256").update(text).digest("hex");

export const replaceGoal = (host: string, other?: string): Goal => ({
  kind: "replace",
  host: asHostName(host),
  with: other === undefined ? undefined : asHostName(other),
});

export function attestationOf(host: string): Attestation {
  return {
    kind: "host-lost",
    host: asHostName(host),
    statement: `${host} burnt down`,
    by: "operator@console",
    at: "2026-11-21T02:58:00.000Z",
  };
}

export function planned(inventory: Inventory, options: PlannedOptions = {}): RecoveryPlan {
  return planRecovery({
    inventory,
    diagnosis: diagnose(inventory),
    goal: options.goal ?? { kind: "recover" },
    attestations: (options.attestLost ?? []).map(attestationOf),
    nowIso: new Date(Date.parse(inventory.takenAt) + 2_000).toISOString(),
    sha256Hex,
  });
}

/** The cluster as the plan's own effects leave it. */
export function simulatedEnd(plan: RecoveryPlan): ClusterModel {
  return plan.steps.reduce((model, step) => effectOf(step, model), plan.start);
}

/** Plans again from where the plan leads. */
export function plannedAgain(plan: RecoveryPlan, options: PlannedOptions = {}): RecoveryPlan {
  return planned(builderOfModel(simulatedEnd(plan)).build(), options);
}

/** A plan with something changed in it and a digest that fits: the change is all there is to object to. */
export function tampered(plan: RecoveryPlan, change: Partial<RecoveryPlan>): RecoveryPlan {
  const changed = { ...plan, ...change };
  return { ...changed, digest: planDigestOf(changed, sha256Hex) };
}
