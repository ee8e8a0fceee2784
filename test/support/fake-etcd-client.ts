import type { HostName, MemberId, Revision } from "../../src/model/ids.ts";
import type { EtcdStatus, MemberFacts } from "../../src/model/inventory.ts";
import { quorumSize } from "../../src/model/quorum.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import type { Retry } from "../../src/model/error-catalogue.ts";
import type { CallOptions, EtcdClient, EtcdHeader, KeyValue, RangeRequest } from "../../src/ports/etcd-client.ts";
import type { EtcdMethod, FakeEtcdCluster, FakeMember } from "./fake-etcd.ts";

/** How a call treats the cluster it is made to. */
interface CallKind {
  readonly method: EtcdMethod;
  readonly isWrite?: boolean;
  readonly needsLeader?: boolean;
  /** Learners refuse everything but status, serializable reads and snapshots. */
  readonly isForLearners?: boolean;
}

const refusedByLearner = "etcdserver: rpc not supported for learner";

/** A client of one member of a FakeEtcdCluster. */
export class FakeEtcdClient implements EtcdClient {
  readonly host: HostName;
  readonly #cluster: FakeEtcdCluster;
  #isClosed = false;

  constructor(cluster: FakeEtcdCluster, host: HostName) {
    this.#cluster = cluster;
    this.host = host;
  }

