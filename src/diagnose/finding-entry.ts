/** What is said about one finding code, wherever it turns up. Shown by `requorum explain CODE`. */
export interface FindingEntry {
  /** The failure-catalogue entry it belongs to: `N01`. The code starts with it. */
  readonly catalogueId: string;
  readonly title: string;
  readonly meaning: string;
  /** What it is easily confused with, and the observation that separates the two. */
  readonly tellApart: string;
  /** In order. */
  readonly doNext: readonly string[];
  /** Each of these makes the situation worse. */
  readonly never: readonly string[];
  /** Probe ids that the rule reads. */
  readonly probes: readonly string[];
}
