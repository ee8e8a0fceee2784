import type { HostName } from "./ids.ts";

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
}

export const defaultPaths: ClusterConfig["paths"] = {
  etcdDataDir: "/var/lib/etcd",
  pkiDir: "/etc/kubernetes/pki",
  manifestsDir: "/etc/kubernetes/manifests",
};

/** Whether a member of etcd belongs on this host: by its role, or beside the API server of a stacked cluster. */
export function runsEtcd(host: HostConfig, { etcdTopology }: ClusterConfig): boolean {
  return host.roles.includes("etcd") || (etcdTopology === "stacked" && host.roles.includes("control-plane"));
}
