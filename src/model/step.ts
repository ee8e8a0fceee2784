import type { ClusterModel, ServiceUnit } from "./cluster-model.ts";
import type { BackupSetId, HostName, MemberId, Revision, StepId } from "./ids.ts";
import type { DoubtedFiles } from "./restore-doubt.ts";
import type { CommonFile, FileState, RestoredDirectory, RestoredFile } from "./restored-file.ts";
import type { Verdict } from "./verdict.ts";

/**
 * The kinds of step. A new kind is one line here, one spec in plan/steps and
 * one handler in execute/handlers; the compiler says what is missing.
 */
export interface StepArgs {
  /** Stream a snapshot from one healthy voter to the operator's machine and verify it. */
  "etcd.saveSnapshot": { readonly host: HostName; readonly memberId: MemberId; readonly artifact: string; readonly minRevision: Revision };
  /** Prove that the old member's process does not run: look on its host. Only for reachable hosts. */
  "etcd.proveStopped": { readonly host: HostName; readonly memberId: MemberId };
  /** Stop a member's static pod whose data is lost or bad (manifest moved aside, container stopped). */
  "etcd.stopMember": { readonly host: HostName; readonly memberId: MemberId };
  /** Remove by id; name and peer URLs must match too (I-S6). `via` are healthy voters' hosts. */
  "etcd.removeMember": {
    readonly memberId: MemberId;
    readonly name: string;
    readonly peerUrls: readonly string[];
    readonly via: readonly HostName[];
  };
  /** Wait until the member of this peer URL is a started voter; promote it through a voter when it is in sync. */
  "etcd.awaitVoter": { readonly host: HostName; readonly peerUrl: string; readonly via: readonly HostName[] };
  "kubernetes.deleteNode": { readonly node: string; readonly uid: string; readonly via: readonly HostName[] };
  "kubernetes.deleteMasterLease": { readonly address: string; readonly via: readonly HostName[] };
  "kubernetes.repairClusterInfo": { readonly server: string; readonly via: readonly HostName[] };
  "kubernetes.repairKubeadmConfig": { readonly controlPlaneEndpoint: string; readonly via: readonly HostName[] };
  /** Wait until Kubernetes notices that a lost machine's kubelet is silent. Only for machines that somebody says are lost. */
  "kubernetes.awaitNodeNotReady": { readonly node: string; readonly via: readonly HostName[] };
  "kubernetes.awaitNodeReady": { readonly node: string; readonly via: readonly HostName[] };
  /** haproxy's API backends on one machine: edit by replacing ranges, check with haproxy -c, reload. */
  "loadBalancer.setBackends": {
    readonly host: HostName;
    readonly backends: readonly { readonly name: string; readonly address: string; readonly port: number }[];
  };
  /** Move what a former life left on the machine to /var/lib/requorum/aside/RUN/. */
  "host.moveStateAside": { readonly host: HostName; readonly paths: readonly string[] };
  /**
   * Put files of a backup set back where they were; what lies there is kept
   * aside. Content stands nowhere but in the set.
   */
  "host.restoreFiles": {
    readonly host: HostName;
    readonly set: BackupSetId;
    /** Of the signed manifest's bytes: another manifest of that name is another set. */
    readonly manifestSha256: string;
    /** The outermost first. */
    readonly directories: readonly RestoredDirectory[];
    /** Only those that differ. */
    readonly files: readonly RestoredFile[];
    /** Files of the machine that stay, and by which those were judged: the other half of a key, or what a link leads to. */
    readonly companions: readonly { readonly path: string; readonly was: FileState }[];
    /** CA certificates of the set that other machines must have too; empty: nothing restored depends on a CA. */
    readonly authorities: readonly CommonFile[];
    /** What was not proven and is accepted, of which files; a doubt that came up for none is not in it. */
    readonly accepts: readonly DoubtedFiles[];
  };
  /** Versions, swap, ports, runtime, clock, disk: is the machine ready to be joined? */
  "host.checkPrepared": { readonly host: HostName; readonly kubernetesVersion: string; readonly via: readonly HostName[] };
  "kubeadm.joinControlPlane": {
    readonly host: HostName;
    readonly node: string;
    readonly address: string;
    readonly peerUrl: string;
    readonly via: HostName;
  };
  "service.start": { readonly host: HostName; readonly unit: ServiceUnit };
  /** Continue a process that was stopped by SIGSTOP. */
  "process.continue": { readonly host: HostName; readonly process: "etcd" };
  /** The exit rules (I-X1) and the object-by-object comparison with the record from before. */
  "cluster.verify": { readonly voters: number; readonly baselineArtifact: string };
}
export type StepKind = keyof StepArgs;

export type StepRisk = "read-only" | "reversible" | "destructive";

/** What a kind of step means. Pure. (plan/steps) */
export interface StepSpec<K extends StepKind> {
  readonly risk: StepRisk;
  /** Must hold just before the step runs. */
  pre(model: ClusterModel, args: StepArgs[K]): Verdict;
  /** Must hold afterwards. If it holds already, the step is skipped; this makes it idempotent. */
  post(model: ClusterModel, args: StepArgs[K]): Verdict;
  /** The change the planner may assume for the next step. */
  effect(model: ClusterModel, args: StepArgs[K]): ClusterModel;
  /** Stored in the plan, so that its digest covers the words the operator agreed to. */
  describe(args: StepArgs[K]): string;
  /** The host it works on, for tables; undefined: the cluster. */
  host(args: StepArgs[K]): HostName | undefined;
  /** A measured guess; the plan shows it, timeouts do not derive from it. */
  expectedSeconds(args: StepArgs[K]): number;
  /** How often `perform` may be started in one run. */
  readonly attemptsMax: number;
}
export type StepSpecs = { readonly [K in StepKind]: StepSpec<K> };

/** `Step` alone is the union; indexing by kind keeps `args` tied to `kind`. */
export type Step<K extends StepKind = StepKind> = {
  readonly [P in K]: { readonly id: StepId; readonly kind: P; readonly args: StepArgs[P] };
}[K];
