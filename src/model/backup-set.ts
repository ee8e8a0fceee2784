import type { BackupSetId, ClusterId, HostName, MemberId, Revision } from "./ids.ts";

/**
 * A backup set: all that a recovery needs, taken together. What can be read
 * without a key is the manifest; what the parts are and where their bytes lie
 * is the sealed index that it names. Byte by byte: docs/backup-format.md.
 */
export interface BackupManifest {
  readonly apiVersion: "requorum.backup/v1";
  readonly kind: "BackupManifest";
  readonly id: BackupSetId;
  /** ISO 8601, UTC, by the clock of the machine that made the set: before the first byte of etcd's data was asked for. */
  readonly createdAt: string;
  /** "requorum 0.1.0" */
  readonly program: string;
  /** "user@workstation" */
  readonly createdBy: string;
  readonly cluster: BackupCluster;
  readonly snapshot: BackupSnapshotFacts;
  /** How many parts of each kind, and of which machines: what a list can show without a key. */
  readonly contents: readonly { readonly kind: BackupPartKind; readonly host: HostName | undefined; readonly count: number }[];
  /** Why the set is not whole, or not to be trusted without a look: shown wherever the set is. Empty for a clean set. */
  readonly marks: readonly BackupMark[];
  /** Which data key seals index and chunks, and for whom it is wrapped. */
  readonly key: WrappedDataKey;
  readonly index: StoredObjectRef;
  /** Every pack that the set needs, own and shared ones. */
  readonly packs: readonly StoredObjectRef[];
}

export interface BackupCluster {
  /** As configured. */
  readonly name: string;
  readonly platform: string;
  readonly etcdTopology: "stacked" | "external";
  /** undefined: an offline copy of a data dir whose log did not tell it. */
  readonly clusterId: ClusterId | undefined;
  readonly kubernetesVersion: string | undefined;
  readonly etcdVersion: string | undefined;
  readonly members: readonly {
    readonly id: MemberId;
    readonly name: string;
    readonly isLearner: boolean;
    readonly peerUrls: readonly string[];
  }[];
}

export interface BackupSnapshotFacts {
  /** `stream`: saved from a running member, with its sha256 trailer. `data-dir`: copied from a member that does not run. */
  readonly form: "stream" | "data-dir";
  readonly sourceHost: HostName;
  readonly sourceMember: MemberId | undefined;
  readonly sizeBytes: bigint;
  /** Of the stream's content, as its trailer says; undefined for a data dir. */
  readonly sha256: string | undefined;
  readonly revision: Revision;
  readonly totalKeys: number;
  /** `hashkv` at `revision`, by our own reading of the bytes that were stored: what a sandbox must serve. */
  readonly hashKv: number;
  readonly compactRevision: Revision;
  /** Live objects by resource ("configmaps", "apps/deployments"): what a drill compares with. */
  readonly objects: readonly { readonly resource: string; readonly count: number }[];
}

export type BackupPartKind =
  /** etcd's data: "snapshot.db", or the files of a data dir. */
  | "snapshot"
  /** Certificates and keys below the pki dir, the service account's among them. */
  | "pki"
  | "encryption-config"
  | "static-pod"
  | "kubelet"
  | "container-runtime"
  | "load-balancer"
  /** kubeconfigs of the machine: admin.conf, controller-manager.conf … */
  | "kubeconfig"
  /** What the cluster says of itself: kubeadm-config, cluster-info, versions, Nodes; as JSON of ours. */
  | "cluster-record"
  /** Inventory and last-seen facts of requorum. */
  | "last-seen";

export interface BackupMark {
  readonly code:
    | "NO_QUORUM"
    | "MEMBER_UNHEALTHY"
    | "MEMBERS_DISAGREE"
    | "OFFLINE_COPY"
    | "MACHINE_UNREACHED"
    | "PART_MISSING"
    /** Files beside those of the cluster, too large or too many, which no program of it was seen to need. */
    | "FILES_LEFT_OUT"
    | "API_DOWN"
    | "OLDER_THAN_LAST_SEEN"
    | "OTHER_CLUSTER_ID"
    | "CHANGED_WHILE_TAKEN"
    /** Made by a clock that stood before the newest set that was there. */
    | "CLOCK_WENT_BACK";
  readonly because: string;
}

export type BackupMarkCode = BackupMark["code"];

/** With one of these a set is made only when that is accepted by name: it may be worth less than one that is there already. */
export const refusingMarkCodes = [
  "NO_QUORUM",
  "MEMBERS_DISAGREE",
  "OFFLINE_COPY",
  "OLDER_THAN_LAST_SEEN",
  "OTHER_CLUSTER_ID",
  "CLOCK_WENT_BACK",
] as const satisfies readonly BackupMarkCode[];

export interface WrappedDataKey {
  /** sha256 of the key's own derived name, first 16 hex digits: tells keys apart, and nothing of the key. */
  readonly keyId: string;
  /** Each is an armored age file whose content is the 32 bytes of the data key as base64url; whoever opens one has the key. */
  readonly wrapped: readonly { readonly for: "recipients" | "passphrase"; readonly recipients: readonly string[]; readonly age: string }[];
}

export interface StoredObjectRef {
  /** sha256 of the object's bytes, hex: its name in the store, and what V1 checks without a key. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** One file of the set. In the sealed index. */
export interface BackupPart {
  readonly kind: BackupPartKind;
  /** The machine that it is of; undefined: of the cluster. */
  readonly host: HostName | undefined;
  /** Absolute on the machine; for parts of the cluster a plain name ("snapshot.db", "kubeadm-config.json"). */
  readonly path: string;
  readonly type: "file" | "symlink";
  /** Of a symlink. */
  readonly target: string | undefined;
  /** Permission bits, 0o600; 0 for parts of the cluster. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds of Unix time, from 0: what is older counts as of 1970. */
  readonly modifiedAt: number;
  readonly sizeBytes: number;
  /** Of the whole content, hex. */
  readonly sha256: string;
  /** The content, in order: positions in the index's `chunks`. Each but the last holds `chunkBytes`. */
  readonly chunks: readonly number[];
}

/** Proof levels, design section 10. A level holds only if all before it do. */
export const proofLevels = ["V0", "V1", "V2", "V3", "V4", "V5"] as const;
export type ProofLevel = (typeof proofLevels)[number];

/**
 * What the evidence says of a set now. `fails`: a level failed and did not hold
 * since, or what it needs is not in the store. `unknown`: what is stored, or a
 * proof of it, could not be read. `unverified`: nobody tried.
 */
export type ProvenStanding = "holds" | "fails" | "unknown" | "unverified";

export interface ProofOutcome {
  readonly level: ProofLevel;
  readonly verdict: "holds" | "fails" | "not-tried" | "unknown";
  /** For `fails` and `unknown`: each reason with the thing it is about. For `holds`: what was compared, in numbers. */
  readonly because: readonly string[];
  readonly tookMs: number;
}

/** One verification of one set, kept as evidence beside it; signed like the manifest. */
export interface BackupProof {
  readonly apiVersion: "requorum.backup/v1";
  readonly kind: "BackupProof";
  readonly set: BackupSetId;
  /** sha256 of the signed manifest's bytes: a proof of another manifest is none. */
  readonly manifestSha256: string;
  readonly at: string;
  readonly by: string;
  readonly program: string;
  readonly outcomes: readonly ProofOutcome[];
  /** Of a drill: how long until etcd, and until the API, answered. */
  readonly drill: { readonly etcdReadyMs: number; readonly apiReadyMs: number | undefined } | undefined;
}
