import type { ScheduleSummary } from "../model/backup-schedule.ts";
import type { ProofLevel, ProvenStanding } from "../model/backup-set.ts";
import type { SeenSet } from "../model/seen-sets.ts";
import type { ClusterModel, ModelMember } from "../model/cluster-model.ts";
import { clusterModelOf } from "../model/cluster-model-of.ts";
import type { Diagnosis, Severity } from "../model/finding.ts";
import type { HostFacts, Inventory } from "../model/inventory.ts";
import { valueOf, type Observation } from "../model/observation.ts";
import { quorumState, type QuorumState } from "../model/quorum.ts";

/** A set that may be newer, and why `latest` does not mean it; `command` takes it, where there is one. */
export interface PassedOverLine {
  readonly id: string;
  readonly because: string;
  readonly command: string | undefined;
}

/** What `status` says, for programs; the page for people is made from it. undefined: not known. */
export interface StatusDocument {
  readonly apiVersion: "requorum/v1";
  readonly kind: "Status";
  readonly cluster: string;
  readonly takenAt: string;
  readonly platform: string;
  readonly etcdTopology: string;
  /** degraded: quorum holds, but something is missing. unknown: the voter list could not be read. */
  readonly verdict: "healthy" | "degraded" | "quorum-lost" | "unknown";
  readonly quorum:
    | (Omit<QuorumState, "faultTolerance"> & {
        readonly faultTolerance: number | undefined;
        readonly basis: "linearizable" | "believed";
        readonly unknownVoters: number;
      })
    | undefined;
  readonly clusterIds: readonly string[];
  readonly members: readonly StatusMember[];
  readonly hosts: readonly StatusHost[];
  readonly apiServers: readonly StatusApiServer[];
  readonly endpoint: StatusEndpoint | undefined;
  readonly nodes:
    | readonly { readonly name: string; readonly ready: string; readonly isControlPlane: boolean; readonly kubeletVersion: string }[]
    | undefined;
  /** The certificate that expires first. */
  readonly nearestExpiry:
    { readonly host: string; readonly path: string; readonly notAfter: string; readonly daysLeft: number } | undefined;
  /** undefined: no backups are configured. */
  readonly backups:
    | {
        readonly store: string;
        /** false: it could not be looked at; then both are not known. */
        readonly isSeen: boolean;
        readonly newest: StatusBackup | undefined;
        /** The newest that is proven to V2 at least. */
        readonly lastProven: StatusBackup | undefined;
        /** Was the newest when this machine last listed the sets, and is gone. */
        readonly lost: SeenSet | undefined;
        /** Sets that may be newer. */
        readonly passedOver: readonly PassedOverLine[];
        /** Of this machine; undefined: nothing is scheduled here, or it could not be read. */
        readonly schedule: ScheduleSummary | undefined;
      }
    | undefined;
  /** The newest run on this machine, while it has not succeeded. */
  readonly openRun: { readonly run: string; readonly outcome: string } | undefined;
  readonly findings: readonly { readonly code: string; readonly subject: string; readonly severity: Severity; readonly summary: string }[];
  readonly unknown: readonly string[];
}

export interface StatusBackup {
  readonly id: string;
  readonly createdAt: string;
  /** undefined: it is dated in the future. */
  readonly ageSeconds: number | undefined;
  readonly standing: ProvenStanding;
  /** Why it fails; "" otherwise. */
  readonly because: string;
  /** undefined: nothing is proven of it. */
  readonly level: ProofLevel | undefined;
  readonly score: number;
  readonly expectedRtoSeconds: number | undefined;
  readonly marks: readonly string[];
}

export interface StatusMember {
  readonly id: string | undefined;
  readonly name: string;
  readonly host: string | undefined;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLeader: boolean | undefined;
  readonly isLearner: boolean;
  readonly isStarted: boolean;
  readonly revision: bigint | undefined;
  readonly raftTerm: bigint | undefined;
  readonly raftIndex: bigint | undefined;
  readonly appliedIndex: bigint | undefined;
  readonly dbSizeBytes: bigint | undefined;
  readonly version: string | undefined;
  /** healthy: it answers a read that needs quorum. alone: it answers for itself only. */
  readonly state: "healthy" | "alone" | "learner" | "unstarted" | "stopped" | "frozen" | "down" | "unknown";
}

export interface StatusHost {
  readonly name: string;
  readonly address: string;
  readonly roles: readonly string[];
  readonly reachable: boolean;
  readonly roundTripMs: number | undefined;
  readonly detail: string;
  readonly holdsVip: boolean | undefined;
  readonly haproxy: string | undefined;
  readonly keepalived: string | undefined;
}

