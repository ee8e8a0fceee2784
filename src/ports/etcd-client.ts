import type { EtcdStatus, MemberFacts } from "../model/inventory.ts";
import type { ClusterId, HostName, MemberId, Revision } from "../model/ids.ts";

export interface CallOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Every answer names the cluster and member that gave it. */
export interface EtcdHeader {
  readonly clusterId: ClusterId;
  readonly memberId: MemberId;
  readonly revision: Revision;
  readonly raftTerm: bigint;
}

export interface KeyValue {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly createRevision: Revision;
  readonly modRevision: Revision;
  readonly version: bigint;
  readonly leaseId: bigint;
}

export interface RangeRequest {
  readonly key: string;
  /** Every key with this prefix instead of the one key. */
  readonly isPrefix?: boolean;
  readonly isSerializable?: boolean;
  readonly keysOnly?: boolean;
  /** 0 or absent: the newest. */
  readonly revision?: Revision;
  /** The adapter pages; `onPage` is called with at most `pageSize` entries (default 1000). */
  readonly pageSize?: number;
}

export interface SnapshotOptions {
  readonly idleTimeoutMs: number;
  /** What the member says that its database has. */
  readonly expectedBytes: number;
  /** Less time than a snapshot may take at most. */
  readonly withinMs?: number | undefined;
  readonly signal?: AbortSignal;
}

/**
 * One etcd endpoint, never a list of them. Errors: ETCD_UNREACHABLE,
 * ETCD_TIMEOUT, ETCD_TLS, ETCD_NO_LEADER, ETCD_REFUSED. A lost connection or
 * deadline on a write has retry `unknown-outcome`, on a read `transient`.
 */
export interface EtcdClient {
  readonly host: HostName;
  status(options: CallOptions): Promise<EtcdStatus>;
  memberList(
    request: { readonly linearizable: boolean },
    options: CallOptions,
  ): Promise<{ readonly header: EtcdHeader; readonly members: readonly MemberFacts[] }>;
  /** Reads one key that need not exist; resolves when the read was answered. */
  probeRead(request: { readonly linearizable: boolean }, options: CallOptions): Promise<EtcdHeader>;
  alarms(options: CallOptions): Promise<readonly { readonly memberId: MemberId; readonly alarm: "NOSPACE" | "CORRUPT" | "NONE" }[]>;
  /** `revision` 0: the newest this member has. */
  hashKv(
    revision: Revision,
    options: CallOptions,
  ): Promise<{ readonly header: EtcdHeader; readonly hash: number; readonly compactRevision: Revision; readonly hashRevision: Revision }>;
  range(
    request: RangeRequest,
    options: CallOptions,
    onPage: (page: readonly KeyValue[]) => void | Promise<void>,
  ): Promise<{ readonly header: EtcdHeader; readonly count: bigint }>;
  /** Deletes exactly this key if its mod revision is still that one. false: it was not. */
  deleteKey(key: string, modRevision: Revision, options: CallOptions): Promise<boolean>;
  /** The whole snapshot stream including the sha256 trailer, in order. A piece is valid until the next one is asked for. ETCD_TIMEOUT when nothing comes, or too little for the time there is. */
  snapshot(options: SnapshotOptions): AsyncIterable<Uint8Array>;
  memberRemove(id: MemberId, options: CallOptions): Promise<readonly MemberFacts[]>;
  memberPromote(id: MemberId, options: CallOptions): Promise<readonly MemberFacts[]>;
  moveLeader(to: MemberId, options: CallOptions): Promise<void>;
  close(): Promise<void>;
}

/** Makes clients with the endpoint's own certificates, read from its host into memory, over whatever way reaches it. */
export interface EtcdDialer {
  dial(host: HostName, options: CallOptions): Promise<EtcdClient>;
  close(): Promise<void>;
}
