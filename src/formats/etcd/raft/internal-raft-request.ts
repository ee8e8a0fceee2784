/**
 * What a normal entry of etcd's log asks for: the InternalRaftRequest of 3.4
 * to 3.7, or the older v2 request, which 3.4 and 3.5 still write for cluster
 * version and member attributes. Types only; `read-internal-request.ts` decodes.
 * Byte strings are views into the entry.
 * Source: etcd api/etcdserverpb/{raft_internal,rpc,etcdserver}.proto, api/membershippb/membership.proto, api/authpb/auth.proto.
 */
export interface InternalRaftRequest {
  /** The request's id: that of the header, or of the request itself in entries of 3.0; 0n when it has none. */
  readonly id: bigint;
  /** Of the user whose token made the request; empty without auth. */
  readonly username: string;
  readonly authRevision: bigint;
  readonly action: RaftAction;
}

export type RaftAction =
  | { readonly kind: "range"; readonly range: RangeRequest }
  | { readonly kind: "put"; readonly put: PutRequest }
  | { readonly kind: "delete-range"; readonly deleteRange: DeleteRangeRequest }
  | { readonly kind: "txn"; readonly txn: TxnRequest }
  | { readonly kind: "compaction"; readonly revision: bigint; readonly isPhysical: boolean }
  | { readonly kind: "lease-grant"; readonly leaseId: bigint; readonly ttlSeconds: bigint }
  | { readonly kind: "lease-revoke"; readonly leaseId: bigint }
  | { readonly kind: "lease-checkpoint"; readonly checkpoints: readonly LeaseCheckpoint[] }
  | {
      readonly kind: "alarm";
      readonly action: "get" | "activate" | "deactivate";
      readonly memberId: bigint;
      readonly alarm: "none" | "nospace" | "corrupt";
    }
  | { readonly kind: "auth"; readonly auth: AuthAction }
  | { readonly kind: "cluster-version-set"; readonly version: string }
  | {
      readonly kind: "cluster-member-attributes-set";
      readonly memberId: bigint;
      readonly name: string;
      readonly clientUrls: readonly string[];
    }
  | { readonly kind: "downgrade-info-set"; readonly isEnabled: boolean; readonly version: string }
  /** 3.6 and later; changes nothing. */
  | { readonly kind: "downgrade-version-test"; readonly version: string }
  | { readonly kind: "v2"; readonly v2: V2Request }
  /** Of a version that this engine does not know; the numbers of the fields that are there. */
  | { readonly kind: "unknown"; readonly fields: readonly number[] };

export interface RangeRequest {
  readonly key: Uint8Array;
  /** Empty: only `key`; a single zero byte: everything from `key` on. The same in every request below. */
  readonly rangeEnd: Uint8Array;
  readonly limit: bigint;
  readonly revision: bigint;
}

export interface PutRequest {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly lease: bigint;
  readonly prevKv: boolean;
  readonly ignoreValue: boolean;
  readonly ignoreLease: boolean;
}

export interface DeleteRangeRequest {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
  readonly prevKv: boolean;
}

export interface TxnRequest {
  readonly compare: readonly TxnCompare[];
  readonly success: readonly TxnOperation[];
  readonly failure: readonly TxnOperation[];
}

export type TxnOperation =
  | { readonly kind: "range"; readonly range: RangeRequest }
  | { readonly kind: "put"; readonly put: PutRequest }
  | { readonly kind: "delete-range"; readonly deleteRange: DeleteRangeRequest }
  | { readonly kind: "txn"; readonly txn: TxnRequest }
  /** An operation without a request: etcd's server refuses it, its apply steps over it. */
  | { readonly kind: "none" };

export interface TxnCompare {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
  readonly result: "equal" | "greater" | "less" | "not-equal";
  readonly target: CompareTarget;
  /**
   * What the record's number is compared with; 0n when the request carries no
   * number for its target (Go's getters give the zero then). For target
   * `value` see `value`.
   */
  readonly number: bigint;
  /** For target `value`; empty otherwise, or when the request carries none. */
  readonly value: Uint8Array;
}
export type CompareTarget = "version" | "create-revision" | "mod-revision" | "value" | "lease";

export interface LeaseCheckpoint {
  readonly leaseId: bigint;
  readonly remainingTtlSeconds: bigint;
}

/** Passwords and tokens are in here, as in the log: never print an action of this kind as it is. */
export type AuthAction =
  | { readonly kind: "enable" | "disable" | "status" }
  | { readonly kind: "authenticate"; readonly name: string; readonly password: string; readonly simpleToken: string }
  | {
      readonly kind: "user-add";
      readonly name: string;
      readonly password: string;
      readonly hashedPassword: string;
      readonly hasNoPassword: boolean;
    }
  | { readonly kind: "user-change-password"; readonly name: string; readonly password: string; readonly hashedPassword: string }
  | { readonly kind: "user-delete" | "user-get"; readonly name: string }
  | { readonly kind: "user-grant-role" | "user-revoke-role"; readonly name: string; readonly role: string }
  | { readonly kind: "role-add" | "role-delete" | "role-get"; readonly role: string }
  | { readonly kind: "role-grant-permission"; readonly role: string; readonly permission: RolePermission }
  | { readonly kind: "role-revoke-permission"; readonly role: string; readonly key: Uint8Array; readonly rangeEnd: Uint8Array }
  | { readonly kind: "user-list" | "role-list" };

export interface RolePermission {
  readonly kind: "read" | "write" | "read-write";
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
}

/** The parts of a v2 request that its apply for members and versions uses. */
export interface V2Request {
  readonly id: bigint;
  /** PUT, DELETE, SYNC, … */
  readonly method: string;
  /** `/0/version`, `/0/members/<hex id>/attributes`, … */
  readonly path: string;
  readonly value: string;
  readonly isDirectory: boolean;
}