export interface StatusApiServer {
  readonly host: string;
  readonly state: "ready" | "not-ready" | "unknown";
  readonly version: string | undefined;
  readonly failedChecks: readonly string[];
  readonly detail: string;
}

export interface StatusEndpoint {
  readonly address: string;
  readonly port: number;
  readonly state: "answers" | "answers-partly" | "down" | "unknown";
  readonly holders: readonly string[];
  readonly answers: readonly { readonly from: string; readonly outcome: string }[];
}

/** `diagnosis` is that of the same inventory. */
export function statusDocument(
  inventory: Inventory,
  diagnosis: Diagnosis,
  beside: { readonly openRun?: StatusDocument["openRun"]; readonly backups?: StatusDocument["backups"] } = {},
): StatusDocument {
  const model = clusterModelOf(inventory);
  const members = model.members ?? model.believedMembers ?? [];
  const quorum = quorumOf(model, diagnosis);
  return {
    apiVersion: "requorum/v1",
    kind: "Status",
    cluster: inventory.config.cluster,
    takenAt: inventory.takenAt,
    platform: inventory.config.platform,
    etcdTopology: inventory.config.etcdTopology,
    verdict: verdictOf(quorum, diagnosis, members),
    quorum,
    clusterIds: [...new Set(inventory.hosts.flatMap((host) => valueOf(host.etcd.status)?.clusterId ?? []))].sort(),
    members: members.map((member) => statusMember(inventory, model, member)).sort((a, b) => a.name.localeCompare(b.name)),
    hosts: inventory.hosts.map((host) => statusHost(inventory, host)),
    apiServers: inventory.hosts.filter((host) => isControlPlane(inventory, host)).map(statusApiServer),
    endpoint: statusEndpoint(inventory),
    nodes: valueOf(inventory.kubernetes)?.nodes.map(({ name, ready, isControlPlane: isControl, kubeletVersion }) => ({
      name,
      ready,
      isControlPlane: isControl,
      kubeletVersion,
    })),
    nearestExpiry: nearestExpiry(inventory),
    backups: beside.backups,
    openRun: beside.openRun,
    findings: diagnosis.findings.map(({ code, subject, severity, summary }) => ({ code, subject, severity, summary })),
    unknown: diagnosis.unknown,
  };
}

function quorumOf(model: ClusterModel, diagnosis: Diagnosis): StatusDocument["quorum"] {
  const members = model.members ?? model.believedMembers;
  if (members === undefined) return undefined;
  const voters = members.filter((member) => !member.isLearner);
  const basis = model.members === undefined ? "believed" : "linearizable";
  // Who answers for itself only, is not proven to take part.
  const healthy = basis === "believed" ? 0 : voters.filter((voter) => voter.isHealthy === true).length;
  const { needed } = quorumState({ voters: voters.length, healthy });
  const unknownVoters = voters.filter((voter) => voter.isHealthy === undefined).length;
  return { voters: voters.length, needed, healthy, faultTolerance: diagnosis.faultTolerance, basis, unknownVoters };
}

/** The diagnosis judges the quorum, and nobody else: two judges would contradict each other. */
function verdictOf(quorum: StatusDocument["quorum"], diagnosis: Diagnosis, members: readonly ModelMember[]): StatusDocument["verdict"] {
  if (diagnosis.quorum === "lost") return "quorum-lost";
  if (diagnosis.quorum === "unseen" || quorum?.basis !== "linearizable") return "unknown";
  const isBad = diagnosis.findings.some(({ severity }) => severity === "error" || severity === "critical");
  if (isBad || members.some((member) => member.isHealthy === false)) return "degraded";
  const unseen = members.filter((member) => member.isHealthy === undefined);
  if (unseen.length === 0) return "healthy";
  // Something was seen of each of them: it is not well. Otherwise nobody knows: an answer that was late is not an illness.
  const isSeen = ({ id }: ModelMember): boolean =>
    diagnosis.findings.some((finding) => finding.memberId === id && finding.confidence !== "low" && finding.severity !== "info");
  return unseen.some(isSeen) ? "degraded" : "unknown";
}

