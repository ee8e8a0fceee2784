/**
 * One round of probes: everything the catalogue's PB1-PB5, PB7, PB9-PB13 can
 * say of a kubeadm cluster with stacked etcd, asked of all machines at once.
 * It knows no rules: what the facts mean is diagnose's business.
 */
import type { ClusterConfig, HostConfig } from "../model/cluster-config.ts";
import type {
  ApiServerFacts,
  EndpointFacts,
  EtcdEndpointFacts,
  HostFacts,
  Inventory,
  LastSeen,
  ReachObservation,
} from "../model/inventory.ts";
import { withKnownMount } from "../model/known-mount.ts";
import { summariseLook } from "../model/look-summary.ts";
import { known, notKnown, valueOf, type Observation } from "../model/observation.ts";
import type { ReportProgress } from "../model/progress-event.ts";
import type { CertificateReader } from "../ports/certificates.ts";
import type { Clock } from "../ports/clock.ts";
import type { EtcdClient, EtcdDialer } from "../ports/etcd-client.ts";
import type { Hashing } from "../ports/hashing.ts";
import type { HostAccess } from "../ports/host-access.ts";
import type { KubeApi, KubeApiDialer } from "../ports/kube-api.ts";
import { memberAddressesOf, type MemberAddress } from "./member-addresses.ts";
import { observe, type RoundClock } from "./observe.ts";
import type { MeshFacts } from "./parse-mesh.ts";
import { probeApiServer } from "./probe-api-server.ts";
import { probeEtcd, readMasterLeases } from "./probe-etcd.ts";
import type { ReadManifests } from "./parse-static-pods.ts";
import { askHost, probeHost, type HostAsked, type HostLimits, type HostQuestion, type HostReport } from "./probe-host.ts";
import { noKubernetesRecords, probeKubernetesRecords } from "./probe-kubernetes-records.ts";

export interface ProbePorts {
  readonly hostAccess: HostAccess;
  readonly etcd: EtcdDialer;
  readonly kube: KubeApiDialer;
  readonly clock: Clock;
  readonly hashing: Hashing;
  readonly certificates: CertificateReader;
}

export interface ProbeRoundOptions {
  /**
   * `status`: cheap enough to repeat every few seconds; leaves out the fsync
   * test and program versions, and waits less long for what does not answer.
   */
  readonly depth: "status" | "full";
  /** Budget of the whole round. What has not answered by then is unknown. */
  readonly deadlineMs: number;
  /** The look before this one; its summary becomes `earlierLook`. */
  readonly earlier?: Inventory;
  readonly lastSeen?: LastSeen;
  readonly signal: AbortSignal;
  readonly report?: ReportProgress;
}

interface Limits extends HostLimits {
  /** Credentials and a way to an endpoint, on a machine that SSH has reached. */
  readonly dialMs: number;
  /** One etcd or API call. Healthy ones take milliseconds; one that waits for a leader takes all of it. */
  readonly callMs: number;
}

/**
 * A first verdict must come within 2 s with dead hosts (design.md 5): a
 * machine that says nothing at all is given up by HostAccess after the
 * configured connect timeout. `connectMs` is for one that has answered and is
 * slow to log in, as machines in trouble are: that must not make it look gone.
 */
function limitsOf(depth: "status" | "full"): Limits {
  return depth === "status"
    ? { depth, connectMs: 4000, dialMs: 3000, scriptMs: 3000, meshMs: 450, endpointMs: 1000, callMs: 1200 }
    : { depth, connectMs: 12_000, dialMs: 8000, scriptMs: 8000, meshMs: 1500, endpointMs: 3000, callMs: 3000 };
}

interface HostSession {
  readonly host: HostConfig;
  /** Its round trip rejects when the machine cannot be reached; then the other two reject with the same error, at once. */
  readonly question: HostQuestion;
  readonly etcd: Promise<EtcdClient>;
  readonly kube: Promise<KubeApi>;
}

/**
 * Never rejects for anything that a machine, endpoint or answer does: that is
 * an unknown with its reason. Rejects with the signal's reason when aborted.
 * Changes nothing but a 4 KiB file per machine, removed at once, with depth full.
 */
