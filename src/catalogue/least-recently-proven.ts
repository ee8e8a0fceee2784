import { inTurns } from "./in-turns.ts";
import { isDamage, standingFailure } from "./judge-proofs.ts";
import { listSets, type ListedSet } from "./list-sets.ts";
import { readProofs, type ProofReading } from "./read-proofs.ts";

type TrustedSet = Extract<ListedSet, { readonly kind: "trusted" | "untrusted" }>;

const readsAtOnce = 4;

/**
 * Of the trusted sets of one cluster the one that nobody looked at for
 * longest, by the store's clock; one that was never looked at comes first, the
 * oldest of them. What a proof found damaged is left out: that is known.
 * undefined: there is none but `but`. Throws what the store throws.
 */
export async function leastRecentlyProven(
  reading: ProofReading,
  { cluster, but }: { readonly cluster: string; readonly but: string },
  signal?: AbortSignal,
): Promise<TrustedSet | undefined> {
  const sets = (await listSets(reading, reading.trust, signal)).flatMap((set) =>
    set.kind === "trusted" && set.manifest.cluster.name === cluster && set.id !== but ? [set] : [],
  );
  const looked = await inTurns(sets, readsAtOnce, async (set) => {
    const proofs = await readProofs(reading, set, signal);
    const failing = standingFailure(proofs);
    if (failing !== undefined && isDamage(failing)) return undefined;
    return { set, atMs: Date.parse(proofs[0]?.storedAt ?? "1970-01-01T00:00:00Z") };
  });
  const inOrder = looked
    .filter((one) => one !== undefined)
    .sort((one, other) => one.atMs - other.atMs || Date.parse(one.set.manifest.createdAt) - Date.parse(other.set.manifest.createdAt));
  return inOrder[0]?.set;
}
