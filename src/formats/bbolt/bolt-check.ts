/** What `checkBolt` finds. */
import type { BoltMetaFacts, BoltReader } from "./bolt-reader.ts";

/**
 * `meta` a meta page. `cut-off` pages beyond the end of the file. `page` a page
 * that is not as bbolt writes it. `order` keys outside of what the branch page
 * above gives them. `reference` a page that is named twice, or free and in use.
 * `freelist` the list of free pages. `lost` pages that are neither in use nor
 * free. `depth` nested deeper than real files are.
 */
export type BoltProblemKind = "meta" | "cut-off" | "page" | "order" | "reference" | "freelist" | "lost" | "depth";

export interface BoltProblem {
  readonly kind: BoltProblemKind;
  /** undefined when it is not about one page. */
  readonly page: number | undefined;
  /** From the start of the file. */
  readonly offset: number;
  readonly what: string;
}

export interface BoltCheck {
  /**
   * `good`: every page is in use exactly once or free, every key in order and
   * in bounds. That says nothing about the bytes of the values: bbolt has no
   * checksum for them.
   */
  readonly verdict: "good" | "damaged";
  /** In the order in which they were met; at most `maxBoltProblems`. */
  readonly problems: readonly BoltProblem[];
  readonly problemCount: number;
  /** undefined when both meta pages are damaged: nothing else could be looked at. */
  readonly meta: BoltMetaFacts | undefined;
  readonly otherMeta: BoltReader["otherMeta"] | undefined;
  /** Nested ones included, the root not. */
  readonly bucketCount: number;
  /** In all buckets. */
  readonly keyCount: number;
  /** With their overflow pages. */
  readonly branchPageCount: number;
  readonly leafPageCount: number;
  /** Free as the list says; without a list, whatever is not in use. */
  readonly freePageCount: number;
}

/** Damage comes in floods; the first ones tell what happened. */
export const maxBoltProblems = 100;

/** Collects them, and drops what is beyond the limit. */
export class ProblemList {
  readonly kept: BoltProblem[] = [];
  count = 0;

  add(kind: BoltProblemKind, page: number | undefined, offset: number, what: string): void {
    this.count += 1;
    if (this.kept.length < maxBoltProblems) this.kept.push({ kind, page, offset, what });
  }
}