export async function probeRound(ports: ProbePorts, config: ClusterConfig, options: ProbeRoundOptions): Promise<Inventory> {
  options.signal.throwIfAborted();
  const startedMs = ports.clock.monotonicMs();
  const over = new AbortController();
  const round: RoundClock = {
    clock: ports.clock,
    signal: AbortSignal.any([options.signal, over.signal]),
    remainingMs: () => Math.max(1, options.deadlineMs - (ports.clock.monotonicMs() - startedMs)),
  };
  const limits = limitsOf(options.depth);
  const asked = { config, limits, memberAddresses: memberAddressesOf(config, options), endpoint: endpointOf(config) };
  const sessions = config.hosts.map((host) => openSession(ports, round, { ...asked, host }));
  try {
    const found = await probeAll(ports, round, { ...asked, sessions, report: options.report ?? (() => undefined) });
    options.signal.throwIfAborted();
    return {
      apiVersion: "requorum/v1",
      kind: "Inventory",
      takenAt: ports.clock.nowIso(),
      config,
      ...found,
      hosts: found.hosts.map((facts) => withKnownMount(facts, options.lastSeen)),
      ...(options.earlier === undefined ? {} : { earlierLook: summariseLook(options.earlier) }),
      ...(options.lastSeen === undefined ? {} : { lastSeen: options.lastSeen }),
    };
  } finally {
    over.abort();
    for (const session of sessions) closeLater(session);
  }
}

function openSession(ports: ProbePorts, round: RoundClock, asked: HostAsked & { readonly limits: Limits }): HostSession {
  const { host, limits } = asked;
  const unreachable = new AbortController();
  const signal = AbortSignal.any([round.signal, unreachable.signal]);
  const question = askHost(round, ports, asked);
  const gone = question.roundTrip.then(
    () => new Promise<never>(() => undefined),
    (error: unknown) => {
      unreachable.abort(error);
      throw error;
    },
  );
  const call = { timeoutMs: Math.min(limits.connectMs + limits.dialMs, round.remainingMs()), signal };
  const dialled = { etcd: ports.etcd.dial(host.name, call), kube: ports.kube.dial(host.name, call) };
  const session = { host, question, etcd: firstOf(dialled.etcd, gone), kube: firstOf(dialled.kube, gone) };
  // Whoever asks through it sees the failure; here it must only not count as unhandled.
  for (const promise of [question.roundTrip, question.exchange, gone, session.etcd, session.kube]) promise.catch(() => undefined);
  return session;
}

/** A client that arrives after the machine was given up is closed. */
function firstOf<T extends { close(): Promise<void> }>(dialled: Promise<T>, gone: Promise<never>): Promise<T> {
  gone.catch(() => dialled.then((client) => client.close())).catch(() => undefined);
  return Promise.race([dialled, gone]);
}

/** Not waited for: a connection to a dead machine may take its time to close, and the round's answer is complete. */
function closeLater(session: HostSession): void {
  session.etcd.then((client) => client.close()).catch(() => undefined);
  session.kube.then((client) => client.close()).catch(() => undefined);
}

async function probeAll(
  ports: ProbePorts,
  round: RoundClock,
  asked: Omit<HostAsked, "host"> & {
    readonly sessions: readonly HostSession[];
    readonly limits: Limits;
    readonly report: ReportProgress;
  },
): Promise<Pick<Inventory, "hosts" | "reach" | "kubernetes" | "endpoint">> {
  const { sessions, limits, memberAddresses, endpoint, report } = asked;
  const callLimits = { callMs: limits.callMs, dialMs: limits.connectMs + limits.dialMs };
  const readManifests: ReadManifests = new Map();
  let done = 0;
  const asking = sessions.map(async (session) => {
    const [machine, etcd, apiServer] = await Promise.all([
      probeHost(round, ports, { ...asked, host: session.host, question: session.question, readManifests }),
      probeEtcd(round, session.host.name, session.etcd, callLimits),
      probeApiServer(round, session.host.name, session.kube, callLimits),
    ]);
    done += 1;
    report({ kind: "count", text: "machines asked", done, total: sessions.length });
    return { machine, facts: asSeenAtHome({ ...machine.facts, etcd, apiServer }, machine.mesh) };
  });
  const early = firstRecords(ports, round, sessions, limits);
  const answers = await Promise.all(asking);
  const hosts = answers.map((answer) => answer.facts);
  const kubernetes = await settleRecords(ports, round, { sessions, hosts, limits, early: await early });
  return { hosts, reach: reachOf(round, answers, memberAddresses), kubernetes, endpoint: endpointFacts(round, endpoint, answers) };
}

