import type { BackupMark } from "../../model/backup-set.ts";
import type { HostName, Revision } from "../../model/ids.ts";

/** What a voter said of its data at one revision; `problem`: it said nothing. */
export type MemberHash =
  | { readonly host: HostName; readonly hash: number; readonly compactRevision: Revision }
  | { readonly host: HostName; readonly problem: string };

/**
 * Members that hold the same data up to a revision, and were compacted alike,
 * give the same hash: etcd's own check for silent divergence compares so
 * (server/etcdserver/corrupt.go). `hosts`: those with what most have; all,
 * where there is no majority. `voters`: of the whole cluster.
 */
export function judgeHashes(
  hashes: readonly MemberHash[],
  asked: { readonly revision: Revision; readonly voters: number },
): { readonly hosts: readonly HostName[]; readonly marks: readonly BackupMark[] } {
  const silent = hashes.flatMap((one) => ("problem" in one ? [one] : []));
  const said = hashes.flatMap((one) => ("problem" in one ? [] : [one]));
  const marks: BackupMark[] = silent.map(({ host, problem }) => ({
    code: "MEMBER_UNHEALTHY",
    because: `the member on ${host} gave no hash of its data at revision ${String(asked.revision)}, so it was not compared: ${problem}`,
  }));
  const groups = groupsOf(said);
  const [first] = groups;
  if (first === undefined) return { hosts: hashes.map(({ host }) => host), marks };
  if (groups.length === 1) return { hosts: first.map(({ host }) => host), marks };
  const hostsAt = Map.groupBy(said, ({ compactRevision }) => compactRevision);
  if (hostsAt.size > 1) {
    const words = said.map(({ host, compactRevision }) => `${host} at ${String(compactRevision)}`).join(", ");
    marks.push({ code: "MEMBER_UNHEALTHY", because: `not all members could be compared: they stand at different compactions (${words})` });
  }
  // One group at each compaction: nothing that can be compared differs.
  if (groups.length === hostsAt.size) return { hosts: hashes.map(({ host }) => host), marks };
  const hasMajority = first.length * 2 > asked.voters;
  const differing = groups.filter(([one]) => groups.some(([other]) => other !== one && other?.compactRevision === one?.compactRevision));
  const words = differing.map((group) => `${group.map(({ host }) => host).join(", ")} ${String(group[0]?.hash)}`).join("; ");
  marks.push({
    code: "MEMBERS_DISAGREE",
    because: `at revision ${String(asked.revision)} the members hold different data (hashkv ${words})${hasMajority ? `; the set is of what most hold` : "; no majority holds the same"}`,
  });
  return { hosts: hasMajority ? first.map(({ host }) => host) : said.map(({ host }) => host), marks };
}

type Said = Extract<MemberHash, { readonly hash: number }>;

/** The largest first. */
function groupsOf(said: readonly Said[]): readonly (readonly Said[])[] {
  const groups = new Map<string, Said[]>();
  for (const one of said) {
    const key = `${String(one.hash)} ${String(one.compactRevision)}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].sort((one, other) => other.length - one.length);
}
