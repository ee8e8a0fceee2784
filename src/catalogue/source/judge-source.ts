/**
 * Which member a snapshot is taken of, and what is to be said of it. Pure: it
 * reads one look at the cluster, and knows the newest set that is there.
 */
import type { BackupMark } from "../../model/backup-set.ts";
import { runsEtcd } from "../../model/cluster-config.ts";
import { clusterModelOf } from "../../model/cluster-model-of.ts";
import type { ClusterId, HostName, MemberId, Revision } from "../../model/ids.ts";
import type { EtcdStatus, HostFacts, Inventory, LastSeen, MemberFacts } from "../../model/inventory.ts";
import { valueOf } from "../../model/observation.ts";
import { shellWord } from "../../model/shell-word.ts";

/** What is known of this cluster's etcd from before: the newest trusted set. */
export interface KnownBefore {
  /** In words: "set 20261122-031500-k3x9qa". */
  readonly name: string;
  readonly clusterId: ClusterId | undefined;
  readonly revision: Revision;
  /** Of a set: the member that its snapshot is of. */
  readonly sourceMember?: MemberId | undefined;
  /** Of a set: when it was made, ISO 8601 UTC. */
  readonly madeAt?: string | undefined;
}

export interface SourceCandidate {
  readonly host: HostName;
  readonly status: EtcdStatus;
}

export interface SourceJudgement {
  /** `offline`: no etcd answers, and data dirs are what is left; the hosts whose data dir can be copied, the youngest first. */
  readonly kind: "stream" | "offline";
  /** Of a stream: best first, none when no etcd of the cluster gives one. */
  readonly candidates: readonly SourceCandidate[];
  /** Whose data is to be compared before one is taken: candidates, and voters that were not asked for. */
  readonly compared: readonly SourceCandidate[];
  readonly offlineHosts: readonly HostName[];
  readonly clusterId: ClusterId | undefined;
  readonly members: readonly MemberFacts[];
  readonly marks: readonly BackupMark[];
}

export interface JudgeOptions {
  readonly policy: "follower" | "leader";
  /** Only the member on this machine. */
  readonly from?: HostName | undefined;
  readonly before: readonly KnownBefore[];
}

export function judgeSource(inventory: Inventory, options: JudgeOptions): SourceJudgement {
  const before = [...options.before, ...lastLookOf(inventory.lastSeen, options.before)];
  const answering = inventory.hosts.flatMap((facts): readonly Answering[] => {
    const status = valueOf(facts.etcd.status);
    return status === undefined ? [] : [{ facts, status }];
  });
  const chosen = chooseCluster(inventory, answering, before);
  const own = answering.filter(({ status }) => status.clusterId === chosen.clusterId);
  const members = membersOf(inventory, own);
  const wanted = own.filter(({ facts }) => options.from === undefined || facts.name === options.from);
  if (wanted.length === 0) return offline(inventory, { options, members, chosen, answering: own });
  const voting = wanted.filter(votes);
  const hasQuorum = own.some(votes);
  const usable = voting.length > 0 ? voting : wanted.filter(({ status }) => !status.isLearner);
  const asCandidate = ({ facts, status }: Answering): SourceCandidate => ({ host: facts.name, status });
  const candidates = [...usable].sort(inOrder(options, hasQuorum)).map(asCandidate);
  const others = own.filter((one) => !usable.includes(one) && (hasQuorum ? votes(one) : !one.status.isLearner));
  return {
    kind: "stream",
    candidates,
    compared: [...candidates, ...others.map(asCandidate)],
    offlineHosts: [],
    clusterId: chosen.clusterId,
    members,
    marks: [
      ...chosen.marks,
      ...(hasQuorum ? [] : [noQuorum(own)]),
      ...unhealthy(inventory, members, own),
      ...disagreement(inventory, own, hasQuorum),
      ...olderThan(before, chosen.clusterId, newest(candidates)),
    ],
  };
}