/**
 * Through an SSH forward a port where nobody listens looks like a lost
 * connection. The machine itself knows: its own connect was refused.
 */
function asSeenAtHome(facts: HostFacts, mesh: MeshFacts | undefined): HostFacts {
  const refuses = (port: "etcd-client" | "kube-apiserver"): boolean =>
    mesh?.own.some((entry) => entry.port === port && entry.outcome === "refused") === true;
  return {
    ...facts,
    etcd: refuses("etcd-client") ? refused(facts.etcd) : facts.etcd,
    apiServer: refuses("kube-apiserver") ? refused(facts.apiServer) : facts.apiServer,
  };
}

function refused<T extends EtcdEndpointFacts | ApiServerFacts>(facts: T): T {
  const entries = Object.entries<Observation<unknown>>({ ...facts }).map(
    ([name, observation]) =>
      [
        name,
        observation.kind === "unknown" && observation.reason === "unreachable"
          ? { ...observation, reason: "refused", detail: `nothing listens there, as the machine itself sees it (${observation.detail})` }
          : observation,
      ] as const,
  );
  // Every property of both types is an observation; only the reason of unknown ones was changed.
  return Object.fromEntries(entries) as unknown as T;
}

function endpointOf(config: ClusterConfig): { readonly address: string; readonly port: number } | undefined {
  const match = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(config.controlPlaneEndpoint ?? "");
  return match === null ? undefined : { address: match[1] ?? "", port: Number(match[2]) };
}

/** PB12 through whichever API server says first that it is ready, without waiting for the slow ones. */
async function firstRecords(
  ports: ProbePorts,
  round: RoundClock,
  sessions: readonly HostSession[],
  limits: Limits,
): Promise<Inventory["kubernetes"]> {
  const ready = sessions.map(async (session) => {
    const api = await session.kube;
    const answer = await api.request({
      method: "GET",
      path: "/readyz",
      timeoutMs: Math.min(limits.callMs, round.remainingMs()),
      signal: round.signal,
    });
    if (answer.status !== 200) throw new Error("not ready");
    return session;
  });
  const first = await observe(round, { source: "PB12", limitMs: limits.connectMs + limits.dialMs + limits.callMs }, () =>
    Promise.any(ready),
  );
  // Every single failure is in the hosts' own observations (PB11).
  if (first.kind === "unknown") return noKubernetesRecords(round, "no API server is ready");
  return recordsThrough(ports, round, { session: first.value, sessions, limits });
}

async function recordsThrough(
  ports: ProbePorts,
  round: RoundClock,
  asked: { readonly session: HostSession; readonly sessions: readonly HostSession[]; readonly limits: Limits },
): Promise<Inventory["kubernetes"]> {
  const { session, sessions, limits } = asked;
  const masterLeases = observe(round, { source: "PB12 etcd", limitMs: limits.callMs }, async (limitMs) => {
    const read = async (candidate: HostSession): Promise<readonly string[]> =>
      readMasterLeases(await candidate.etcd, { timeoutMs: limitMs, signal: round.signal });
    // The API server's own member speaks of its own cluster; another one only where that one gives no answer.
    return read(session).catch(() => Promise.any(sessions.filter((other) => other !== session).map(read)));
  });
  return probeKubernetesRecords(
    round,
    { host: session.host.name, api: await session.kube },
    { certificates: ports.certificates, callMs: limits.callMs, masterLeases },
  );
}

/**
 * Records of an orphan (E06) must not stand for the cluster's: when the API
 * server that was asked belongs to fewer machines than another cluster does,
 * the others are asked; so is everybody ready when the first attempt failed.
 */
async function settleRecords(
  ports: ProbePorts,
  round: RoundClock,
  asked: {
    readonly sessions: readonly HostSession[];
    readonly hosts: readonly HostFacts[];
    readonly limits: Limits;
    readonly early: Inventory["kubernetes"];
  },
): Promise<Inventory["kubernetes"]> {
  const { sessions, hosts, early, limits } = asked;
  const mainUid = mainClusterUid(hosts);
  const isMain = (host: HostFacts): boolean => valueOf(host.apiServer.kubeSystemUid) === mainUid;
  const asker = early.kind === "known" ? hosts.find((host) => host.name === early.value.via) : undefined;
  if (early.kind === "known" && (mainUid === undefined || asker === undefined || isMain(asker))) return early;
  for (const host of hosts.filter((candidate) => mainUid !== undefined && isMain(candidate))) {
    const session = sessions.find((candidate) => candidate.host.name === host.name);
    if (session === undefined) continue;
    const records = await recordsThrough(ports, round, { session, sessions, limits });
    if (records.kind === "known") return records;
  }
  return early.kind === "unknown" ? early : noKubernetesRecords(round, "only an API server outside the main cluster answered");
}

