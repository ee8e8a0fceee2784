import { clusterIdOf, memberIdOf, type ClusterId, type HostName, type MemberId, type Revision } from "../../src/model/ids.ts";
import type { MemberFacts } from "../../src/model/inventory.ts";
import { quorumSize } from "../../src/model/quorum.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import type { EtcdClient, EtcdDialer } from "../../src/ports/etcd-client.ts";
import { FakeEtcdClient } from "./fake-etcd-client.ts";
import { FakeEtcdStore } from "./fake-etcd-store.ts";

export type EtcdMethod = Exclude<keyof EtcdClient, "host" | "close">;

/** What happens to a call instead of its ordinary answer. */
export type FakeEtcdFailure =
  /** The request never arrived: no effect; a write's caller cannot tell. */
  | "cut-before-effect"
  /** It took effect and the answer was lost. */
  | "cut-after-effect"
  | RecoveryError;

export interface FakeMember {
  readonly id: MemberId;
  readonly host: HostName;
  /** "" until it has started. */
  name: string;
  peerUrls: readonly string[];
  clientUrls: readonly string[];
  isLearner: boolean;
  /** Learners only: may be promoted. */
  isInSync: boolean;
  process: "running" | "stopped" | "frozen" | "never-started";
  /** Sees no other member. */
  isIsolated: boolean;
  /** The host itself cannot be reached: `dial` throws SSH_UNREACHABLE. */
  isHostReachable: boolean;
  /** Answers with hashes of its own: silent divergence. */
  isDiverged: boolean;
  /** Where it stopped hearing of the others; undefined: it follows. */
  staleAt: { readonly revision: Revision; readonly members: readonly MemberFacts[] } | undefined;
}

export interface FakeEtcdCall {
  readonly host: HostName;
  readonly method: EtcdMethod;
  readonly outcome: "answered" | "failed";
}

/**
 * An etcd cluster in memory that behaves as far as requorum can see: voters,
 * learners, quorum, leader, revisions, alarms, refusals, snapshot stream; and
 * failures on demand. `calls` and `effects` are kept for tests that count.
 * Never waits in real time, except that a call to a frozen member waits for
 * its own deadline when `waitsRealTime` is set.
 */
export class FakeEtcdCluster {
  readonly clusterId: ClusterId;
  readonly store = new FakeEtcdStore();
  readonly waitsRealTime: boolean;
  version = "3.6.16";
  leaderId: MemberId | undefined;
  raftTerm = 2n;
  raftIndex = 8n;
  readonly calls: FakeEtcdCall[] = [];
  /** Changes that took effect, in order: "memberRemove 8e9e05c52164694d". */
  readonly effects: string[] = [];
  readonly openClients = new Set<EtcdClient>();
  readonly #alarms = new Map<string, { memberId: MemberId; alarm: "NOSPACE" | "CORRUPT" }>();
  readonly #failures: { host: HostName | undefined; method: EtcdMethod; failure: FakeEtcdFailure; times: number }[] = [];
  #members: FakeMember[] = [];
  #nextId: bigint;

  /** All voters, started, in sync; the first host leads. */
  constructor(options: {
    readonly hosts: readonly HostName[];
    readonly addresses?: readonly string[];
    readonly idSeed?: bigint;
    readonly waitsRealTime?: boolean;
  }) {
    const seed = options.idSeed ?? 0x8e9e05c52164694dn;
    this.clusterId = clusterIdOf(seed ^ 0x5555aaaa00000000n);
    this.#nextId = seed;
    this.waitsRealTime = options.waitsRealTime ?? false;
    for (const [index, host] of options.hosts.entries()) {
      const address = options.addresses?.[index] ?? `10.0.0.${String(11 + index)}`;
      const member = this.addMember({ host, peerUrl: `https://${address}:2380` });
      this.startMember(host);
      member.isInSync = true;
    }
    this.effects.length = 0;
    this.settle();
  }

  get members(): readonly FakeMember[] {
    return this.#members;
  }

  /** The member whose process runs (or ran) on this host; the newest if there were several. Throws when there is none. */
  memberOn(host: HostName): FakeMember {
    const member = this.#members.findLast((one) => one.host === host);
    if (member === undefined) throw new Error(`the fake cluster has no member on ${host}`);
    return member;
  }

