import type { LogPosition } from "../../formats/etcd/data-dir/rank-member.ts";
import type { RankedSource } from "./rank-source.ts";

export interface Clusters {
  /** undefined: of one or more it is not known, or there is none. */
  readonly isOneCluster: boolean | undefined;
  /** Those that are shown to be of one cluster with each other; of several such groups the largest. */
  readonly known: ReadonlySet<RankedSource>;
  /** Of that group. */
  readonly clusterId: bigint | undefined;
}

/**
 * Which of these are of one cluster: by the cluster id of their logs, else by
 * the members that they name. A database keeps the ids of its members and of
 * all that were removed, so two of one cluster have some in common.
 */
export function clustersOf(sources: readonly RankedSource[]): Clusters {
  const groups: RankedSource[][] = [];
  for (const source of sources) {
    const joined = groups.filter((group) => group.some((other) => relation(source, other) === "same"));
    for (const group of joined) groups.splice(groups.indexOf(group), 1);
    groups.push([...joined.flat(), source]);
  }
  const isDifferent = groups.some((group, at) => idsOf(group).size > 1 || groups.slice(at + 1).some((other) => areDifferent(group, other)));
  const [first = []] = [...groups].sort((one, other) => weight(other) - weight(one));
  const known = new Set(first.length === 1 && sources.length > 1 && first.every((one) => !isNamed(one)) ? [] : first);
  return {
    isOneCluster: isDifferent ? false : groups.length === 1 ? true : undefined,
    known,
    clusterId: first.flatMap((one) => one.rank?.clusterId ?? [])[0],
  };
}

/** Whoever joined lately may name others than who saved a snapshot before that: one member in common with anyone of the group is enough. */
function areDifferent(group: readonly RankedSource[], other: readonly RankedSource[]): boolean {
  return group.some((one) => other.some((two) => relation(one, two) === "different"));
}

function idsOf(group: readonly RankedSource[]): ReadonlySet<bigint> {
  return new Set(group.flatMap((one) => one.rank?.clusterId ?? []));
}

/** A group with a cluster id counts before one that only names members. */
function weight(group: readonly RankedSource[]): number {
  return group.length + (idsOf(group).size > 0 ? 0.5 : 0);
}

function isNamed(source: RankedSource): boolean {
  return source.rank?.clusterId !== undefined || source.memberIds.size > 0;
}

function relation(one: RankedSource, other: RankedSource): "same" | "different" | "unknown" {
  const [left, right] = [one.rank?.clusterId, other.rank?.clusterId];
  if (left !== undefined && right !== undefined) return left === right ? "same" : "different";
  if (one.memberIds.size === 0 || other.memberIds.size === 0) return "unknown";
  return [...one.memberIds].some((id) => other.memberIds.has(id)) ? "same" : "different";
}

/**
 * Newest first. What is damaged stands behind what is not, then what is of an
 * unknown cluster, last what was not read.
 */
export function newestFirst(sources: readonly RankedSource[], known: ReadonlySet<RankedSource>): readonly RankedSource[] {
  const classOf = (source: RankedSource): number =>
    source.rank?.newest === undefined ? 3 : !known.has(source) && known.size > 0 ? 2 : source.isDamaged ? 1 : 0;
  return [...sources].sort((one, other) => classOf(one) - classOf(other) || byPosition(one, other, sources));
}

/** As raft would: the later term, then the higher index. 0: equally new. */
export function byPosition(one: RankedSource, other: RankedSource, among: readonly RankedSource[]): number {
  const [a, b] = [one.rank?.newest, other.rank?.newest];
  if (a === undefined || b === undefined) return 0;
  const order = compare(leastTerm(b, among), leastTerm(a, among)) || compare(b.index, a.index);
  // What was committed first: the other's entry may be of a term that was overruled.
  return order === 0 ? Number(a.term !== undefined) - Number(b.term !== undefined) : order;
}

/**
 * A term that is not known is that of a database without a log, whose entries
 * were all committed. It is at least that of whoever ends below: a leader of a
 * later term would have had this entry before its own.
 */
function leastTerm(position: LogPosition, among: readonly RankedSource[]): bigint {
  if (position.term !== undefined) return position.term;
  const below = among.flatMap(({ rank }) =>
    rank?.newest?.term !== undefined && rank.newest.index <= position.index ? rank.newest.term : [],
  );
  return below.reduce((most, term) => (term > most ? term : most), 0n);
}

/** Could this one, whose term is not known, be newer than one that stands before it? Only where that one's log ends in what may have been overruled. */
export function mayBeNewer(source: RankedSource, than: RankedSource): boolean {
  const [position, before] = [source.rank?.newest, than.rank?.newest];
  if (position === undefined || before === undefined || position.term !== undefined || before.index < position.index) return false;
  return position.index > committedTo(than);
}

export interface Missing {
  readonly entries: bigint | undefined;
  readonly revisions: bigint | undefined;
  readonly remark: string | undefined;
}

/** What the newest has and this one has not: to be told where this one's state is an earlier one of the newest's. */
export function missingIn(source: RankedSource, newest: RankedSource): Missing {
  const unknown = { entries: undefined, revisions: undefined };
  const [here, there] = [source.rank?.newest, newest.rank?.newest];
  if (here === undefined || there === undefined) return { ...unknown, remark: undefined };
  const logged = newest.termAt(here.index);
  if (here.index <= there.index && here.term !== undefined && logged !== undefined && logged !== here.term)
    return {
      ...unknown,
      remark: `its entry ${String(here.index)} is of term ${String(here.term)}, and in ${newest.path} of term ${String(logged)}: what it holds last was overruled`,
    };
  const isOneHistory = here.term !== undefined && there.term !== undefined && (here.term === there.term || here.term === logged);
  const areCommitted = here.index <= committedTo(source) && here.index <= committedTo(newest);
  if (here.index > there.index)
    return isOneHistory
      ? { entries: 0n, revisions: 0n, remark: `it holds ${String(here.index - there.index)} entries that ${newest.path} has not` }
      : { ...unknown, remark: undefined };
  if (!isOneHistory && !areCommitted) return { ...unknown, remark: undefined };
  const revisions = source.revision === undefined || newest.revision === undefined ? undefined : newest.revision - source.revision;
  return {
    entries: there.index - here.index,
    revisions: revisions !== undefined && revisions < 0n ? undefined : revisions,
    remark: undefined,
  };
}

/** Up to here no entry can have been overruled: what a database holds was committed, and so was what the log records to be. */
function committedTo({ rank }: RankedSource): bigint {
  const held = rank?.database?.index ?? 0n;
  const recorded = rank?.hardState?.commit ?? 0n;
  return recorded > held ? recorded : held;
}

function compare(left: bigint, right: bigint): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