/** UID of kube-system that most API servers show; with a tie, the one whose etcd is further on. */
function mainClusterUid(hosts: readonly HostFacts[]): string | undefined {
  const groups = new Map<string, { count: number; revision: bigint }>();
  for (const host of hosts) {
    const uid = valueOf(host.apiServer.kubeSystemUid);
    if (uid === undefined) continue;
    const group = groups.get(uid) ?? { count: 0, revision: 0n };
    const revision = valueOf(host.etcd.status)?.revision ?? 0n;
    groups.set(uid, { count: group.count + 1, revision: revision > group.revision ? revision : group.revision });
  }
  const ranked = [...groups].sort(([, one], [, other]) => other.count - one.count || (other.revision > one.revision ? 1 : -1));
  return ranked[0]?.[0];
}

type HostAnswer = { readonly machine: HostReport; readonly facts: HostFacts };

function reachOf(
  round: RoundClock,
  answers: readonly HostAnswer[],
  memberAddresses: readonly MemberAddress[],
): readonly ReachObservation[] {
  return answers.flatMap(({ facts, machine }): readonly ReachObservation[] => {
    const to = facts.name;
    const operator = (port: ReachObservation["port"], observation: Observation<unknown>): ReachObservation => ({
      from: "operator",
      to,
      port,
      outcome: outcomeOf(observation),
      observedAt: observation.observedAt,
    });
    const seen = (machine.mesh?.reach ?? []).flatMap((entry): readonly ReachObservation[] => {
      const target = answers.find((answer) => answer.facts.name === entry.to);
      return target === undefined
        ? []
        : [{ from: to, to: target.facts.name, port: entry.port, outcome: entry.outcome, observedAt: round.clock.nowIso() }];
    });
    return [
      operator("ssh", facts.ssh),
      operator("etcd-client", facts.etcd.status),
      operator("kube-apiserver", facts.apiServer.livez),
      ...seen,
      ...(machine.mesh?.members ?? []).flatMap(({ member, port, outcome }): readonly ReachObservation[] => {
        const host = memberAddresses[member]?.host;
        return host === undefined || host === to ? [] : [{ from: to, to: host, port, outcome, observedAt: round.clock.nowIso() }];
      }),
    ];
  });
}

/** A login or certificate that is refused shows that the port is open; `failed` says nothing of the path. */
function outcomeOf(observation: Observation<unknown>): ReachObservation["outcome"] {
  if (observation.kind === "known") return "open";
  switch (observation.reason) {
    case "refused":
      return /^(SSH_AUTH_FAILED|SSH_HOST_KEY_CHANGED|ETCD_TLS|KUBE_API_TLS)/.test(observation.detail) ? "open" : "refused";
    case "timeout":
      return "timeout";
    case "unreachable":
      return "unreachable";
    case "malformed":
      return "open";
    case "failed":
    case "not-asked":
      return "unknown";
  }
}

function endpointFacts(
  round: RoundClock,
  endpoint: { readonly address: string; readonly port: number } | undefined,
  answers: readonly HostAnswer[],
): Observation<EndpointFacts> {
  const provenance = { observedAt: round.clock.nowIso(), source: "PB13" };
  if (endpoint === undefined) return notKnown("not-asked", "the configuration names no control-plane endpoint", provenance);
  if (answers.every(({ facts }) => facts.loadBalancer.kind === "unknown"))
    return notKnown("unreachable", "no machine could be asked", provenance);
  return known(
    {
      ...endpoint,
      answers: answers.flatMap(({ facts, machine }) =>
        machine.endpointOutcome === undefined ? [] : [{ from: facts.name, outcome: machine.endpointOutcome }],
      ),
      holders: answers.filter(({ facts }) => valueOf(facts.loadBalancer)?.holdsVip === true).map(({ facts }) => facts.name),
      arpMacs: [...new Set(answers.flatMap(({ machine }) => machine.arpMacs))].sort(),
    },
    provenance,
  );
}
