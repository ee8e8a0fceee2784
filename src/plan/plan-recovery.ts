import { modelQuorum } from "../model/cluster-model.ts";
import { clusterIdsOf, clusterModelOf } from "../model/cluster-model-of.ts";
import { planDigestOf, type PlanContent } from "../model/canonical-plan-text.ts";
import type { LossStatement, RecoveryPlan } from "../model/plan.ts";
import { hasQuorum } from "../model/quorum.ts";
import type { Decision, ProjectedCandidate } from "./decision.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { judgeLooks, type LooksJudgement } from "./looks.ts";
import { lossProofsOf } from "./loss-proofs.ts";
import { causesToSettle, identityDoubts, openFindings } from "./open-findings.ts";
import type { PlanInput, PlanningSituation } from "./plan-input.ts";
import { projectSteps } from "./projected-steps.ts";
import { alternativesOf, rankCandidates } from "./rank-candidates.ts";
import { noLoss, notPossible, type Candidate } from "./strategies/candidate.ts";
import { planReplaceMember } from "./strategies/replace-member.ts";
import { planStartStopped } from "./strategies/start-stopped.ts";
import { planWait } from "./strategies/wait.ts";

/**
 * Decides everything that a run will do. Pure; it always answers with a plan,
 * whose verdict may be to wait or that something must be settled first. Throws
 * only on bugs.
 */
export function planRecovery(input: PlanInput): RecoveryPlan {
  const { inventory, diagnosis, goal, attestations } = input;
  const model = clusterModelOf(inventory);
  const losses = lossProofsOf({ inventory, diagnosis, model, attestations });
  const situation: PlanningSituation = {
    inventory,
    diagnosis,
    goal,
    model,
    lossProofs: losses.proofs,
    refusedAttestations: losses.refused,
  };
  const candidates = [planStartStopped(situation), planReplaceMember(situation), planWait(situation)].map((candidate) =>
    project(situation, candidate),
  );
  const looks = judgeLooks(inventory);
  const decision = decide(situation, candidates, looks);
  const chosen = decision.verdict === "act" ? decision.strategy : undefined;
  const steps = candidates.find(({ candidate }) => candidate.name === chosen)?.projection?.steps ?? [];
  const content: PlanContent = {
    apiVersion: "requorum/v1",
    kind: "RecoveryPlan",
    parent: input.parent,
    cluster: inventory.config.cluster,
    createdAt: input.nowIso,
    expiresAt: new Date(Date.parse(input.nowIso) + inventory.config.policy.planLifetimeMs).toISOString(),
    goal,
    verdict: decision.verdict,
    strategy: decision.strategy,
    reasons: decision.reasons,
    findings: diagnosis.findings.map(({ code, subject }) => ({ code, subject })),
    lossProofs: losses.proofs,
    attestations,
    looks: looks.looks,
    fingerprint: fingerprintOf(inventory, model),
    start: model,
    steps,
    loss: decision.loss,
    alternatives: alternativesOf(candidates, decision),
  };
  return { ...content, digest: planDigestOf(content, input.sha256Hex) };
}

/** A strategy whose steps would fail their own preconditions is not offered. */
function project({ model }: PlanningSituation, candidate: Candidate): ProjectedCandidate {
  if (candidate.kind === "impossible") return { candidate, projection: undefined };
  const projection = projectSteps(model, candidate.steps);
  if (projection.problems.length === 0) return { candidate, projection };
  return { candidate: notPossible(candidate.name, ...projection.problems), projection: undefined };
}

function decide(situation: PlanningSituation, candidates: readonly ProjectedCandidate[], looks: LooksJudgement): Decision {
  const blocked = (...reasons: string[]): Decision => ({ verdict: "blocked", strategy: "wait", reasons, loss: unknownLoss(situation) });
  const clusterIds = clusterIdsOf(situation.inventory);
  if (clusterIds.length > 1) {
    return blocked(
      `More than one cluster id answers (${clusterIds.join(", ")}): nothing is changed before it is settled which cluster is the right one (I-G3). Isolating an orphan is not built yet (NOT_BUILT_YET).`,
    );
  }
  const doubts = identityDoubts(situation);
  if (doubts.length > 0) return blocked(...doubts);
  if (situation.model.members === undefined && situation.model.believedMembers === undefined) {
    return blocked("No member list is known: no etcd answered and there are no facts from an earlier probe.");
  }
  const permanent = permanentLoss(situation);
  if (permanent !== undefined) return blocked(permanent);
  const best = rankCandidates(candidates)[0]?.candidate;
  if (best?.kind === "possible") {
    const causes = best.name === "wait" ? causesToSettle(situation) : [];
    if (causes.length > 0) return { ...blocked(...causes, ...best.reasons), loss: best.loss };
    if (best.name === "wait")
      return { verdict: "wait", strategy: "wait", reasons: [...best.reasons, ...situation.refusedAttestations], loss: best.loss };
    if (looks.reasons.length > 0) return { verdict: "wait", strategy: "wait", reasons: looks.reasons, loss: best.loss };
    return { verdict: "act", strategy: best.name, reasons: [], loss: best.loss };
  }
  const needed = candidates.flatMap(({ candidate }) => (candidate.kind === "impossible" && candidate.isNeeded ? candidate.missing : []));
  const open = needed.length > 0 ? [] : openFindings(situation);
  if (needed.length > 0 || open.length > 0) return blocked(...needed, ...open);
  const asked = candidates.find(({ candidate }) => candidate.name === "replace-member")?.candidate;
  const reasons = situation.goal.kind === "replace" && asked?.kind === "impossible" ? asked.missing : [];
  return { verdict: "nothing-to-do", strategy: "nothing-to-do", reasons, loss: noLoss };
}

/** E01, E03: too many voters are proven lost for any majority to come back. */
function permanentLoss({ model, lossProofs }: PlanningSituation): string | undefined {
  const state = modelQuorum(model);
  if (state !== undefined && hasQuorum(state)) return undefined;
  const voters = (model.members ?? model.believedMembers ?? []).filter((member) => !member.isLearner);
  const lost = voters.filter((voter) => lossProofs.some((proof) => proof.memberId === voter.id));
  const needed = Math.floor(voters.length / 2) + 1;
  if (voters.length - lost.length >= needed) return undefined;
  return (
    `Quorum is lost for good: ${String(lost.length)} of ${String(voters.length)} voters are proven lost, ${String(needed)} are needed. ` +
    "Recovering from a survivor or from a backup is not built yet in this version (NOT_BUILT_YET); nothing was changed. Keep every data dir as it is."
  );
}

function unknownLoss({ model }: PlanningSituation): LossStatement {
  const state = modelQuorum(model);
  if (state !== undefined && hasQuorum(state)) return noLoss;
  return { revisions: undefined, objects: undefined, seconds: undefined, words: "What is lost cannot be told yet." };
}
