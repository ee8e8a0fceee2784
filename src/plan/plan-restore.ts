import { clusterIdsOf, clusterModelOf } from "../model/cluster-model-of.ts";
import { withHost, type ClusterModel } from "../model/cluster-model.ts";
import { planDigestOf, type PlanContent } from "../model/canonical-plan-text.ts";
import type { Diagnosis } from "../model/finding.ts";
import type { HostName } from "../model/ids.ts";
import type { Inventory } from "../model/inventory.ts";
import type { RecoveryPlan, RestorePartsGoal } from "../model/plan.ts";
import type { FileAt } from "../model/restored-file.ts";
import type { Decision } from "./decision.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { judgeLooks } from "./looks.ts";
import { projectSteps } from "./projected-steps.ts";
import { alternativesOf } from "./rank-candidates.ts";
import { noLoss, notPossible, type Candidate } from "./strategies/candidate.ts";
import { planRestoreParts, type WantedParts } from "./strategies/restore-parts.ts";

export interface RestorePlanInput {
  readonly inventory: Inventory;
  readonly diagnosis: Diagnosis;
  readonly goal: RestorePartsGoal;
  readonly wanted: Omit<WantedParts, "clusterIds" | "nowIso"> & { readonly clusterId: string | undefined };
  /** Files of each machine as they are: those that were asked for, and CA certificates of the others. */
  readonly seen: ReadonlyMap<HostName, readonly FileAt[]>;
  readonly nowIso: string;
  readonly sha256Hex: (text: string) => string;
}

/** Which files of a set are put back on one machine, and whether they may be. Pure; the same gates as for every plan: two looks, one cluster id. */
export function planRestore(input: RestorePlanInput): RecoveryPlan {
  const { inventory, diagnosis, goal } = input;
  const model = withFiles(clusterModelOf(inventory), input.seen);
  const live = clusterIdsOf(inventory);
  const { clusterId, ...wanted } = input.wanted;
  const offered = planRestoreParts(model, goal, { ...wanted, clusterIds: { live, ofSet: clusterId }, nowIso: input.nowIso });
  const projection = offered.kind === "possible" ? projectSteps(model, offered.steps) : undefined;
  const candidate =
    projection === undefined || projection.problems.length === 0 ? offered : notPossible("restore-parts", ...projection.problems);
  const looks = judgeLooks(inventory);
  const decision = decide(candidate, { live, waitFor: looks.reasons });
  const content: PlanContent = {
    apiVersion: "requorum/v1",
    kind: "RecoveryPlan",
    parent: undefined,
    cluster: inventory.config.cluster,
    createdAt: input.nowIso,
    expiresAt: new Date(Date.parse(input.nowIso) + inventory.config.policy.planLifetimeMs).toISOString(),
    goal,
    verdict: decision.verdict,
    strategy: decision.strategy,
    reasons: decision.reasons,
    findings: diagnosis.findings.map(({ code, subject }) => ({ code, subject })),
    lossProofs: [],
    attestations: [],
    looks: looks.looks,
    fingerprint: fingerprintOf(inventory, model),
    start: model,
    steps: decision.verdict === "act" ? (projection?.steps ?? []) : [],
    loss: decision.loss,
    alternatives: alternativesOf([{ candidate, projection: candidate.kind === "possible" ? projection : undefined }], decision),
  };
  return { ...content, digest: planDigestOf(content, input.sha256Hex) };
}

function decide(candidate: Candidate, seen: { readonly live: readonly string[]; readonly waitFor: readonly string[] }): Decision {
  if (candidate.kind === "impossible")
    return candidate.isNeeded
      ? { verdict: "blocked", strategy: "restore-parts", reasons: candidate.missing, loss: noLoss }
      : { verdict: "nothing-to-do", strategy: "nothing-to-do", reasons: candidate.missing, loss: noLoss };
  if (seen.live.length > 1) {
    const because = `More than one cluster id answers (${seen.live.join(", ")}): nothing is changed before it is settled which cluster is the right one (I-G3).`;
    return { verdict: "blocked", strategy: "restore-parts", reasons: [because], loss: candidate.loss };
  }
  if (seen.waitFor.length > 0) return { verdict: "wait", strategy: "wait", reasons: seen.waitFor, loss: candidate.loss };
  return { verdict: "act", strategy: "restore-parts", reasons: candidate.reasons, loss: candidate.loss };
}

function withFiles(model: ClusterModel, seen: ReadonlyMap<HostName, readonly FileAt[]>): ClusterModel {
  let changed = model;
  for (const [name, files] of seen) changed = withHost(changed, name, { files });
  return changed;
}
