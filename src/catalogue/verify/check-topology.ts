import type { BackupMarkCode } from "../../model/backup-set.ts";
import { clockLeewayMs } from "../../model/clock-leeway.ts";
import { counted } from "./level-result.ts";
import type { CheckedParts, SetEvidence } from "./set-content.ts";

/** Said by the maker of the set himself: these belong to a set that is not of one cluster at one time. */
const marksAgainstConsistency: readonly BackupMarkCode[] = [
  "OTHER_CLUSTER_ID",
  "OLDER_THAN_LAST_SEEN",
  "MEMBERS_DISAGREE",
  "CHANGED_WHILE_TAKEN",
  "CLOCK_WENT_BACK",
];
/** Also said by its maker: that something is not in it. What is not there was compared with nothing. */
const marksOfMissing: readonly BackupMarkCode[] = ["MACHINE_UNREACHED", "PART_MISSING"];

/** The set is of the cluster that it says, and the snapshot is not older than what was known when it was taken. */
export function checkTopology(evidence: SetEvidence): CheckedParts {
  const { manifest, parts, snapshotMembers, lastSeen } = evidence;
  const problems = [
    ...manifest.marks.filter(({ code }) => marksAgainstConsistency.includes(code)).map(({ code, because }) => `${code}: ${because}`),
    ...contentProblems(evidence),
    ...evidence.unreadLastSeen.map((place) => `${place} cannot be understood`),
  ];
  const members = compareMembers(manifest.cluster.members, snapshotMembers);
  problems.push(...members.problems);
  const tooClose: string[] = [];
  for (const { from, facts, isByItsClock } of lastSeen) {
    const { clusterId } = manifest.cluster;
    if (clusterId !== undefined && facts.clusterId !== clusterId)
      problems.push(
        `the set is of etcd cluster ${clusterId}, and ${from} saw cluster ${facts.clusterId} at ${facts.takenAt}: a member that was cut off, or another cluster, was backed up`,
      );
    else if (facts.revision > manifest.snapshot.revision) {
      const words = `the snapshot is at revision ${String(manifest.snapshot.revision)}, and ${from} saw revision ${String(facts.revision)} at ${facts.takenAt}`;
      // By another clock that may have been after the snapshot.
      if (!isByItsClock && Date.parse(facts.takenAt) > Date.parse(manifest.createdAt) - clockLeewayMs)
        tooClose.push(`${words}, by another clock than the set's: which of both was first is not known`);
      else problems.push(`${words}: it is older than what was there before`);
    }
  }
  const hosts = new Set(parts.flatMap(({ host }) => host ?? []));
  return {
    problems,
    missing: [
      ...manifest.marks.filter(({ code }) => marksOfMissing.includes(code)).map(({ code, because }) => `marked ${code}: ${because}`),
      ...(members.missing ?? []),
      ...tooClose,
      ...(evidence.ownLookProblem === undefined ? [] : [`not compared with what this machine saw: ${evidence.ownLookProblem}`]),
    ],
    compared: [
      `${counted(parts.length, "part")} of ${counted(hosts.size, "machine")}, as the manifest says`,
      ...members.compared,
      ...lastSeen
        .filter(({ facts }) => facts.revision <= manifest.snapshot.revision)
        .map(
          ({ from, facts }) =>
            `not older than revision ${String(facts.revision)}, which ${from} saw at ${facts.takenAt}${manifest.cluster.clusterId === undefined ? "; of which etcd cluster it is, an offline copy does not tell" : ""}`,
        ),
      ...(lastSeen.length > 0 ? [] : ["nobody's last look at the cluster was there to compare with"]),
      ...manifest.marks
        .filter(({ code }) => !marksAgainstConsistency.includes(code) && !marksOfMissing.includes(code))
        .map(({ code, because }) => `not compared, but told by its maker: ${code}: ${because}`),
    ],
  };
}

/** The manifest can be read without a key: what it says of the content must be what the sealed index says. */
function contentProblems({ manifest, parts }: SetEvidence): readonly string[] {
  const name = (kind: string, host: string | undefined): string => `${kind} of ${host ?? "the cluster"}`;
  const counts = new Map<string, number>();
  for (const { kind, host } of parts) counts.set(name(kind, host), (counts.get(name(kind, host)) ?? 0) + 1);
  const stated = new Map(manifest.contents.map(({ kind, host, count }) => [name(kind, host), count]));
  return [...new Set([...counts.keys(), ...stated.keys()])].sort().flatMap((key) => {
    const [found, said] = [counts.get(key) ?? 0, stated.get(key) ?? 0];
    return found === said ? [] : [`the set has ${counted(found, "part")} ${key}, the manifest says ${String(said)}`];
  });
}

function compareMembers(stated: SetEvidence["manifest"]["cluster"]["members"], found: SetEvidence["snapshotMembers"]): CheckedParts {
  // An offline copy without a log that tells them states none.
  if (stated.length === 0 || found === undefined)
    return {
      problems: [],
      missing: [`the ${stated.length === 0 ? "manifest" : "snapshot"} does not tell the members of etcd: they were not compared`],
      compared: [],
    };
  const list = (members: readonly { readonly id: string; readonly name: string }[]): string =>
    members
      .map(({ id, name }) => `${id} (${name})`)
      .sort()
      .join(", ") || "none";
  const ids = (members: readonly { readonly id: string }[]): string =>
    members
      .map(({ id }) => id)
      .sort()
      .join(" ");
  if (ids(stated) !== ids(found))
    return { problems: [`the snapshot's members are ${list(found)}, the manifest's are ${list(stated)}`], compared: [] };
  return { problems: [], compared: [`${counted(found.length, "member")} in the snapshot, as the manifest says`] };
}
