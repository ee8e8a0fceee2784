import type { InternalRaftRequest, RaftAction, TxnOperation, TxnRequest, V2Request } from "../raft/internal-raft-request.ts";
import { encodeRevisionKey } from "../mvcc/revision-key.ts";
import { bucketNames, metaKeys } from "../schema/bucket-names.ts";
import { parseExactJson } from "../schema/exact-json.ts";
import { AlarmStore } from "./alarm-store.ts";
import { AuthGate } from "./auth-gate.ts";
import { applyDeleteRange, applyPut, applyTxn, type Refusal, type TxnContext } from "./apply-txn.ts";
import type { BoltOverlay } from "./bolt-overlay.ts";
import type { KeyStore } from "./key-store.ts";
import { LeaseStore } from "./lease-store.ts";
import { MembershipStore } from "./membership-store.ts";

/** What became of one request. */
export type Applied =
  | { readonly kind: "applied" }
  /** etcd answered with an error and changed nothing. */
  | { readonly kind: "refused"; readonly because: string }
  /** This engine does not know what etcd did: the state after it may differ. */
  | { readonly kind: "not-replayed"; readonly because: string };

/**
 * Applies the requests of a log as a server that starts on the data dir would.
 * Not done: changes of users, roles and permissions: such requests are
 * reported. With auth on those of others are judged by what the database says.
 * Source: etcd server/etcdserver/apply (uber_applier.go, backend.go, capped.go, corrupt.go).
 */
export class RequestApplier {
  readonly keys: KeyStore;
  readonly membership: MembershipStore;
  private readonly overlay: BoltOverlay;
  private readonly leases: LeaseStore;
  private readonly alarms: AlarmStore;
  /** -1n when nothing was compacted. */
  private compactRevision: bigint;
  private readonly txnContext: TxnContext;
  private readonly gate: AuthGate;

  constructor(overlay: BoltOverlay, keys: KeyStore, options: { readonly compactRevision: bigint; readonly version: string | undefined }) {
    this.overlay = overlay;
    this.keys = keys;
    this.compactRevision = options.compactRevision;
    this.leases = new LeaseStore(overlay);
    this.alarms = new AlarmStore(overlay);
    this.membership = new MembershipStore(overlay);
    this.gate = new AuthGate(overlay, (leaseId) => keys.keysAttachedTo(leaseId));
    const compactedTo = (): bigint => this.compactRevision;
    this.txnContext = {
      keys,
      get compactRevision() {
        return compactedTo();
      },
      checksOuterRanges: isAtLeast(options.version ?? this.membership.clusterVersion, 7),
      hasLease: (id) => this.leases.has(id),
    };
  }

  apply(request: InternalRaftRequest): Applied {
    const { action } = request;
    if (action.kind === "unknown")
      return { kind: "not-replayed", because: `a request of a later etcd (field ${action.fields.join(", ") || "none"})` };
    const permission = this.gate.judge(request);
    if (permission.kind === "refused") return permission;
    if (action.kind === "auth") return authOutcome(action.auth.kind);
    const blocked = this.blockedBy(action);
    const refusal = blocked ?? this.run(action);
    if (refusal !== undefined) return { kind: "refused", because: refusal };
    return permission.kind === "unknown" ? { kind: "not-replayed", because: permission.because } : { kind: "applied" };
  }

  /** An alarm of any member. */
  private blockedBy(action: RaftAction): Refusal {
    if (this.alarms.isActive("corrupt") && corruptBlocks.has(action.kind)) return "corrupt cluster";
    if (!this.alarms.isActive("nospace")) return undefined;
    if (action.kind === "put" || action.kind === "lease-grant") return "database space exceeded";
    return action.kind === "txn" && canPut(action.txn) ? "database space exceeded" : undefined;
  }