function statusMember(inventory: Inventory, model: ClusterModel, member: ModelMember): StatusMember {
  const facts = inventory.hosts.find((host) => host.name === member.host);
  const answered = facts === undefined ? undefined : valueOf(facts.etcd.status);
  const status = answered?.memberId === member.id ? answered : undefined;
  const leaders = new Set(inventory.hosts.flatMap((host) => valueOf(host.etcd.status)?.leaderId ?? []));
  const listed = inventory.hosts
    .flatMap((host) => valueOf(host.etcd.membersLinearizable) ?? valueOf(host.etcd.membersSerializable) ?? [])
    .find((entry) => entry.id === member.id);
  return {
    id: member.id,
    name: member.name,
    host: member.host,
    peerUrls: member.peerUrls,
    clientUrls: listed?.clientUrls ?? [],
    isLeader: leaders.size === 0 ? undefined : member.id !== undefined && leaders.has(member.id),
    isLearner: member.isLearner,
    isStarted: member.isStarted,
    revision: status?.revision,
    raftTerm: status?.raftTerm,
    raftIndex: status?.raftIndex,
    appliedIndex: status?.appliedIndex,
    dbSizeBytes: status?.dbSizeBytes,
    version: status?.version,
    state: memberState(model, member, facts),
  };
}

function memberState(model: ClusterModel, member: ModelMember, facts: HostFacts | undefined): StatusMember["state"] {
  if (!member.isStarted) return "unstarted";
  const process = model.hosts.find((host) => host.name === member.host)?.etcdProcess;
  if (process === "frozen" || process === "stopped") return process;
  if (member.isHealthy === false) return "down";
  if (member.isHealthy === undefined) return facts !== undefined && facts.etcd.status.kind === "known" ? "alone" : "unknown";
  if (member.isLearner) return "learner";
  return model.members === undefined ? "alone" : "healthy";
}

function statusHost(inventory: Inventory, host: HostFacts): StatusHost {
  const config = inventory.config.hosts.find((candidate) => candidate.name === host.name);
  const services = valueOf(host.services);
  const service = (unit: string): string | undefined => services?.find((candidate) => candidate.unit === unit)?.activeState;
  return {
    name: host.name,
    address: config?.address ?? "",
    roles: config?.roles ?? [],
    reachable: host.ssh.kind === "known",
    roundTripMs: valueOf(host.ssh)?.roundTripMs,
    detail: host.ssh.kind === "known" ? "" : host.ssh.detail,
    holdsVip: valueOf(host.loadBalancer)?.holdsVip,
    haproxy: service("haproxy"),
    keepalived: service("keepalived"),
  };
}

function isControlPlane(inventory: Inventory, host: HostFacts): boolean {
  const config = inventory.config.hosts.find((candidate) => candidate.name === host.name);
  // A machine that also is no spare any more once it answers is still shown as what it is configured to be.
  return config?.roles.includes("control-plane") === true;
}

function statusApiServer(host: HostFacts): StatusApiServer {
  const { readyz } = host.apiServer;
  const version = valueOf(host.apiServer.version);
  if (readyz.kind === "unknown")
    return { host: host.name, state: isRefusal(readyz) ? "not-ready" : "unknown", version, failedChecks: [], detail: readyz.detail };
  const isReady = readyz.value.httpStatus === 200;
  return {
    host: host.name,
    state: isReady ? "ready" : "not-ready",
    version,
    failedChecks: readyz.value.failedChecks,
    detail: isReady ? "" : `HTTP ${String(readyz.value.httpStatus)}`,
  };
}

/** A machine that answers and refuses the connection says that nobody listens there. */
function isRefusal(observation: Observation<unknown>): boolean {
  return observation.kind === "unknown" && observation.reason === "refused";
}

function statusEndpoint(inventory: Inventory): StatusEndpoint | undefined {
  const text = inventory.config.controlPlaneEndpoint;
  const facts = valueOf(inventory.endpoint);
  if (facts === undefined) {
    if (text === undefined) return undefined;
    const colon = text.lastIndexOf(":");
    return {
      address: colon < 0 ? text : text.slice(0, colon),
      port: colon < 0 ? 6443 : Number(text.slice(colon + 1)),
      state: "unknown",
      holders: [],
      answers: [],
    };
  }
  const ok = facts.answers.filter((answer) => answer.outcome === "ok").length;
  const state = facts.answers.length === 0 ? "unknown" : ok === facts.answers.length ? "answers" : ok > 0 ? "answers-partly" : "down";
  return { address: facts.address, port: facts.port, state, holders: facts.holders, answers: facts.answers };
}

const dayMs = 86_400_000;

function nearestExpiry(inventory: Inventory): StatusDocument["nearestExpiry"] {
  const all = inventory.hosts.flatMap((host) =>
    (valueOf(host.certificates) ?? []).map((certificate) => ({ host: host.name, path: certificate.path, notAfter: certificate.notAfter })),
  );
  const [first] = all.sort((a, b) => Date.parse(a.notAfter) - Date.parse(b.notAfter));
  if (first === undefined) return undefined;
  return { ...first, daysLeft: Math.floor((Date.parse(first.notAfter) - Date.parse(inventory.takenAt)) / dayMs) };
}
