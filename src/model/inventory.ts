import type { ClusterConfig } from "./cluster-config.ts";
import type { ClusterId, HostName, MemberId, Revision } from "./ids.ts";
import type { Observation } from "./observation.ts";

/**
 * What one round of probes reported. Gaps are kept as gaps. It is plain data:
 * it can be saved, sent to somebody else, and diagnosed offline.
 * Probe ids (PB1 …) are those of the failure catalogue.
 */
export interface Inventory {
  readonly apiVersion: "requorum/v1";
  readonly kind: "Inventory";
  /** ISO 8601, UTC: the end of the round. */
  readonly takenAt: string;
  readonly config: ClusterConfig;
  readonly hosts: readonly HostFacts[];
  /** PB1: who can reach whom. `from: "operator"` is this machine. */
  readonly reach: readonly ReachObservation[];
  /** PB12, read through one API server or, without any, unknown. */
  readonly kubernetes: Observation<KubernetesRecords>;
  /** PB13: the control-plane endpoint as seen from the hosts. */
  readonly endpoint: Observation<EndpointFacts>;
  /** The look before this one; needed before anything is changed (I-G1). */
  readonly earlierLook?: LookSummary;
  /** Facts of the last good probe, kept on the operator's machine. */
  readonly lastSeen?: LastSeen;
}

export interface ReachObservation {
  readonly from: HostName | "operator";
  readonly to: HostName;
  readonly port: "ssh" | "etcd-client" | "etcd-peer" | "kube-apiserver" | "icmp";
  readonly outcome: "open" | "refused" | "timeout" | "unreachable" | "unknown";
  readonly observedAt: string;
}

export interface HostFacts {
  readonly name: HostName;
  /** SSH session made? The reason why not is in the unknown. */
  readonly ssh: Observation<{ readonly roundTripMs: number }>;
  /** Error code of the failed SSH session (SSH_UNREACHABLE, SSH_HOST_KEY_CHANGED, SSH_AUTH_FAILED, …). */
  readonly sshErrorCode?: string;
  readonly machine: Observation<MachineFacts>;
  readonly services: Observation<readonly ServiceFacts[]>;
  /** Unit files that start etcd by their names, other than etcd.service: "etcd-member.service"; undefined: none. */
  readonly otherEtcdUnits?: readonly string[];
  readonly processes: Observation<readonly ProcessFacts[]>;
  /** PB7 */
  readonly etcdDataDir: Observation<DataDirFacts>;
  /** PB9 */
  readonly manifests: Observation<readonly ManifestFacts[]>;
  /** Which parts of Kubernetes' state exist on the machine's disk. */
  readonly kubernetesFiles: Observation<KubernetesFiles>;
  /** Age of the youngest of Kubernetes' files on the machine; undefined: there is none, or its age is not known. */
  readonly kubernetesFilesAgeSeconds?: number;
  /** PB10 */
  readonly certificates: Observation<readonly CertificateFacts[]>;
  /** Certificate files that exist and could not be understood; they are not in `certificates`. */
  readonly unreadableCertificates?: readonly { readonly path: string; readonly problem: string }[];
  /** haproxy and keepalived on this machine. */
  readonly loadBalancer: Observation<LoadBalancerFacts>;
  /** PB2-PB5, asked of this host's etcd only. */
  readonly etcd: EtcdEndpointFacts;
  /** PB11, asked of this host's API server only. */
  readonly apiServer: ApiServerFacts;
}

export interface MachineFacts {
  readonly machineId: string;
  readonly bootId: string;
  readonly uptimeSeconds: number;
  readonly hostname: string;
  readonly addresses: readonly string[];
  readonly osRelease: string;
  /** Host clock minus operator clock, milliseconds, corrected by half the round trip. */
  readonly clockOffsetMs: number;
  readonly swapEnabled: boolean;
  /** Versions as the programs print them; "" when the program is absent, undefined when it was not asked (depth status) or gave no answer. */
  readonly kubeadmVersion: string | undefined;
  readonly kubeletVersion: string | undefined;
  readonly containerdVersion: string | undefined;
  /** The lab's mark file exists. */
  readonly isLabMachine: boolean;
}