  private run(action: Exclude<RaftAction, { readonly kind: "auth" | "unknown" }>): Refusal {
    switch (action.kind) {
      case "put":
        return applyPut(this.txnContext, action.put);
      case "delete-range":
        return applyDeleteRange(this.txnContext, action.deleteRange);
      case "txn":
        return applyTxn(this.txnContext, action.txn);
      case "compaction":
        return this.compact(action.revision);
      case "lease-grant":
        return this.leases.grant(action.leaseId, action.ttlSeconds);
      case "lease-revoke":
        return this.revokeLease(action.leaseId);
      case "lease-checkpoint":
        if (keepsCheckpoints(this.membership.clusterVersion))
          for (const { leaseId, remainingTtlSeconds } of action.checkpoints) this.leases.checkpoint(leaseId, remainingTtlSeconds);
        return undefined;
      case "alarm":
        if (action.alarm === "none") return undefined;
        if (action.action === "activate") this.alarms.activate(action.memberId, action.alarm);
        else if (action.action === "deactivate") this.alarms.deactivate(action.memberId, action.alarm);
        return undefined;
      case "cluster-version-set":
        this.membership.setClusterVersion(action.version);
        return undefined;
      case "cluster-member-attributes-set":
        this.membership.setAttributes(action.memberId, action.name, action.clientUrls);
        return undefined;
      case "downgrade-info-set":
        this.membership.setDowngrade(action.isEnabled, action.version);
        return undefined;
      case "v2":
        return this.runV2(action.v2);
      case "range":
      case "downgrade-version-test":
        return undefined;
    }
  }

  /** Only scheduled: the server that starts on the state removes the records. Source: etcd server/storage/mvcc/kvstore.go (updateCompactRev). */
  private compact(revision: bigint): Refusal {
    if (revision <= this.compactRevision) return "required revision has been compacted";
    if (revision > this.keys.revision) return "required revision is a future revision";
    this.compactRevision = revision;
    this.overlay.change(bucketNames.meta).put(metaKeys.scheduledCompact, encodeRevisionKey(revision, 0n, false));
    return undefined;
  }

  /** The keys go in one transaction, in their order. Source: etcd server/lease/lessor.go (Revoke). */
  private revokeLease(id: bigint): Refusal {
    if (!this.leases.has(id)) return "requested lease not found";
    this.keys.inTransaction(() => {
      for (const key of this.keys.keysAttachedTo(id)) this.keys.delete(key);
    });
    this.leases.remove(id);
    return undefined;
  }

  /** 3.4, and 3.5 until its cluster version is 3.5, keep two things by v2 requests. Source: etcd 3.5 server/etcdserver/apply_v2.go (Put). */
  private runV2({ method, path, value }: V2Request): Refusal {
    if (method !== "PUT") return undefined;
    if (path === "/0/version") {
      this.membership.setClusterVersion(value);
      return undefined;
    }
    const member = /^\/0\/members\/([0-9a-f]{1,16})\/attributes$/u.exec(path)?.[1];
    if (member === undefined) return undefined;
    const attributes = attributesOf(value);
    if (attributes === undefined) return "the attributes are not JSON";
    this.membership.setAttributes(BigInt(`0x${member}`), attributes.name, attributes.clientUrls);
    return undefined;
  }
}

const corruptBlocks: ReadonlySet<RaftAction["kind"]> = new Set(["put", "delete-range", "txn", "compaction", "lease-grant", "lease-revoke"]);

/** With the space alarm a transaction runs only when neither branch can put. Source: etcd server/storage/quota.go (costTxn). */
function canPut(txn: TxnRequest): boolean {
  const putsIn = (operations: readonly TxnOperation[]): boolean =>
    operations.some((one) => one.kind === "put" || (one.kind === "txn" && canPut(one.txn)));
  return putsIn(txn.success) || putsIn(txn.failure);
}

/** Source: etcd server/lease/lessor.go (shouldPersistCheckpoints): from cluster version 3.6 on; before, only behind a flag. */
function keepsCheckpoints(clusterVersion: string | undefined): boolean {
  return isAtLeast(clusterVersion, 6);
}

function isAtLeast(version: string | undefined, wantedMinor: number): boolean {
  const [major = 0, minor = 0] = (version ?? "").split(".").map(Number);
  return major > 3 || (major === 3 && minor >= wantedMinor);
}

function authOutcome(kind: string): Applied {
  const isRead = ["status", "authenticate", "user-get", "user-list", "role-get", "role-list"].includes(kind);
  return isRead ? { kind: "applied" } : { kind: "not-replayed", because: `auth: ${kind}` };
}

function attributesOf(json: string): { readonly name: string; readonly clientUrls: readonly string[] } | undefined {
  let value: unknown;
  try {
    value = parseExactJson(json);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { name = "", clientURLs: clientUrls = [] } = value as { readonly name?: unknown; readonly clientURLs?: unknown };
  if (typeof name !== "string" || !Array.isArray(clientUrls) || !clientUrls.every((one) => typeof one === "string")) return undefined;
  return { name, clientUrls };
}
