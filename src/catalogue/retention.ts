import type { ProofLevel } from "../model/backup-set.ts";
import type { BackupSetId } from "../model/ids.ts";
import type { LineageBreak, PruneEntry, PrunePlan, PrunePolicy } from "../model/prune-plan.ts";
import { dayOf, monthOf, weekOf } from "./calendar.ts";
import { findBreaks } from "./find-breaks.ts";
import { isDamage, reaches, type SetStanding, type StandingFailure } from "./judge-proofs.ts";
import type { ListedSet } from "./list-sets.ts";
import { isOfFuture } from "./time-of-set.ts";

export interface RetentionInput {
  readonly cluster: string;
  readonly nowIso: string;
  readonly policy: PrunePolicy;
  readonly sets: readonly ListedSet[];
  /** What proofs say; of sets that were never verified there may be none. */
  readonly standing: ReadonlyMap<BackupSetId, SetStanding>;
  /** The operator's word: from this set on, sets are of the true cluster. */
  readonly acceptedBreaks: readonly BackupSetId[];
  /** Sets of the future that the operator wants removed, by name: they would stay until their day comes. */
  readonly unwantedOfFuture?: readonly BackupSetId[];
}

export type Retention = Pick<PrunePlan, "sets" | "breaks" | "refusals">;

/** A proof of less says that bytes lie there, and nothing of whether they restore. */
const provenLevelsKept: readonly ProofLevel[] = ["V2", "V3", "V4", "V5"];

/** Only whole sets become candidates. */
type GoodSet = Exclude<ListedSet, { readonly kind: "damaged" }>;

/**
 * Decides for every set. Candidates are whole, signed by a known key, of this
 * cluster, not of the future, not found damaged by a proof, and neither bytes
 * nor proofs of them are such as the store does not give; all else stays and
 * counts for nothing. Kept are: the newest `last`; the younger than
 * `withinMs`; of each of the newest `daily` days, `weekly` weeks and `monthly`
 * months the newest; the newest one proven to each level from V2 up, and the
 * newest that ever was; each that only an unknown key calls proven; the newest
 * without a mark; and further ones until there are `neverBelow` without a mark.
 * Sets that a proof speaks against (V3 and above) never stand for one that
 * nothing speaks against: they are counted among themselves. Refused is the
 * whole when a set would go that is older than a break in the line of sets:
 * what is kept then may be an orphan's.
 */
export function planRetention(input: RetentionInput): Retention {
  const nowMs = Date.parse(input.nowIso);
  const candidates = input.sets
    .filter((set): set is GoodSet => whyNoCandidate(set, input, nowMs) === undefined)
    .sort((a, b) => order(a.manifest.createdAt, b.manifest.createdAt) || order(a.id, b.id));
  const newestFirst = [...candidates].reverse();
  const reasons = keepReasons(newestFirst, input, nowMs);
  const breaks = findBreaks(candidates, input.acceptedBreaks);
  const position = new Map(newestFirst.map((set, index) => [set.id, index]));
  const sets = input.sets
    .map((set) => entryOf(set, { input, nowMs, reasons }))
    .sort((a, b) => order(b.createdAt ?? b.objectName, a.createdAt ?? a.objectName));
  return { sets, breaks, refusals: [...refusalsOf(sets, breaks, position), ...futureRefusals(input, candidates, nowMs)] };
}

/** What is named is removed only where something as good stays: it is of the future, and yet it may be the only one. */
function futureRefusals(
  { sets, unwantedOfFuture = [], standing, cluster }: RetentionInput,
  candidates: readonly GoodSet[],
  nowMs: number,
): readonly string[] {
  return unwantedOfFuture.flatMap((id) => {
    const set = sets.find((one) => one.id === id);
    if (set === undefined || set.kind !== "trusted" || set.manifest.cluster.name !== cluster || !isOfFuture(set.manifest, nowMs))
      return [`set ${id} is no trusted set of the future of cluster ${cluster}: only such are removed by name`];
    const level = standing.get(id)?.everProven;
    const stays = candidates.some(
      (one) => level === undefined || !reaches(level, "V2") || reaches(standing.get(one.id)?.proven?.level, level),
    );
    if (stays) return [];
    return [
      candidates.length === 0
        ? `set ${id} is the only one that counts of cluster ${cluster}: make another one first`
        : `set ${id} is proven to ${level ?? "nothing"}, and no other set is: prove another one first (requorum backup verify)`,
    ];
  });
}

/** undefined: it is one. */
function whyNoCandidate(set: ListedSet, { cluster, standing }: RetentionInput, nowMs: number): string | undefined {
  if (set.kind === "damaged") return `damaged, and not counted: ${set.because}`;
  if (set.kind === "untrusted") return "not signed by a known key, and not counted";
  if (set.manifest.cluster.name !== cluster) return `of cluster ${set.manifest.cluster.name}`;
  if (isOfFuture(set.manifest, nowMs))
    return `made in the future (${set.manifest.createdAt}), by a clock that was wrong, and not counted; \`requorum backup prune --future ${set.id}\` takes it away`;
  const { failing, unread } = standing.get(set.id) ?? {};
  const because = failing !== undefined && isDamage(failing) ? failingWords(failing) : unread;
  return because === undefined ? undefined : `${because}; it stays, and is not counted`;
}

type Reasons = ReadonlyMap<BackupSetId, readonly string[]>;