interface Answering {
  readonly facts: HostFacts;
  readonly status: EtcdStatus;
}

/** Answers for the whole cluster: a read that needs the quorum came back. A learner serves none. */
function votes({ facts, status }: Answering): boolean {
  return !status.isLearner && status.leaderId !== undefined && facts.etcd.linearizableReadMs.kind === "known";
}

/**
 * This machine's last good look, while it says more than the sets do. One from
 * before a trusted set was compared with that set at its making, and whoever
 * accepted the set's marks has spoken: after a restore no good look replaces
 * it, and it would refuse every set there is.
 */
export function lastLookOf(lastSeen: LastSeen | undefined, before: readonly KnownBefore[]): readonly KnownBefore[] {
  if (lastSeen === undefined || before.some(({ madeAt }) => madeAt !== undefined && madeAt >= lastSeen.takenAt)) return [];
  return [{ name: `the last good look at ${lastSeen.takenAt}`, clusterId: lastSeen.clusterId, revision: lastSeen.revision }];
}

interface ChosenCluster {
  readonly clusterId: ClusterId | undefined;
  readonly marks: readonly BackupMark[];
}

/**
 * The cluster id that the newest set has counts; else that of most machines. An
 * orphan (H11) is another id: alone it is refused, beside the true one it is told.
 */
function chooseCluster(inventory: Inventory, answering: readonly Answering[], before: readonly KnownBefore[]): ChosenCluster {
  const ids = [...new Set(answering.map(({ status }) => status.clusterId))].sort();
  // The newest set, or without one the last good look: what a restored cluster is called is told by whoever accepts its first set.
  const [authority] = before.filter((one) => one.clusterId !== undefined);
  const hostsOf = (id: ClusterId): readonly Answering[] => answering.filter(({ status }) => status.clusterId === id);
  const ranked = [...ids].sort((one, other) => hostsOf(other).length - hostsOf(one).length);
  const known = ids.find((id) => id === authority?.clusterId);
  const clusterId = known ?? ranked[0];
  if (clusterId === undefined) return { clusterId: undefined, marks: [] };
  const others = ids
    .filter((id) => id !== clusterId)
    .map(
      (id) =>
        `${hostsOf(id)
          .map(({ facts }) => facts.name)
          .join(", ")} (${id})`,
    );
  const memberHosts = inventory.config.hosts.filter((host) => runsEtcd(host, inventory.config)).length;
  if (known === undefined && authority !== undefined)
    return {
      clusterId,
      marks: [
        {
          code: "OTHER_CLUSTER_ID",
          because: `etcd says cluster id ${clusterId}; ${authority.name} has ${authority.clusterId ?? "none"}. After a restore that is right; else this is an orphan that was begun empty`,
        },
      ],
    };
  if (others.length === 0) return { clusterId, marks: [] };
  const isSure = known !== undefined || hostsOf(clusterId).length * 2 > memberHosts;
  return {
    clusterId,
    marks: [
      {
        code: isSure ? "MEMBER_UNHEALTHY" : "OTHER_CLUSTER_ID",
        because: `etcd of another cluster id answers on ${others.join(", ")}; ${isSure ? "the set is" : "it is not known which is the true one; this would be"} of ${clusterId}`,
      },
    ],
  };
}

function membersOf(inventory: Inventory, own: readonly Answering[]): readonly MemberFacts[] {
  const lists = own.map(({ facts }) => valueOf(facts.etcd.membersLinearizable));
  const own1 = lists.find((list) => list !== undefined);
  const serializable = own.map(({ facts }) => valueOf(facts.etcd.membersSerializable)).find((list) => list !== undefined);
  return own1 ?? serializable ?? inventory.lastSeen?.members ?? [];
}