  status(options: CallOptions): Promise<EtcdStatus> {
    return this.#call({ method: "status", isForLearners: true }, options, (member) => {
      const cluster = this.#cluster;
      const leaderId = cluster.followsLeader(member) ? cluster.leaderId : undefined;
      return {
        clusterId: cluster.clusterId,
        memberId: member.id,
        leaderId,
        raftTerm: cluster.raftTerm,
        raftIndex: cluster.raftIndex,
        appliedIndex: cluster.raftIndex,
        revision: revisionOf(cluster, member),
        dbSizeBytes: 24576n,
        dbSizeInUseBytes: 20480n,
        isLearner: member.isLearner,
        version: cluster.version,
        storageVersion: cluster.version.startsWith("3.5") ? "" : `${cluster.version.slice(0, 3)}.0`,
        errors: [
          ...(leaderId === undefined ? ["etcdserver: no leader"] : []),
          ...cluster.alarms().map(({ memberId, alarm }) => `memberID:${BigInt(`0x${memberId}`).toString()} alarm:${alarm} `),
        ],
      };
    });
  }

  memberList(
    request: { readonly linearizable: boolean },
    options: CallOptions,
  ): Promise<{ readonly header: EtcdHeader; readonly members: readonly MemberFacts[] }> {
    return this.#call({ method: "memberList", needsLeader: request.linearizable }, options, (member) => ({
      header: headerOf(this.#cluster, member),
      members: member.staleAt?.members ?? this.#cluster.facts(),
    }));
  }

  probeRead(request: { readonly linearizable: boolean }, options: CallOptions): Promise<EtcdHeader> {
    return this.#call({ method: "probeRead", needsLeader: request.linearizable, isForLearners: !request.linearizable }, options, (member) =>
      headerOf(this.#cluster, member),
    );
  }

  alarms(options: CallOptions): Promise<readonly { readonly memberId: MemberId; readonly alarm: "NOSPACE" | "CORRUPT" | "NONE" }[]> {
    return this.#call({ method: "alarms", needsLeader: true }, options, () => this.#cluster.alarms());
  }

  hashKv(
    revision: Revision,
    options: CallOptions,
  ): Promise<{ readonly header: EtcdHeader; readonly hash: number; readonly compactRevision: Revision; readonly hashRevision: Revision }> {
    return this.#call({ method: "hashKv" }, options, (member) => {
      const newest = revisionOf(this.#cluster, member);
      if (revision > newest) throw refused(this.host, "etcdserver: mvcc: required revision is a future revision");
      const at = revision === 0n ? newest : revision;
      const hash = this.#cluster.store.hash(at);
      return {
        header: headerOf(this.#cluster, member),
        hash: member.isDiverged ? hash ^ 1 : hash,
        compactRevision: this.#cluster.store.compactRevision,
        hashRevision: at,
      };
    });
  }

  async range(
    request: RangeRequest,
    options: CallOptions,
    onPage: (page: readonly KeyValue[]) => void | Promise<void>,
  ): Promise<{ readonly header: EtcdHeader; readonly count: bigint }> {
    const isSerializable = request.isSerializable === true;
    const { header, entries } = await this.#call(
      { method: "range", needsLeader: !isSerializable, isForLearners: isSerializable },
      options,
      (member) => {
        const newest = revisionOf(this.#cluster, member);
        const at = request.revision === undefined || request.revision === 0n ? newest : request.revision;
        if (at > newest) throw refused(this.host, "etcdserver: mvcc: required revision is a future revision");
        if (at < this.#cluster.store.compactRevision) throw refused(this.host, "etcdserver: mvcc: required revision has been compacted");
        const found = this.#cluster.store.range({ key: request.key, isPrefix: request.isPrefix ?? false, at });
        return {
          header: headerOf(this.#cluster, member),
          entries: request.keysOnly === true ? found.map((entry) => ({ ...entry, value: new Uint8Array() })) : found,
        };
      },
    );
    const pageSize = request.pageSize ?? 1000;
    for (let start = 0; start < entries.length; start += pageSize) await onPage(entries.slice(start, start + pageSize));
    return { header, count: BigInt(entries.length) };
  }

  deleteKey(key: string, modRevision: Revision, options: CallOptions): Promise<boolean> {
    return this.#call({ method: "deleteKey", isWrite: true, needsLeader: true }, options, () => {
      if (this.#cluster.store.get(key)?.modRevision !== modRevision) return false;
      this.#cluster.store.delete(key);
      this.#cluster.raftIndex += 1n;
      this.#cluster.effects.push(`deleteKey ${key}`);
      return true;
    });
  }

  async *snapshot(options: { readonly idleTimeoutMs: number; readonly signal?: AbortSignal }): AsyncIterable<Uint8Array> {
    const call = { timeoutMs: options.idleTimeoutMs, ...(options.signal === undefined ? {} : { signal: options.signal }) };
    const failure = this.#cluster.takeFailure(this.host, "snapshot");
    if (failure instanceof RecoveryError) throw failure;
    const bytes = await this.#call({ method: "snapshot", isForLearners: true }, call, (member) =>
      this.#cluster.store.snapshot(revisionOf(this.#cluster, member)),
    );
    const chunkSize = 32 * 1024; // etcd's own
    for (let start = 0; start < bytes.length; start += chunkSize) {
      throwIfAborted(options.signal, "transient", this.host);
      if (failure !== undefined && start + chunkSize >= bytes.length) throw lostConnection(this.host, "transient");
      yield bytes.subarray(start, start + chunkSize);
    }
  }

  memberRemove(id: MemberId, options: CallOptions): Promise<readonly MemberFacts[]> {
    return this.#call({ method: "memberRemove", isWrite: true, needsLeader: true }, options, () => {
      const cluster = this.#cluster;
      const target = cluster.members.find((member) => member.id === id);
      if (target === undefined) throw refused(this.host, "etcdserver: member not found");
      const left = cluster.voters().filter((member) => member.id !== id);
      const started = left.filter((member) => member.name !== "").length;
      // The order and rules of mayRemoveMember, etcd 3.6 server/etcdserver/server.go.
      if (!target.isLearner && started < quorumSize(left.length))
        throw refused(this.host, "etcdserver: re-configuration failed due to not enough started members");
      const isActive = target.process === "running" && !target.isIsolated;
      if (!target.isLearner && isActive && cluster.connectedVoters().length - 1 < 1 + Math.floor((cluster.voters().length - 1) / 2)) {
        throw refused(this.host, "etcdserver: unhealthy cluster", "transient");
      }
      cluster.removeMember(id);
      return cluster.facts();
    });
  }

  memberPromote(id: MemberId, options: CallOptions): Promise<readonly MemberFacts[]> {
    return this.#call({ method: "memberPromote", isWrite: true, needsLeader: true }, options, () => {
      const target = this.#cluster.members.find((member) => member.id === id);
      if (target === undefined) throw refused(this.host, "etcdserver: member not found");
      if (!target.isLearner) throw refused(this.host, "etcdserver: can only promote a learner member");
      if (!target.isInSync || target.process !== "running" || target.isIsolated) {
        throw refused(this.host, "etcdserver: can only promote a learner member which is in sync with leader", "transient");
      }
      this.#cluster.promoteMember(id);
      return this.#cluster.facts();
    });
  }

  moveLeader(to: MemberId, options: CallOptions): Promise<void> {
    return this.#call({ method: "moveLeader", isWrite: true, needsLeader: true }, options, (member) => {
      const cluster = this.#cluster;
      if (member.id !== cluster.leaderId) throw refused(this.host, "etcdserver: not leader", "transient");
      if (!cluster.connectedVoters().some((voter) => voter.id === to)) throw refused(this.host, "etcdserver: bad leader transferee");
      if (to === cluster.leaderId) return;
      cluster.leaderId = to;
      cluster.raftTerm += 1n;
      cluster.effects.push(`moveLeader ${to}`);
    });
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#cluster.openClients.delete(this);
    return Promise.resolve();
  }

  async #call<T>(kind: CallKind, options: CallOptions, answer: (member: FakeMember) => T): Promise<T> {
    try {
      const result = await this.#outcome(kind, options, answer);
      this.#cluster.calls.push({ host: this.host, method: kind.method, outcome: "answered" });
      return result;
    } catch (error) {
      this.#cluster.calls.push({ host: this.host, method: kind.method, outcome: "failed" });
      throw error;
    }
  }

  async #outcome<T>(kind: CallKind, options: CallOptions, answer: (member: FakeMember) => T): Promise<T> {
    if (this.#isClosed) throw new Error(`the client of ${this.host} was used after close()`);
    const retry: Retry = kind.isWrite === true ? "unknown-outcome" : "transient";
    await Promise.resolve();
    throwIfAborted(options.signal, "transient", this.host);
    const failure = kind.method === "snapshot" ? undefined : this.#cluster.takeFailure(this.host, kind.method);
    if (failure instanceof RecoveryError) throw failure;
    if (failure === "cut-before-effect") throw lostConnection(this.host, retry);
    const member = this.#cluster.members.findLast((one) => one.host === this.host);
    if (member === undefined || member.process === "stopped" || member.process === "never-started") {
      // Refused by the machine: nothing was sent, so nothing can have happened.
      throw new RecoveryError("ETCD_UNREACHABLE", { subject: `etcd on ${this.host}`, detail: "connection refused", retry: "transient" });
    }
    if (member.process === "frozen") {
      if (this.#cluster.waitsRealTime) await sleep(options.timeoutMs, options.signal);
      throwIfAborted(options.signal, retry, this.host);
      throw new RecoveryError("ETCD_TIMEOUT", {
        subject: `etcd on ${this.host}`,
        detail: `no answer to ${kind.method} within ${String(options.timeoutMs)} ms`,
        retry,
      });
    }
    if (member.isLearner && kind.isForLearners !== true) throw refused(this.host, refusedByLearner);
    if (kind.needsLeader === true && !this.#cluster.followsLeader(member)) {
      throw new RecoveryError("ETCD_NO_LEADER", { subject: `etcd on ${this.host}`, detail: "etcdserver: no leader", retry: "transient" });
    }
    const result = answer(member);
    if (failure === "cut-after-effect") throw lostConnection(this.host, retry);
    return result;
  }
}

function revisionOf(cluster: FakeEtcdCluster, member: FakeMember): Revision {
  return member.staleAt?.revision ?? cluster.store.revision;
}

function headerOf(cluster: FakeEtcdCluster, member: FakeMember): EtcdHeader {
  return { clusterId: cluster.clusterId, memberId: member.id, revision: revisionOf(cluster, member), raftTerm: cluster.raftTerm };
}

function refused(host: HostName, message: string, retry: Retry = "permanent"): RecoveryError {
  return new RecoveryError("ETCD_REFUSED", { subject: `etcd on ${host}`, detail: message, retry });
}

function lostConnection(host: HostName, retry: Retry): RecoveryError {
  return new RecoveryError("ETCD_UNREACHABLE", {
    subject: `etcd on ${host}`,
    detail: "the connection was lost before the answer came",
    retry,
  });
}

function throwIfAborted(signal: AbortSignal | undefined, retry: Retry, host: HostName): void {
  if (signal?.aborted === true)
    throw new RecoveryError("INTERRUPTED", { subject: `etcd on ${host}`, detail: "the call was given up", cause: signal.reason, retry });
}

function sleep(durationMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, durationMs);
    signal?.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