function keepReasons(newestFirst: readonly GoodSet[], input: RetentionInput, nowMs: number): Reasons {
  const { policy, standing } = input;
  const reasons = new Map<BackupSetId, string[]>();
  const keep = (set: GoodSet, because: string) => reasons.set(set.id, [...(reasons.get(set.id) ?? []), because]);
  const sound = newestFirst.filter(({ id }) => standing.get(id)?.failing === undefined);
  for (const set of newestFirst)
    if (policy.withinMs !== undefined && nowMs - Date.parse(set.manifest.createdAt) <= policy.withinMs)
      keep(set, "younger than the policy's age");
  // What nothing speaks against is counted alone: then no set that fails stands for a whole one.
  for (const counted of [sound, newestFirst.filter((set) => !sound.includes(set))]) keepByCount(counted, policy, keep);
  keepProven(newestFirst, standing, keep);
  const unmarked = sound.filter(isUnmarked);
  const newestUnmarked = unmarked[0] ?? newestFirst.find(isUnmarked);
  if (newestUnmarked !== undefined) keep(newestUnmarked, "the newest without a mark");
  const never = `never fewer than ${String(policy.neverBelow)} sets`;
  for (const wanted of [unmarked, sound, newestFirst.filter(isUnmarked), newestFirst])
    for (const set of wanted) {
      if (wanted.filter(({ id }) => reasons.has(id)).length >= policy.neverBelow) break;
      if (!reasons.has(set.id)) keep(set, never);
    }
  return reasons;
}

type Keep = (set: GoodSet, because: string) => void;

function keepByCount(newestFirst: readonly GoodSet[], policy: PrunePolicy, keep: Keep): void {
  for (const set of newestFirst.slice(0, policy.last)) keep(set, `one of the newest ${String(policy.last)}`);
  const periods = [
    { name: "day", count: policy.daily, of: dayOf },
    { name: "week of", count: policy.weekly, of: weekOf },
    { name: "month", count: policy.monthly, of: monthOf },
  ] as const;
  for (const { name, count, of } of periods)
    for (const [period, set] of newestOfEach(newestFirst, of, count)) keep(set, `the newest of the ${name} ${period}`);
}

/** Evidence that is doubted, or of a key that is not known here, takes no set away: it may be the only one there is. */
function keepProven(newestFirst: readonly GoodSet[], standing: RetentionInput["standing"], keep: Keep): void {
  for (const level of provenLevelsKept) {
    const proven = newestFirst.find(({ id }) => reaches(standing.get(id)?.proven?.level, level));
    if (proven !== undefined) keep(proven, `the last one proven to ${level}`);
    const ever = newestFirst.find(({ id }) => reaches(standing.get(id)?.everProven, level));
    if (ever !== undefined && ever !== proven) keep(ever, `the last one that ever was proven to ${level}`);
  }
  for (const set of newestFirst) {
    const said = standing.get(set.id)?.saidByUnknown;
    if (said !== undefined && reaches(said, "V2"))
      keep(set, `proven to ${said} by a key that is not known here: if it is of a machine of yours, add it to \`backup.signers\``);
  }
}

/** What was left out as nobody needs it makes a set no worse. */
function isUnmarked(set: GoodSet): boolean {
  return set.manifest.marks.every(({ code }) => code === "FILES_LEFT_OUT");
}

function failingWords({ level, because }: StandingFailure): string {
  return `${level} fails: ${because}`;
}

/** One set of each of the newest `count` periods that have any: the newest without a mark, else the newest. */
function newestOfEach(
  newestFirst: readonly GoodSet[],
  periodOf: (createdAt: string) => string,
  count: number,
): ReadonlyMap<string, GoodSet> {
  const chosen = new Map<string, GoodSet>();
  for (const set of newestFirst) {
    const period = periodOf(set.manifest.createdAt);
    const known = chosen.get(period);
    if (known === undefined ? chosen.size < count : !isUnmarked(known) && isUnmarked(set)) chosen.set(period, set);
  }
  return chosen;
}

function entryOf(
  set: ListedSet,
  { input, nowMs, reasons }: { readonly input: RetentionInput; readonly nowMs: number; readonly reasons: Reasons },
): PruneEntry {
  const { id, object } = set;
  const because = whyNoCandidate(set, input, nowMs);
  const isUnwanted = set.kind === "trusted" && input.unwantedOfFuture?.includes(set.id) === true && isOfFuture(set.manifest, nowMs);
  const kept = id === undefined ? undefined : reasons.get(id);
  const manifest = set.kind === "damaged" ? undefined : set.manifest;
  const standing = id === undefined ? undefined : input.standing.get(id);
  const against = standing?.failing === undefined ? [] : [failingWords(standing.failing)];
  return {
    id,
    objectName: object.name,
    createdAt: manifest?.createdAt,
    clusterId: manifest?.cluster.clusterId,
    revision: manifest?.snapshot.revision,
    totalKeys: manifest?.snapshot.totalKeys,
    marks: [...new Set(manifest?.marks.map(({ code }) => code) ?? [])],
    proven: standing?.proven?.level,
    verdict: !isUnwanted && (because !== undefined || kept !== undefined) ? "keep" : "remove",
    because: isUnwanted
      ? ["made in the future, and named by you"]
      : because === undefined
        ? [...(kept ?? ["no rule of the policy keeps it"]), ...against]
        : [because],
  };
}

function refusalsOf(
  sets: readonly PruneEntry[],
  breaks: readonly LineageBreak[],
  newestFirst: ReadonlyMap<BackupSetId, number>,
): readonly string[] {
  const positionOf = (id: BackupSetId | undefined) => (id === undefined ? undefined : newestFirst.get(id)) ?? -1;
  return breaks
    .filter(({ isAccepted }) => !isAccepted)
    .flatMap(({ newer, because }) => {
      const lost = sets.filter((set) => set.verdict === "remove" && positionOf(set.id) > positionOf(newer));
      if (lost.length === 0) return [];
      return [
        `set ${newer} may be of an orphan, or of a cluster that was made anew: ${because}. ${String(lost.length)} of the older sets would go, and they may be the only good ones`,
      ];
    });
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
