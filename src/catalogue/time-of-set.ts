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
export function newestFirst<Set extends Pick<GoodSet, "id" | "manifest" | "object">>(sets: readonly Set[], nowMs: number): readonly Set[] {
  const later = (set: Set): number => (isOfFuture(set.manifest, nowMs) ? 1 : 0);
  // Of two that came into the store at once, as copies do, their makers' clocks tell which one is the later.
  const byWord = ({ manifest, id }: Set): string => `${manifest.createdAt} ${id}`;
  return sets.toSorted(
    (one, other) => later(one) - later(other) || timeOfSet(other) - timeOfSet(one) || (byWord(one) < byWord(other) ? 1 : -1),
  );
}

/** undefined: it is dated in the future, and nobody knows. */
export function ageSecondsOf(set: { readonly createdAt: string }, nowMs: number): number | undefined {
  return isOfFuture(set, nowMs) ? undefined : Math.max(0, Math.round((nowMs - Date.parse(set.createdAt)) / 1000));
}