function offline(
  inventory: Inventory,
  found: {
    readonly options: JudgeOptions;
    readonly members: readonly MemberFacts[];
    readonly chosen: ChosenCluster;
    readonly answering: readonly Answering[];
  },
): SourceJudgement {
  const { options, members, chosen, answering } = found;
  const wanted = inventory.hosts.filter(({ name }) => options.from === undefined || name === options.from);
  const stopped = wanted
    .flatMap((facts) =>
      noCopyOf(facts) === undefined
        ? [{ host: facts.name, at: valueOf(facts.etcdDataDir)?.newestFileAt ?? "", path: inventory.config.paths.etcdDataDir }]
        : [],
    )
    .sort((one, other) => (one.at < other.at ? 1 : -1));
  // Files of a member that was behind may be as young; only the logs say who has more, and they are not read here.
  const byLog =
    stopped.length < 2
      ? ""
      : `. Chosen by the age of their files; their logs are compared by \`requorum snapshot rank ${stopped.map(({ host, path }) => shellWord(`ssh://${host}${path}`)).join(" ")}\`, and --from HOST takes the one that is furthest on`;
  const youngest = stopped.map(({ host, at }) => `${host} (last written ${at === "" ? "at an unknown time" : at})`).join(", ");
  return {
    kind: "offline",
    candidates: [],
    compared: [],
    offlineHosts: stopped.map(({ host }) => host),
    clusterId: chosen.clusterId,
    members,
    marks: [
      ...(answering.length === 0 ? [{ code: "NO_QUORUM" as const, because: "no etcd of this cluster answers" }] : []),
      {
        code: "OFFLINE_COPY",
        because:
          stopped.length === 0
            ? `no data dir of a stopped etcd was seen that could be copied (${noCopies(inventory, wanted)})`
            : `the data dir of a stopped member would be copied: ${youngest}. What other members acknowledged later is not in it${byLog}`,
      },
    ],
  };
}

/** Why no copy of the machine's data dir can be made; undefined: one can. */
function noCopyOf({ ssh, etcdDataDir, processes }: HostFacts): string | undefined {
  if (ssh.kind === "unknown") return `not reached: ${ssh.detail}`;
  if (etcdDataDir.kind === "unknown") return `not known: ${etcdDataDir.detail}`;
  const { readError, exists, hasBackend, isNewborn } = etcdDataDir.value;
  if (readError !== undefined) return `its data dir cannot be read: ${readError}`;
  if (!hasBackend) return exists ? "its data dir holds no database" : "it has no data dir of etcd";
  if (isNewborn === true) return "its data dir was begun anew, without the data that was there";
  if (processes.kind === "unknown") return `whether etcd runs there is not known: ${processes.detail}`;
  return processes.value.some(({ name, state }) => name === "etcd" && state !== "Z")
    ? "etcd runs there, and has its files in use"
    : undefined;
}

/** Of machines that are to have etcd, or have something of it. */
function noCopies({ config }: Inventory, wanted: readonly HostFacts[]): string {
  const isToHave = (name: HostName): boolean => config.hosts.some((host) => host.name === name && runsEtcd(host, config));
  return wanted
    .filter((facts) => isToHave(facts.name) || valueOf(facts.etcdDataDir)?.exists === true)
    .map((facts) => `${facts.name}: ${noCopyOf(facts) ?? "it could be"}`)
    .join("; ");
}

/**
 * The leader has its work; any follower that answers for the cluster gives the
 * same. The one that the newest set is of comes first: each member lays out its
 * pages in its own way, and only its own pages are stored already. Without
 * quorum the one that is furthest on.
 */
function inOrder({ policy, before }: JudgeOptions, hasQuorum: boolean): (one: Answering, other: Answering) => number {
  const latest = before.find(({ sourceMember }) => sourceMember !== undefined)?.sourceMember;
  const isOfLatest = ({ status }: Answering): number => (status.memberId === latest ? 1 : 0);
  const leads = ({ status }: Answering): number => (status.leaderId === status.memberId ? 1 : 0);
  return (one, other) => {
    if (!hasQuorum) return further(one.status, other.status);
    const byRole = policy === "leader" ? leads(other) - leads(one) : leads(one) - leads(other);
    return byRole || isOfLatest(other) - isOfLatest(one) || further(one.status, other.status);
  };
}

