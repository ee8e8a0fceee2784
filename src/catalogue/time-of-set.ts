import { isInFuture } from "../model/clock-leeway.ts";
import type { ListedSet } from "./list-sets.ts";

type GoodSet = Exclude<ListedSet, { readonly kind: "damaged" }>;

/**
 * When it was made, at the latest: nothing is younger than its object in the
 * store, whatever clock its maker had. Milliseconds of Unix time.
 */
export function timeOfSet({ manifest, object }: Pick<GoodSet, "manifest" | "object">): number {
  return Math.min(Date.parse(manifest.createdAt), Date.parse(object.modifiedAt));
}

/** By its own word: a clock was wrong, its maker's or the one here. */
export function isOfFuture({ createdAt }: { readonly createdAt: string }, nowMs: number): boolean {
  return isInFuture(createdAt, nowMs);
}

/** For a person. `latest` goes by it: `findSet`. */
export function futureWords({ id, createdAt }: { readonly id: string; readonly createdAt: string }, nowMs: number): string {
  return `set ${id} is dated in the future (${createdAt}): made with a wrong clock, or this machine's clock is wrong, which says ${new Date(nowMs).toISOString()}. \`latest\` means another set as long as there is one`;
}

/** The newest first. What is dated in the future comes after all others: nobody knows how old it is. */
export function newestFirst<Set extends Pick<GoodSet, "manifest" | "object">>(sets: readonly Set[], nowMs: number): readonly Set[] {
  const later = (set: Set): number => (isOfFuture(set.manifest, nowMs) ? 1 : 0);
  return sets.toSorted((one, other) => later(one) - later(other) || timeOfSet(other) - timeOfSet(one));
}
