import type { Alternative, LossStatement } from "../model/plan.ts";
import type { StepRisk } from "../model/step.ts";
import type { Decision, ProjectedCandidate } from "./decision.ts";

const riskRank: { readonly [risk in StepRisk]: number } = { "read-only": 0, reversible: 1, destructive: 2 };

/**
 * Possible candidates, best first: least loss, then least risk, then shortest.
 * Two rules go before that. Starting what is stopped goes before waiting,
 * because it can only help. And waiting goes before replacing: as long as
 * something silent is not proven lost, nothing irreversible is done (I-G2).
 */
export function rankCandidates(candidates: readonly ProjectedCandidate[]): readonly ProjectedCandidate[] {
  const possible = candidates.filter(({ candidate }) => candidate.kind === "possible");
  return possible.sort((left, right) => compare(keyOf(left), keyOf(right)));
}

function keyOf(projected: ProjectedCandidate): readonly number[] {
  const { candidate } = projected;
  if (candidate.kind === "impossible") return [];
  const isIdle = candidate.name === "wait";
  const risk = riskRank[riskOf(projected)];
  // Waiting has no risk of its own; it ranks behind what is reversible and before what is not.
  return [lossRank(candidate.loss), isIdle ? 1.5 : risk, secondsOf(projected)];
}

/** An unknown loss ranks behind every known one. */
function lossRank(loss: LossStatement): number {
  return loss.revisions === undefined ? Number.MAX_SAFE_INTEGER : Number(loss.revisions);
}

function compare(left: readonly number[], right: readonly number[]): number {
  const index = left.findIndex((value, at) => value !== right[at]);
  return index === -1 ? 0 : (left[index] ?? 0) - (right[index] ?? 0);
}

function riskOf({ projection }: ProjectedCandidate): StepRisk {
  const risks = (projection?.steps ?? []).map((step) => step.risk);
  return risks.includes("destructive") ? "destructive" : risks.includes("reversible") ? "reversible" : "read-only";
}

function secondsOf({ projection }: ProjectedCandidate): number {
  return (projection?.steps ?? []).reduce((sum, step) => sum + step.expectedSeconds, 0);
}

/** Every strategy side by side, what was chosen first. */
export function alternativesOf(candidates: readonly ProjectedCandidate[], decision: Decision): readonly Alternative[] {
  const ranked = rankCandidates(candidates);
  const rest = candidates.filter((projected) => !ranked.includes(projected));
  const all = [...ranked, ...rest].map((projected) => alternativeOf(projected, decision));
  return [...all.filter((alternative) => alternative.chosen), ...all.filter((alternative) => !alternative.chosen)];
}

function alternativeOf(projected: ProjectedCandidate, decision: Decision): Alternative {
  const { candidate } = projected;
  // Waiting for a second look, though nothing is silent.
  if (candidate.name === "wait" && candidate.kind === "impossible" && decision.verdict === "wait") {
    return {
      name: "wait",
      loss: decision.loss,
      risk: "read-only",
      expectedSeconds: undefined,
      chosen: true,
      because: decision.reasons.join(" "),
      isPossible: true,
    };
  }
  if (candidate.kind === "impossible") {
    const loss: LossStatement = { revisions: undefined, objects: undefined, seconds: undefined, words: "Not possible now." };
    return {
      name: candidate.name,
      loss,
      risk: "read-only",
      expectedSeconds: undefined,
      chosen: false,
      because: candidate.missing.join(" "),
      isPossible: false,
    };
  }
  const chosen = candidate.name === decision.strategy && (decision.verdict === "act" || decision.verdict === "wait");
  const why = chosen || decision.verdict !== "wait" ? "" : ` Not chosen: ${decision.reasons[0] ?? "waiting comes first."}`;
  return {
    name: candidate.name,
    loss: candidate.loss,
    risk: riskOf(projected),
    // How long a silent machine stays away is not known.
    expectedSeconds: candidate.name === "wait" ? undefined : secondsOf(projected),
    chosen,
    because: `${candidate.because}${why}`,
    isPossible: true,
  };
}