function further(one: EtcdStatus, other: EtcdStatus): number {
  const pairs = [
    [one.raftTerm, other.raftTerm],
    [one.revision, other.revision],
    [one.appliedIndex, other.appliedIndex],
  ] as const;
  for (const [left, right] of pairs) if (left !== right) return left > right ? -1 : 1;
  return 0;
}

function noQuorum(own: readonly Answering[]): BackupMark {
  return {
    code: "NO_QUORUM",
    because: `no read that needs a quorum came back; ${own.map(({ facts }) => facts.name).join(", ")} ${own.length === 1 ? "answers for itself" : "answer for themselves"}. What the others acknowledged is not in it`,
  };
}

function unhealthy(inventory: Inventory, members: readonly MemberFacts[], own: readonly Answering[]): readonly BackupMark[] {
  const marks: BackupMark[] = [];
  for (const member of members) {
    const answering = own.find(({ status }) => status.memberId === member.id);
    const name = `member ${member.id} (${member.name === "" ? "never started" : member.name})`;
    if (answering === undefined) marks.push({ code: "MEMBER_UNHEALTHY", because: `${name} does not answer` });
    else if (!member.isLearner && !votes(answering))
      marks.push({ code: "MEMBER_UNHEALTHY", because: `${name} does not answer for the cluster` });
  }
  const alarms = own.flatMap(({ facts }) => valueOf(facts.etcd.alarms) ?? []);
  const nospace = [...new Set(alarms.filter(({ alarm }) => alarm === "NOSPACE").map(({ memberId }) => memberId))];
  for (const id of nospace) marks.push({ code: "MEMBER_UNHEALTHY", because: `member ${id} has raised the alarm NOSPACE` });
  return marks;
}

function disagreement(inventory: Inventory, own: readonly Answering[], hasQuorum: boolean): readonly BackupMark[] {
  const corrupt = new Set<MemberId>(
    own.flatMap(({ facts }) =>
      (valueOf(facts.etcd.alarms) ?? []).filter(({ alarm }) => alarm === "CORRUPT").map(({ memberId }) => memberId),
    ),
  );
  const marks: BackupMark[] = [...corrupt].map((id) => ({
    code: "MEMBERS_DISAGREE",
    because: `member ${id} has raised the alarm CORRUPT`,
  }));
  const lists = own.filter(({ facts }) => facts.etcd.membersLinearizable.kind === "known").length;
  const isOneCluster = own.length === inventory.hosts.filter((facts) => facts.etcd.status.kind === "known").length;
  if (hasQuorum && lists > 1 && isOneCluster && clusterModelOf(inventory).members === undefined)
    marks.push({
      code: "MEMBERS_DISAGREE",
      because: "the members give different lists of members: a change of the membership is under way",
    });
  return marks;
}

/** Revisions of one history only grow (I-R10); between two histories they say nothing. */
export function olderThan(
  before: readonly KnownBefore[],
  clusterId: ClusterId | undefined,
  revision: Revision | undefined,
): readonly BackupMark[] {
  if (revision === undefined) return [];
  return before
    .filter((one) => one.revision > revision && (one.clusterId === clusterId || one.clusterId === undefined || clusterId === undefined))
    .map((one) => ({
      code: "OLDER_THAN_LAST_SEEN" as const,
      because: `it ends at revision ${String(revision)}; ${one.name} saw revision ${String(one.revision)}`,
    }));
}

function newest(candidates: readonly SourceCandidate[]): Revision | undefined {
  return candidates.reduce<Revision | undefined>(
    (top, { status }) => (top === undefined || status.revision > top ? status.revision : top),
    undefined,
  );
}
