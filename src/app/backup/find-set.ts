import { listSets, type ListedSet } from "../../catalogue/list-sets.ts";
import { timeOfSet } from "../../catalogue/time-of-set.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { CatalogueContext } from "./backup-context.ts";

/** Names shown where one was mistyped. */
const namesShown = 5;

/**
 * One set of the store by its name, by the beginning of its name, or as
 * `latest`: the newest of `cluster` that is trusted. BACKUP_SET_NOT_FOUND;
 * BACKUP_SET_DAMAGED for one whose manifest cannot be read; BACKUP_STORE_*.
 */
export async function findSet(
  context: CatalogueContext,
  wanted: { readonly name: string; readonly cluster: string },
): Promise<Extract<ListedSet, { readonly manifest: unknown }>> {
  const sets = await listSets(context.backup, context.trust, context.signal);
  const found = wanted.name === "latest" ? latestOf(sets, wanted.cluster) : byName(sets, wanted.name);
  if (found === undefined) throw notFound(context, wanted, sets);
  if (found.kind === "damaged")
    throw new RecoveryError("BACKUP_SET_DAMAGED", { subject: `set ${found.id ?? found.object.name}`, detail: found.because });
  return found;
}

/** The newest trusted set of a cluster, by the time of its making; of the future is none that the store knows since before. */
export function latestOf(sets: readonly ListedSet[], cluster: string): Extract<ListedSet, { readonly manifest: unknown }> | undefined {
  let latest: Extract<ListedSet, { readonly manifest: unknown }> | undefined;
  for (const set of sets) {
    if (set.kind !== "trusted" || set.manifest.cluster.name !== cluster) continue;
    if (latest === undefined || timeOfSet(set) >= timeOfSet(latest)) latest = set;
  }
  return latest;
}

function byName(sets: readonly ListedSet[], name: string): ListedSet | undefined {
  const exact = sets.find((set) => set.id === name);
  if (exact !== undefined) return exact;
  const begun = name.length < 3 ? [] : sets.filter((set) => set.id?.startsWith(name) === true);
  const [only] = begun;
  if (begun.length <= 1) return only;
  throw new RecoveryError("BACKUP_SET_NOT_FOUND", {
    subject: `set ${name}`,
    detail: `${String(begun.length)} sets begin so: ${begun.map((set) => set.id).join(", ")}; give more of the name`,
  });
}

function notFound(
  context: CatalogueContext,
  wanted: { readonly name: string; readonly cluster: string },
  sets: readonly ListedSet[],
): RecoveryError {
  const names = sets
    .flatMap((set) => set.id ?? [])
    .slice(-namesShown)
    .reverse();
  const there = names.length === 0 ? "there is none at all" : `the newest there are ${names.join(", ")}`;
  return new RecoveryError("BACKUP_SET_NOT_FOUND", {
    subject: `set ${wanted.name}`,
    detail: `${context.backup.store.place} has no ${wanted.name === "latest" ? `trusted set of cluster ${wanted.cluster}` : "such set"}; ${there}`,
    remedies: [{ why: "see all sets there", command: "requorum backup list" }],
  });
}
