/** Something wrong with the cluster: a value, never thrown. */
export type Severity = "info" | "warning" | "error" | "critical";
export type Confidence = "low" | "medium" | "high" | "certain";

export interface Evidence {
  readonly what: string;
  readonly observedAt: string;
  readonly source: string;
}

/** Why the data of a member counts as gone for good (I-G2); the same words as in a plan's loss proofs. */
export type ObservedLossKind = "observed-fresh-machine" | "observed-data-lost" | "never-started";

export interface Finding {
  /** Catalogue id first: `N01_MEMBER_LOST_QUORUM_KEPT`. Permanent once released. */
  readonly code: string;
  /** "member 8e9e… (cp2)", "host cp2", "cluster". */
  readonly subject: string;
  /** The configured host it is about, if there is one. */
  readonly host?: string;
  /** The etcd member it is about, if there is one. */
  readonly memberId?: string;
  readonly severity: Severity;
  readonly confidence: Confidence;
  /** One sentence, constant per code apart from names. */
  readonly summary: string;
  readonly evidence: readonly Evidence[];
  /** Codes (with subject, "CODE subject") of symptoms that this finding explains. */
  readonly explains: readonly string[];
  /** What it could have been, and the observation that speaks against it. */
  readonly ruledOut: readonly { readonly code: string; readonly because: string }[];
  /**
   * Present only when the loss of the member's data was observed, not inferred:
   * its machine was replaced, its data dir is gone and no etcd runs, or it never started.
   * Without it only an attestation can make the member count as lost.
   */
  readonly lossProof?: ObservedLossKind;
  /** For a rule whose facts are missing: what would settle it. */
  readonly wouldSettle?: readonly string[];
}

/** The answer of `diagnose`: root causes first, symptoms folded under them. */
export interface Diagnosis {
  readonly takenAt: string;
  readonly findings: readonly Finding[];
  /**
   * Voters that may still fail, a lower bound: only voters proven healthy count.
   * Negative: quorum is lost. undefined: the voter list is not known, or too few
   * voters were observed to say either.
   */
  readonly faultTolerance: number | undefined;
  /** kept: proven by an answer that needs it. lost: too many voters were seen not to take part. unseen: neither. */
  readonly quorum: "kept" | "lost" | "unseen";
  readonly unknown: readonly string[];
}