export interface ServiceFacts {
  readonly unit: "kubelet" | "containerd" | "haproxy" | "keepalived" | "etcd";
  readonly activeState: "active" | "activating" | "deactivating" | "inactive" | "failed" | "absent";
  readonly isEnabled: boolean;
}

export interface ProcessFacts {
  readonly name:
    "etcd" | "kube-apiserver" | "kube-controller-manager" | "kube-scheduler" | "kubelet" | "kubeadm" | "haproxy" | "keepalived";
  readonly pid: number;
  /** As in /proc/PID/stat: R, S, D (uninterruptible), T (stopped), Z … */
  readonly state: string;
  readonly startedSecondsAgo: number;
}

export interface DataDirFacts {
  readonly path: string;
  readonly exists: boolean;
  readonly isEmpty: boolean;
  /** Any file in it or below; false: nothing but empty directories. undefined: not asked. */
  readonly hasFiles?: boolean;
  /** The first path below it that by its name may be etcd's data (member, a WAL, a backend, a link); "": looked, none. undefined: not asked. */
  readonly mayBeData?: string;
  /** Why it could not be read: stat(1) or ls(1) failed otherwise than with "No such file". `exists` to `newestFileAt` then say nothing. */
  readonly readError?: string;
  readonly hasWal: boolean;
  readonly hasBackend: boolean;
  /** WAL and backend were begun and never got an entry: etcd was started here without the data that its member had. */
  readonly isNewborn?: boolean;
  readonly backendSizeBytes: bigint;
  /** ISO 8601 time of the newest file below member/, "" if none. */
  readonly newestFileAt: string;
  readonly ownerUid: number;
  readonly isReadOnlyMount: boolean;
  /** Where the filesystem is mounted that the data dir is on, or would be; undefined: not told. */
  readonly mountPoint?: string;
  /** The same at the last good look, where it was another one and the data is not seen to have moved. */
  readonly mountPointBefore?: string;
  /** A mount point (of /etc/fstab) or mount unit (of systemd) on the way to the data dir or below it that is not mounted: the data may lie on that filesystem. */
  readonly unmountedAt?: string;
  /** Why it could not be asked what belongs mounted there. */
  readonly mountsGap?: string;
  readonly freeBytes: bigint;
  readonly freeInodes: bigint;
  /** A small file was written and synced beside the data; undefined: not tried. */
  readonly fsyncMs?: number;
  readonly fsyncError?: string;
  /** Kernel messages about I/O errors of this boot, newest last, at most 20. */
  readonly kernelErrors: readonly string[];
  /** Why the kernel's messages could not be read; `kernelErrors` is then empty because it is unknown. */
  readonly kernelErrorsGap?: string;
}

/** A file in the static-pod directory (the kubelet reads every file without a leading dot). */
export interface ManifestFacts {
  readonly fileName: string;
  readonly sha256: string;
  readonly podName: string;
  /** Parsed from etcd's command line; only in etcd manifests. */
  readonly etcdFlags?: {
    readonly name: string;
    /** --data-dir, or ETCD_DATA_DIR: a path in the container. */
    readonly dataDir: string;
    /** --wal-dir, or ETCD_WAL_DIR; absent or "": below the data dir. A path in the container. */
    readonly walDir?: string;
    /** Where on the machine the data dir lies. undefined: not known, as in a file that an earlier version saved. */
    readonly dataPlace?: HostPlace;
    /** Where on the machine the log lies; undefined likewise. */
    readonly walPlace?: HostPlace;
    /** TCP ports of the URLs that it listens at and makes known; undefined: not known. */
    readonly ports?: readonly number[];
    /** Some of `ports` are etcd's own, because nothing is said of them. */
    readonly isAtUsualPorts?: true;
    readonly initialCluster: string;
    readonly initialClusterState: string;
    readonly forceNewCluster: boolean;
  };
  /** --etcd-servers of kube-apiserver manifests. */
  readonly etcdServers?: readonly string[];
  /** encryption-provider-config of kube-apiserver manifests. */
  readonly encryptionConfigPath?: string;
  /** Why the file could not be understood, if so. */
  readonly problem?: string;
  /** Beside a `problem`: by its name it is etcd's, something around etcd starts it, and these paths of the machine are mounted for it to write to; undefined: not known. */
  readonly mayKeepDataIn?: readonly string[];
  /** By its name and its mounts it may be etcd's, or a tool's beside it; it counts only where no etcd is found in any manifest of the machine. */
  readonly mayBeEtcds?: true;
}

