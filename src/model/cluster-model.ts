import type { ClusterId, HostName, MemberId, Revision } from "./ids.ts";
import type { HostRole } from "./cluster-config.ts";
import type { JoinState } from "./join-under-way.ts";
import type { FileAt } from "./restored-file.ts";
import { quorumState, type QuorumState } from "./quorum.ts";

/**
 * The simplified cluster that planning simulates and that a step's pre and
 * post judge. `undefined` always means "not known". Values only: a step's
 * effect returns a new model.
 */
export interface ClusterModel {
  readonly cluster: string;
  /** undefined also when more than one cluster id answers. */
  readonly clusterId: ClusterId | undefined;
  /** From a linearizable list, or undefined. */
  readonly members: readonly ModelMember[] | undefined;
  /**
   * While `members` is undefined: a serializable or remembered list. Good
   * enough to decide what to start, never enough to change membership.
   */
  readonly believedMembers?: readonly ModelMember[] | undefined;
  readonly hosts: readonly ModelHost[];
  readonly nodes: readonly ModelNode[] | undefined;
  /** Addresses under /registry/masterleases/. */
  readonly masterLeases: readonly string[] | undefined;
  /** host:port of the `server` in kube-public/cluster-info. */
  readonly clusterInfoServer: string | undefined;
  /** controlPlaneEndpoint of kube-system/kubeadm-config. */
  readonly kubeadmEndpoint: string | undefined;
  /** Verified snapshots on the operator's machine that belong to this run. */
  readonly snapshots: readonly ModelSnapshot[];
  /** Result of the exit rules, once they were asked: undefined = not asked. */
  readonly verified: { readonly ok: boolean; readonly failures: readonly string[] } | undefined;
}

export interface ModelMember {
  /** undefined: planned by a join, id not yet given by etcd. */
  readonly id: MemberId | undefined;
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly isLearner: boolean;
  readonly isStarted: boolean;
  /** Answers a linearizable read (or, in simulation, is expected to). */
  readonly isHealthy: boolean | undefined;
  readonly host: HostName | undefined;
}

export type ServiceUnit = "kubelet" | "containerd" | "haproxy" | "keepalived" | "etcd";

export interface ModelHost {
  readonly name: HostName;
  readonly address: string;
  readonly roles: readonly HostRole[];
  readonly isReachable: boolean | undefined;
  readonly machineId: string | undefined;
  /** Kubernetes state on disk: kubelet.conf, manifests or PKI. */
  readonly hasKubernetesState: boolean | undefined;
  /** Anything in the data dir: who joins must find it empty. It does not say that etcd can start from it. */
  readonly hasEtcdData: boolean | undefined;
  /**
   * true: WAL and backend are there, and what belongs mounted is mounted; only
   * then is etcd started there. false: certainly no data. undefined: neither is known.
   */
  readonly hasStartableEtcdData?: boolean | undefined;
  /** etcd's manifest lies where the kubelet starts it; undefined: not known. */
  readonly hasEtcdManifest?: boolean | undefined;
  /** Whether a kubeadm join is, or may be, under way there. */
  readonly join?: JoinState;
  /** "frozen": the process is in state T. */
  readonly etcdProcess: "running" | "stopped" | "frozen" | undefined;
  readonly apiServer: "ready" | "not-ready" | "absent" | undefined;
  readonly services: { readonly [unit in ServiceUnit]?: "active" | "stopped" | "absent" } | undefined;
  /** Passed the machine preparation check of host.checkPrepared; undefined: not checked. */
  readonly isPrepared: boolean | undefined;
  readonly preparationProblems: readonly string[];
  /** "address:port" of the API backends in this host's balancer configuration; undefined: no balancer here or not known. */
  readonly balancerBackends: readonly string[] | undefined;
  /** Files that a step is about, as they are; absent: none was looked at. */
  readonly files?: readonly FileAt[];
}

export interface ModelNode {
  readonly name: string;
  /** metadata.uid: tells a Node that was registered again from the old one. */
  readonly uid?: string | undefined;
  readonly isReady: boolean | undefined;
  readonly isControlPlane: boolean;
  readonly internalIp: string;
  readonly machineId: string;
}

export interface ModelSnapshot {
  readonly artifact: string;
  readonly sha256: string;
  readonly revision: Revision;
  readonly clusterId: ClusterId;
  readonly sourceMember: MemberId;
}

export function votingMembers(members: readonly ModelMember[]): readonly ModelMember[] {
  return members.filter((member) => !member.isLearner);
}

/** undefined when the voter list is not known. Members of unknown health count as not healthy. */
export function modelQuorum(model: ClusterModel): QuorumState | undefined {
  if (model.members === undefined) return undefined;
  const voters = votingMembers(model.members);
  return quorumState({ voters: voters.length, healthy: voters.filter((voter) => voter.isHealthy === true).length });
}

export function modelHost(model: ClusterModel, name: HostName): ModelHost | undefined {
  return model.hosts.find((host) => host.name === name);
}

/** A new model with one host changed; the model itself when there is no such host. */
export function withHost(model: ClusterModel, name: HostName, change: Partial<ModelHost>): ClusterModel {
  return { ...model, hosts: model.hosts.map((host) => (host.name === name ? { ...host, ...change } : host)) };
}

/** A new model with every member that matches changed. */
export function withMembers(model: ClusterModel, change: (members: readonly ModelMember[]) => readonly ModelMember[]): ClusterModel {
  return model.members === undefined ? model : { ...model, members: change(model.members) };
}
