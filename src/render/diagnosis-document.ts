import type { Diagnosis, Finding } from "../model/finding.ts";

/** What `diagnose` says, for programs. */
export interface DiagnosisDocument {
  readonly apiVersion: "requorum/v1";
  readonly kind: "Diagnosis";
  readonly cluster: string;
  readonly takenAt: string;
  /** Where the facts come from: "probes", or the file that was given. */
  readonly source: string;
  readonly faultTolerance: number | undefined;
  readonly findings: readonly (Finding & Advice)[];
  readonly unknown: readonly string[];
}

/** From the finding catalogue. */
export interface Advice {
  readonly doNext: readonly string[];
  readonly never: readonly string[];
}

export function diagnosisDocument(
  diagnosis: Diagnosis,
  given: { readonly cluster: string; readonly source: string; readonly advise: (code: string) => Advice },
): DiagnosisDocument {
  return {
    apiVersion: "requorum/v1",
    kind: "Diagnosis",
    cluster: given.cluster,
    takenAt: diagnosis.takenAt,
    source: given.source,
    faultTolerance: diagnosis.faultTolerance,
    findings: diagnosis.findings.map((finding) => ({ ...finding, ...adviceOnly(given.advise(finding.code)) })),
    unknown: diagnosis.unknown,
  };
}

function adviceOnly({ doNext, never }: Advice): Advice {
  return { doNext, never };
}
