import type { Confidence, Evidence, Finding, ObservedLossKind, Severity } from "../model/finding.ts";
import type { HostName, MemberId } from "../model/ids.ts";
import type { FindingCode } from "./finding-catalogue.ts";
import type { Situation } from "./situation/situation.ts";

/** Triage order of the failure catalogue, section 0.2: cheap and safe questions first. */
export type TriageStage = "path" | "clock-and-certificates" | "cluster-ids" | "quorum" | "alarms" | "disk" | "stale-objects";

export const triageOrder: readonly TriageStage[] = [
  "path",
  "clock-and-certificates",
  "cluster-ids",
  "quorum",
  "alarms",
  "disk",
  "stale-objects",
];

/**
 * One kind of problem. Pure: it reads the situation and nothing else, and
 * returns no finding where its facts are missing (those are listed in
 * Diagnosis.unknown) or a finding that says in `wouldSettle` what is missing.
 */
export interface Rule {
  readonly code: FindingCode;
  readonly stage: TriageStage;
  diagnose(situation: Situation): readonly Finding[];
}

export interface FindingParts {
  readonly subject: string;
  readonly host?: HostName | undefined;
  readonly memberId?: MemberId | undefined;
  readonly severity: Severity;
  readonly confidence: Confidence;
  readonly summary: string;
  readonly evidence: readonly Evidence[];
  readonly ruledOut?: readonly { readonly code: FindingCode; readonly because: string }[];
  readonly lossProof?: ObservedLossKind | undefined;
  readonly wouldSettle?: readonly string[];
}

/** Builds a finding; what it explains is filled in when all rules have spoken. */
export function findingOf(code: FindingCode, parts: FindingParts): Finding {
  const { host, memberId, lossProof, wouldSettle, ruledOut, ...rest } = parts;
  return {
    code,
    ...rest,
    ...(host === undefined ? {} : { host }),
    ...(memberId === undefined ? {} : { memberId }),
    ...(lossProof === undefined ? {} : { lossProof }),
    ...(wouldSettle === undefined || wouldSettle.length === 0 ? {} : { wouldSettle }),
    explains: [],
    ruledOut: ruledOut ?? [],
  };
}