/** Where on the machine something in a container lies. path: absolute, as its volume has it. untold: the manifest does not say, and why. */
export type HostPlace = { readonly kind: "path"; readonly path: string } | { readonly kind: "untold"; readonly why: string };

export interface KubernetesFiles {
  readonly adminConf: boolean;
  readonly superAdminConf: boolean;
  readonly kubeletConf: boolean;
  readonly etcdManifest: boolean;
  readonly apiServerManifest: boolean;
  readonly clusterCa: boolean;
}

export interface CertificateFacts {
  readonly path: string;
  readonly subject: string;
  readonly issuer: string;
  /** sha256 of the DER certificate, hex. */
  readonly fingerprint: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly subjectAltNames: readonly string[];
  readonly isCa: boolean;
}

export interface LoadBalancerFacts {
  /** haproxy backends that lead to API servers, from the file on disk; undefined: no haproxy configuration here. */
  readonly haproxy?: {
    readonly path: string;
    readonly sha256: string;
    readonly backends: readonly {
      readonly name: string;
      readonly address: string;
      readonly port: number;
      readonly state: "up" | "down" | "unknown";
      readonly line: number;
    }[];
    /** Directives that are traps, with their line: ssl-hello-chk after httpchk (L06), plain TCP checks … */
    readonly options: readonly { readonly text: string; readonly line: number }[];
    readonly checksReadyz: boolean;
  };
  readonly keepalived?: {
    readonly path: string;
    readonly virtualRouterId: number | undefined;
    readonly priority: number | undefined;
    readonly state: string;
    readonly nopreempt: boolean;
    readonly virtualAddresses: readonly string[];
    /** Addresses that VRRP is sent to one by one; empty: multicast. */
    readonly unicastPeers?: readonly string[];
    /** More than this one vrrp_instance is configured; the facts are those of the first. */
    readonly instanceCount?: number;
    readonly scripts: readonly {
      readonly name: string;
      readonly script: string;
      readonly interval: number;
      readonly weight: number | undefined;
      readonly fall: number;
      readonly rise: number;
      readonly line: number;
    }[];
  };
  /** Does this host hold the control-plane endpoint's address now? */
  readonly holdsVip: boolean;
}

export interface EtcdEndpointFacts {
  /** PB2 */
  readonly status: Observation<EtcdStatus>;
  /** PB3, milliseconds each read took. */
  readonly serializableReadMs: Observation<number>;
  readonly linearizableReadMs: Observation<number>;
  /** PB4 */
  readonly membersSerializable: Observation<readonly MemberFacts[]>;
  readonly membersLinearizable: Observation<readonly MemberFacts[]>;
  /** PB5 */
  readonly alarms: Observation<readonly { readonly memberId: MemberId; readonly alarm: "NOSPACE" | "CORRUPT" | "NONE" }[]>;
}

export interface EtcdStatus {
  readonly clusterId: ClusterId;
  readonly memberId: MemberId;
  /** undefined: this member knows no leader. */
  readonly leaderId: MemberId | undefined;
  readonly raftTerm: bigint;
  readonly raftIndex: bigint;
  readonly appliedIndex: bigint;
  readonly revision: Revision;
  readonly dbSizeBytes: bigint;
  readonly dbSizeInUseBytes: bigint;
  readonly isLearner: boolean;
  readonly version: string;
  readonly storageVersion: string;
  readonly errors: readonly string[];
}

