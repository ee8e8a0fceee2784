import type { ListedSet } from "./list-sets.ts";

/** Clocks of two machines differ by less, also where no time server keeps them. */
export const clockLeewayMs = 15 * 60_000;

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
  const createdMs = Date.parse(createdAt);
  return Number.isNaN(createdMs) || createdMs > nowMs + clockLeewayMs;
}