  /** `etcdctl member add`: registered at once, not started. */
  addMember(options: { readonly host: HostName; readonly peerUrl: string; readonly isLearner?: boolean }): FakeMember {
    const member: FakeMember = {
      id: memberIdOf(this.#nextId),
      host: options.host,
      name: "",
      peerUrls: [options.peerUrl],
      clientUrls: [],
      isLearner: options.isLearner ?? false,
      isInSync: false,
      process: "never-started",
      isIsolated: false,
      isHostReachable: true,
      isDiverged: false,
      staleAt: undefined,
    };
    this.#nextId = BigInt.asUintN(64, this.#nextId * 6364136223846793005n + 1442695040888963407n);
    this.#members.push(member);
    this.effects.push(`memberAdd ${member.id}`);
    this.raftIndex += 1n;
    return member;
  }

  /** First start of an added member: it gets its name and client URLs; a learner is in sync unless told otherwise. */
  startMember(host: HostName, options: { readonly name?: string; readonly isInSync?: boolean } = {}): void {
    const member = this.memberOn(host);
    member.name = options.name ?? host;
    member.clientUrls = member.peerUrls.map((url) => url.replace(":2380", ":2379"));
    member.process = "running";
    member.isInSync = options.isInSync ?? true;
    this.settle();
  }

  setProcess(host: HostName, process: FakeMember["process"]): void {
    this.memberOn(host).process = process;
    this.settle();
  }

  /** A machine that is gone: its process stopped and its host not reachable. */
  killHost(host: HostName): void {
    const member = this.memberOn(host);
    member.isHostReachable = false;
    member.process = "stopped";
    this.settle();
  }

  isolate(host: HostName, isIsolated = true): void {
    this.memberOn(host).isIsolated = isIsolated;
    this.settle();
  }

  raiseAlarm(host: HostName, alarm: "NOSPACE" | "CORRUPT"): void {
    const memberId = this.memberOn(host).id;
    this.#alarms.set(`${memberId} ${alarm}`, { memberId, alarm });
  }

  disarmAlarms(): void {
    this.#alarms.clear();
  }

  alarms(): readonly { readonly memberId: MemberId; readonly alarm: "NOSPACE" | "CORRUPT" }[] {
    return [...this.#alarms.values()];
  }

  /** The next `times` calls of this method (to this host, or to any) end so. */
  failNext(method: EtcdMethod, failure: FakeEtcdFailure, options: { readonly host?: HostName; readonly times?: number } = {}): void {
    this.#failures.push({ host: options.host, method, failure, times: options.times ?? 1 });
  }

  takeFailure(host: HostName, method: EtcdMethod): FakeEtcdFailure | undefined {
    const planned = this.#failures.find((one) => one.method === method && one.times > 0 && (one.host === undefined || one.host === host));
    if (planned === undefined) return undefined;
    planned.times -= 1;
    return planned.failure;
  }

  put(key: string, value: string | Uint8Array): Revision {
    this.raftIndex += 1n;
    return this.store.put(key, value);
  }

  removeMember(id: MemberId): void {
    this.#members = this.#members.filter((member) => member.id !== id);
    this.effects.push(`memberRemove ${id}`);
    this.raftIndex += 1n;
    this.settle();
  }

  promoteMember(id: MemberId): void {
    const member = this.#members.find((one) => one.id === id);
    if (member !== undefined) member.isLearner = false;
    this.effects.push(`memberPromote ${id}`);
    this.raftIndex += 1n;
    this.settle();
  }

  facts(): readonly MemberFacts[] {
    return this.#members.map(({ id, name, peerUrls, clientUrls, isLearner }) => ({ id, name, peerUrls, clientUrls, isLearner }));
  }

  voters(): readonly FakeMember[] {
    return this.#members.filter((member) => !member.isLearner);
  }

  /** Running and sees the others. */
  connectedVoters(): readonly FakeMember[] {
    return this.voters().filter((member) => member.process === "running" && !member.isIsolated);
  }

  hasQuorum(): boolean {
    const voters = this.voters().length;
    return voters > 0 && this.connectedVoters().length >= quorumSize(voters);
  }

  /** Does this member hear a leader? */
  followsLeader(member: FakeMember): boolean {
    return this.leaderId !== undefined && (!member.isIsolated || this.voters().length === 1);
  }

  /** Elects, deposes, and notes where members that were cut off stand. Called after every change of state. */
  settle(): void {
    const connected = this.connectedVoters();
    const leads = connected.some((member) => member.id === this.leaderId);
    if (!this.hasQuorum()) this.leaderId = undefined;
    else if (!leads) {
      this.leaderId = connected[0]?.id;
      this.raftTerm += 1n;
      this.raftIndex += 1n;
    }
    for (const member of this.#members) {
      const follows = member.process === "running" && !member.isIsolated;
      if (follows) member.staleAt = undefined;
      else member.staleAt ??= { revision: this.store.revision, members: this.facts() };
    }
  }

  dialer(): EtcdDialer {
    return {
      dial: (host) => {
        const member = this.#members.findLast((one) => one.host === host);
        if (member?.isHostReachable === false) {
          return Promise.reject(new RecoveryError("SSH_UNREACHABLE", { subject: `host ${host}`, detail: "the fake host is off" }));
        }
        const client = new FakeEtcdClient(this, host);
        this.openClients.add(client);
        return Promise.resolve(client);
      },
      close: async () => {
        await Promise.all([...this.openClients].map((client) => client.close()));
      },
    };
  }
}