export interface MemberFacts {
  readonly id: MemberId;
  /** "" while the member has never started (E12). */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

export interface ApiServerFacts {
  readonly livez: Observation<ProbeAnswer>;
  readonly readyz: Observation<ProbeAnswer>;
  /** A list through this API server, milliseconds. */
  readonly listMs: Observation<number>;
  /** A dry-run write through this API server, milliseconds. */
  readonly dryRunWriteMs: Observation<number>;
  /** UID of namespace kube-system: tells clusters apart (K17). */
  readonly kubeSystemUid: Observation<string>;
  readonly version: Observation<string>;
}

export interface ProbeAnswer {
  readonly httpStatus: number;
  /** Names of the checks that failed, as /readyz?verbose gives them. */
  readonly failedChecks: readonly string[];
}

export interface KubernetesRecords {
  /** Which host's API server was asked. */
  readonly via: HostName;
  readonly nodes: readonly NodeRecord[];
  /** Addresses of endpoints default/kubernetes. */
  readonly kubernetesEndpoints: readonly string[];
  /** Addresses under /registry/masterleases/, read from etcd; undefined: no member answered. */
  readonly masterLeases: readonly string[] | undefined;
  /** `server` is host:port, without a scheme. */
  readonly clusterInfo: { readonly server: string; readonly caFingerprint: string } | undefined;
  readonly kubeadmConfig:
    | { readonly controlPlaneEndpoint: string; readonly kubernetesVersion: string; readonly clusterStatusHosts: readonly string[] }
    | undefined;
  readonly etcdMirrorPods: readonly {
    readonly name: string;
    readonly node: string;
    readonly advertiseUrl: string;
    readonly phase: string;
  }[];
  /** Seconds left of the newest valid bootstrap token; undefined: there is none. */
  readonly bootstrapTokenSecondsLeft: number | undefined;
  readonly certificateKeySecondsLeft: number | undefined;
  /**
   * Records that could not be read or understood, with the reason. A field
   * named here is undefined (or, for pods, empty) because it is unknown, not because it is absent.
   */
  readonly gaps?: readonly { readonly record: KubernetesRecord; readonly detail: string }[];
}

export type KubernetesRecord =
  "masterLeases" | "clusterInfo" | "kubeadmConfig" | "etcdMirrorPods" | "bootstrapTokenSecondsLeft" | "certificateKeySecondsLeft";

export interface NodeRecord {
  readonly name: string;
  readonly uid: string;
  readonly ready: "True" | "False" | "Unknown";
  readonly isControlPlane: boolean;
  readonly internalIp: string;
  readonly kubeletVersion: string;
  /** status.nodeInfo.machineID */
  readonly machineId: string;
}

export interface EndpointFacts {
  readonly address: string;
  readonly port: number;
  /** From each host: did HTTPS /readyz through the endpoint answer 200? */
  readonly answers: readonly { readonly from: HostName; readonly outcome: "ok" | "refused" | "timeout" | "unreachable" | "bad-answer" }[];
  readonly holders: readonly HostName[];
  /** MAC addresses that answer ARP for the address, as seen by the hosts. */
  readonly arpMacs: readonly string[];
}

/** A round of probes in few words: what a second look is compared with. */
export interface LookSummary {
  readonly takenAt: string;
  readonly hosts: readonly {
    readonly name: HostName;
    readonly sshReachable: boolean;
    readonly etcdAnswers: boolean;
    readonly dataDirPresent: boolean | undefined;
  }[];
  readonly clusterIds: readonly ClusterId[];
  readonly memberIds: readonly MemberId[];
  readonly leaderId: MemberId | undefined;
}

/** Facts of the last good probe: what makes "what did we lose" answerable afterwards. */
export interface LastSeen {
  readonly takenAt: string;
  readonly clusterId: ClusterId;
  readonly members: readonly MemberFacts[];
  readonly revision: Revision;
  readonly raftIndex: bigint;
  readonly raftTerm: bigint;
  readonly objectCounts: readonly { readonly resource: string; readonly count: number }[];
  readonly hosts: readonly {
    readonly name: HostName;
    readonly machineId: string;
    readonly address: string;
    /** Where the filesystem was mounted that etcd's data dir was on while etcd answered. */
    readonly dataMountPoint?: string | undefined;
  }[];
}
