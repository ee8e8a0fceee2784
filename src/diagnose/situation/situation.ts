import type { Evidence } from "../../model/finding.ts";
import type { HostName } from "../../model/ids.ts";
import type { Inventory, MemberFacts } from "../../model/inventory.ts";
import { quorumSize, quorumState } from "../../model/quorum.ts";
import { clusterView, hostAnsweringAs, isMemberOfHost, type ClusterView } from "./cluster-view.ts";
import { evidenceOf, hostViews, type HostView } from "./host-view.ts";

/**
 * The inventory read once for all rules: which machine is which member, who
 * serves, who is proven down, who merely was not seen. Holds no judgement
 * about what to do.
 */
export interface Situation {
  readonly inventory: Inventory;
  readonly hosts: readonly HostView[];
  readonly cluster: ClusterView;
  /** Members of the live list; undefined: there is none that can be believed. */
  readonly members: readonly MemberView[] | undefined;
  readonly quorum: QuorumView;
}

export interface MemberView {
  readonly member: MemberFacts;
  readonly host: HostView | undefined;
  readonly isStarted: boolean;
  /** serving: answered a linearizable read (a learner: its status). down: observed not to take part. */
  readonly health: "serving" | "down" | "unknown";
}

/**
 * kept: somebody answered a linearizable read. lost: so many voters were
 * observed not to take part that the rest cannot be a majority. unseen: neither.
 */
export interface QuorumView {
  readonly kind: "kept" | "lost" | "unseen";
  /** Voters and how many are needed; from the live list, or from `basis`. */
  readonly voters: readonly VoterView[];
  readonly needed: number;
  readonly basis: "live-list" | "last-seen" | "configuration";
  /** As in Diagnosis.faultTolerance. */
  readonly faultTolerance: number | undefined;
}

export interface VoterView {
  readonly label: string;
  readonly host: HostView | undefined;
  readonly member: MemberFacts | undefined;
  readonly health: MemberView["health"];
}

export function situationOf(inventory: Inventory): Situation {
  const hosts = hostViews(inventory);
  const cluster = clusterView(inventory, hosts);
  const members = cluster.list?.members.map((member) => memberView(member, hosts, cluster));
  return { inventory, hosts, cluster, members, quorum: quorumView(inventory, hosts, cluster, members) };
}

function memberView(member: MemberFacts, hosts: readonly HostView[], cluster: ClusterView): MemberView {
  const answering = hostAnsweringAs(member.id, cluster.main);
  const host =
    hosts.find((candidate) => candidate.name === answering) ??
    hosts.find((candidate) => isMemberOfHost(member, candidate)) ??
    hosts.find((candidate) => candidate.name === member.name);
  const isStarted = member.name !== "";
  return { member, host, isStarted, health: healthOf(member, host, cluster) };
}

function healthOf(member: MemberFacts, host: HostView | undefined, cluster: ClusterView): MemberView["health"] {
  if (host === undefined) return "unknown";
  const answered = cluster.main?.hosts.find(({ name }) => name === host.name)?.status;
  if (answered?.memberId === member.id) {
    if (member.isLearner) return "serving";
    if (host.etcd === "serving") return "serving";
    return answered.leaderId === undefined || host.etcd === "frozen" ? "down" : "unknown";
  }
  // Another member (or another cluster's) answers in its place: this one does not run.
  if (host.facts.etcd.status.kind === "known") return "down";
  return isEtcdDown(host) ? "down" : "unknown";
}

/** Observed not to take part. A hung disk or a silent machine is not in here: nobody saw it stop. */
export function isEtcdDown(host: HostView): boolean {
  return host.etcd === "stopped" || host.etcd === "frozen";
}

/**
 * Looks dead: its machine is silent, or its etcd was seen stopped or frozen.
 * A member that runs without a leader does not; neither does one nobody saw.
 */
export function looksDead(view: { readonly host: HostView | undefined; readonly health: MemberView["health"] }): boolean {
  if (view.health === "serving" || view.host === undefined) return false;
  return view.host.presence.kind === "silent" || isEtcdDown(view.host);
}

