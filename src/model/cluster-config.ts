import type { ProofLevel } from "./backup-set.ts";
import type { BackupSetId, HostName } from "./ids.ts";

/** What the operator configured (requorum.yaml), parsed and with defaults filled in. */
export type HostRole = "control-plane" | "etcd" | "load-balancer" | "worker" | "spare";

export interface HostConfig {
  readonly name: HostName;
  /** IP address or DNS name that the cluster's own traffic uses. */
  readonly address: string;
  readonly roles: readonly HostRole[];
  /** Where sshd listens, if not at `address` (Ansible's ansible_host). */
  readonly sshAddress?: string;
  readonly sshUser?: string;
  readonly sshPort?: number;
  /** ssh -J value. */
  readonly sshJump?: string;
}

export type Platform = "kubeadm" | "kubespray" | "openshift";
export type LoadBalancerKind = "keepalived-haproxy" | "kube-vip" | "external" | "none";

export interface ClusterConfig {
  readonly apiVersion: "requorum/v1";
  /** The name that the operator types to consent. */
  readonly cluster: string;
  readonly platform: Platform;
  readonly etcdTopology: "stacked" | "external";
  /** host:port that clients use: VIP or balancer. */
  readonly controlPlaneEndpoint: string | undefined;
  readonly loadBalancer: LoadBalancerKind;
  readonly hosts: readonly HostConfig[];
  readonly ssh: {
    /** A file for `ssh -F`; the user's own configuration when absent. */
    readonly configFile?: string;
    readonly connectTimeoutMs: number;
  };
  readonly paths: {
    /** On the machine: the hostPath of etcd's volume, which --data-dir, a path in the container, need not be. */
    readonly etcdDataDir: string;
    readonly pkiDir: string;
    readonly manifestsDir: string;
  };
  readonly policy: {
    /** A plan older than this is refused. */
    readonly planLifetimeMs: number;
  };
  /** undefined: no backups are made of this cluster. */
  readonly backup?: BackupConfig;
}

export interface BackupConfig {
  /** A directory (absolute), "s3://bucket/prefix" or "ssh://host/path". */
  readonly store: string;
  /** For whom the data key is wrapped, "age1…"; empty only beside a passphrase. */
  readonly recipients: readonly string[];
  /** Absolute, or below "~/". Its first line is the passphrase. */
  readonly passphraseFile?: string;
  /** Public keys (Ed25519, base64url) of other machines whose sets count as signed. */
  readonly signers: readonly string[];
  /** Keys of the cluster's authorities are kept elsewhere by intention: their absence makes a set no poorer. */
  readonly externalCa?: boolean;
  /** The member that a snapshot is taken of, where both could give it: `follower` spares the leader. */
  readonly source: "follower" | "leader";
  /** Where etcd's and Kubernetes' programs for the sandbox lie, if not on PATH. */
  readonly etcdPrograms?: string;
  readonly kubePrograms?: string;
  readonly retention: BackupRetention;
  /** From this set on the sets are of the true cluster, as after a restore: what `prune --accept-from` says, for every call. */
  readonly acceptFrom?: BackupSetId;
  readonly s3?: BackupS3Config;
  readonly schedule?: BackupScheduleConfig;
  readonly metrics?: {
    /** Absolute, or below "~/": a file *.prom in the directory of node-exporter's textfile collector. */
    readonly textfile: string;
  };
  readonly webhook?: BackupWebhookConfig;
}

/** What `backup run`, which the timer calls, does after a set is made. When it runs is the timer's. */
export interface BackupScheduleConfig {
  readonly verify: ProofLevel;
  /** To which level the set is proven again that nobody looked at for longest: stores rot, and keys get lost. */
  readonly reverify: ProofLevel | "off";
  /** `plan`: say what would go; `apply`: and remove it. Never after a set that is not proven. */
  readonly prune: "off" | "plan" | "apply";
}

export const defaultSchedule: BackupScheduleConfig = { verify: "V3", reverify: "V1", prune: "off" };

export interface BackupWebhookConfig {
  /** https, or http to this machine. One of the two is there. */
  readonly url?: string;
  /** A file whose first line is the address, where it is a secret. */
  readonly urlFile?: string;
  /** A PEM file with the CA that signed its certificate, besides those of the system. */
  readonly caFile?: string;
}

/** Sets that are kept: a set that any of these keeps is kept. */
export interface BackupRetention {
  /** So many newest ones. */
  readonly last: number;
  /** The newest one of each of so many days and weeks and months. */
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
  /** Never fewer sets than this, whatever else is said. */
  readonly neverBelow: number;
}

export interface BackupS3Config {
  /** "https://minio.example:9000"; undefined: Amazon's. */
  readonly endpoint?: string;
  readonly region?: string;
  /** The bucket in the path, not in the host name. */
  readonly pathStyle: boolean;
  /** A PEM file with the CA that signed the endpoint's certificate. */
  readonly caFile?: string;
  /** Objects are locked against deletion for so many days; 0: not. */
  readonly objectLockDays: number;
}

/** A fortnight of daily sets, and half a year back: what audits and slow corruption ask for. */
export const defaultRetention: BackupRetention = { last: 7, daily: 14, weekly: 8, monthly: 6, neverBelow: 3 };

export const defaultPaths: ClusterConfig["paths"] = {
  etcdDataDir: "/var/lib/etcd",
  pkiDir: "/etc/kubernetes/pki",
  manifestsDir: "/etc/kubernetes/manifests",
};

/** Whether a member of etcd belongs on this host: by its role, or beside the API server of a stacked cluster. */
export function runsEtcd(host: HostConfig, { etcdTopology }: ClusterConfig): boolean {
  return host.roles.includes("etcd") || (etcdTopology === "stacked" && host.roles.includes("control-plane"));
}

/** A cluster's name is a directory of the state directory, and a word that is typed to consent: never a path. */
export const clusterNameForm = /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/;
export const clusterNameWords = "a name of lower-case letters, digits, dots and hyphens";