function quorumView(
  inventory: Inventory,
  hosts: readonly HostView[],
  cluster: ClusterView,
  members: readonly MemberView[] | undefined,
): QuorumView {
  const { voters, basis } = votersOf(inventory, hosts, members);
  const needed = quorumSize(voters.length);
  const serving = voters.filter((voter) => voter.health === "serving").length;
  const down = voters.filter((voter) => voter.health === "down").length;
  const gone = voters.filter((voter) => voter.health === "down" && !isWaiting(voter)).length;
  const isKept = cluster.list?.isLinearizable === true || serving > 0;
  const isLost = !isKept && voters.length - down < needed;
  const kind = isKept ? "kept" : isLost ? "lost" : "unseen";
  return { kind, voters, needed, basis, faultTolerance: toleranceOf(kind, { voters: voters.length, serving, gone, basis }) };
}

/** Runs as this member and answers for itself, without a leader. */
function isWaiting({ host, member }: VoterView): boolean {
  if (host === undefined || host.etcd === "frozen") return false;
  const { status } = host.facts.etcd;
  return status.kind === "known" && (member === undefined || status.value.memberId === member.id);
}

function toleranceOf(
  kind: QuorumView["kind"],
  count: { readonly voters: number; readonly serving: number; readonly gone: number; readonly basis: QuorumView["basis"] },
): number | undefined {
  if (count.basis !== "live-list" || kind === "unseen") return undefined;
  // Who runs and waits for a leader will vote: as many are short as must be brought back, at least one.
  if (kind === "lost") return Math.min(-1, quorumState({ voters: count.voters, healthy: count.voters - count.gone }).faultTolerance);
  // A linearizable answer proves a quorum, so the lower bound is zero even where members were not seen.
  return Math.max(0, quorumState({ voters: count.voters, healthy: count.serving }).faultTolerance);
}

function votersOf(
  inventory: Inventory,
  hosts: readonly HostView[],
  members: readonly MemberView[] | undefined,
): { readonly voters: readonly VoterView[]; readonly basis: QuorumView["basis"] } {
  if (members !== undefined) {
    const voters = members.filter(({ member }) => !member.isLearner);
    return {
      voters: voters.map((view) => ({ label: memberLabel(view), host: view.host, member: view.member, health: view.health })),
      basis: "live-list",
    };
  }
  const remembered = inventory.lastSeen?.members.filter((member) => !member.isLearner) ?? [];
  if (remembered.length > 0) {
    return { voters: remembered.map((member) => rememberedVoter(member, hosts)), basis: "last-seen" };
  }
  const etcdHosts = hosts.filter((host) => host.shouldRunEtcd);
  return {
    voters: etcdHosts.map((host) => ({ label: `host ${host.name}`, host, member: undefined, health: hostHealth(host) })),
    basis: "configuration",
  };
}

function rememberedVoter(member: MemberFacts, hosts: readonly HostView[]): VoterView {
  const host = hosts.find((candidate) => isMemberOfHost(member, candidate));
  return { label: `member ${member.id} (${member.name})`, host, member, health: host === undefined ? "unknown" : hostHealth(host) };
}

/** Without a live list a linearizable answer cannot be tied to a member: it counts as unknown, not as serving. */
function hostHealth(host: HostView): MemberView["health"] {
  const status = host.facts.etcd.status;
  if (status.kind === "known") return status.value.leaderId === undefined ? "down" : "unknown";
  return isEtcdDown(host) ? "down" : "unknown";
}

export function memberLabel(view: Pick<MemberView, "member" | "host">): string {
  const place = view.host?.name ?? (view.member.name === "" ? "never started" : view.member.name);
  return `member ${view.member.id} (${place})`;
}

export function hostNamed(situation: Situation, name: HostName | string): HostView | undefined {
  return situation.hosts.find((host) => host.name === name);
}

/** Registered members on this machine; [] when none; undefined when the list is not known. */
export function membersOnHost(situation: Situation, host: HostView): readonly MemberView[] | undefined {
  return situation.members?.filter((view) => view.host?.name === host.name);
}

/** The member list as evidence. */
export function listEvidence(situation: Situation, what: string): readonly Evidence[] {
  const list = situation.cluster.list;
  return list === undefined
    ? []
    : [evidenceOf(`${what} (${list.isLinearizable ? "agreed by a quorum" : "one member's memory"})`, list.observation)];
}
