/**
 * The checker's own simulation of a plan: members, what was stopped, copied
 * and moved aside, step by step. It deliberately does not use the effects of
 * plan/steps: a wrong effect there must not hide itself here. It knows less
 * (no Nodes, no records) and is stricter: what it cannot follow does not help.
 */
import type { ClusterModel } from "../../model/cluster-model.ts";
import type { HostName, MemberId, StepId } from "../../model/ids.ts";
import type { PlannedStep, RecoveryPlan } from "../../model/plan.ts";

export interface ReplayMember {
  readonly id: MemberId | undefined;
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly host: HostName | undefined;
  readonly votes: boolean;
  readonly started: boolean;
  readonly healthy: boolean;
}

export interface ReplayState {
  /** The registered members; while quorum is lost, those that are believed to be registered. */
  readonly members: readonly ReplayMember[];
  /** The list is proven: a linearizable read answers. */
  readonly isListProven: boolean;
  readonly stopped: readonly MemberId[];
  readonly cleared: readonly HostName[];
  readonly copies: readonly { readonly step: StepId; readonly artifact: string; readonly memberId: MemberId }[];
  /** Nodes that Kubernetes itself was seen to give up. */
  readonly silentNodes: readonly string[];
  /** "host unit" of what the plan started. */
  readonly startedUnits: readonly string[];
}

export interface Moment {
  readonly step: PlannedStep;
  readonly before: ReplayState;
  readonly after: ReplayState;
}

export interface Count {
  readonly voters: number;
  readonly healthy: number;
  readonly needed: number;
}

/** floor(n/2)+1 of all registered voters, started or not (I-G6). */
export function countVotes(members: readonly ReplayMember[]): Count {
  const voters = members.filter((member) => member.votes);
  return { voters: voters.length, healthy: voters.filter((voter) => voter.healthy).length, needed: Math.floor(voters.length / 2) + 1 };
}

export function canCommit(members: readonly ReplayMember[]): boolean {
  const count = countVotes(members);
  return count.voters > 0 && count.healthy >= count.needed;
}

export function replay(plan: RecoveryPlan): readonly Moment[] {
  let state = startState(plan.start);
  return plan.steps.map((step) => {
    const before = state;
    state = stateAfter(before, step, plan.start);
    return { step, before, after: state };
  });
}

export function startState(start: ClusterModel): ReplayState {
  const list = start.members ?? start.believedMembers ?? [];
  const members = list.map((member) => ({
    id: member.id,
    name: member.name,
    peerUrls: member.peerUrls,
    host: member.host,
    votes: !member.isLearner,
    started: member.isStarted,
    healthy: member.isHealthy === true,
  }));
  return { members, isListProven: start.members !== undefined, stopped: [], cleared: [], copies: [], silentNodes: [], startedUnits: [] };
}

function stateAfter(state: ReplayState, step: PlannedStep, start: ClusterModel): ReplayState {
  switch (step.kind) {
    case "etcd.saveSnapshot":
      return { ...state, copies: [...state.copies, { step: step.id, artifact: step.args.artifact, memberId: step.args.memberId }] };
    case "etcd.stopMember":
      return withMember(state, (member) => member.id === step.args.memberId, { healthy: false });
    case "etcd.proveStopped":
      return {
        ...withMember(state, (member) => member.id === step.args.memberId, { healthy: false }),
        stopped: [...state.stopped, step.args.memberId],
      };
    case "etcd.removeMember":
      return { ...state, members: state.members.filter((member) => member.id !== step.args.memberId) };
    case "kubeadm.joinControlPlane":
      return {
        ...state,
        members: [
          ...state.members,
          {
            id: undefined,
            name: step.args.node,
            peerUrls: [step.args.peerUrl],
            host: step.args.host,
            votes: false,
            started: true,
            healthy: false,
          },
        ],
      };
    case "etcd.awaitVoter":
      return withMember(state, (member) => member.started && member.peerUrls.includes(step.args.peerUrl), { votes: true, healthy: true });
    case "host.moveStateAside":
      return { ...state, cleared: [...state.cleared, step.args.host] };
    case "service.start":
      if (step.args.unit === "haproxy" || step.args.unit === "keepalived") return state;
      return etcdStarted({ ...state, startedUnits: [...state.startedUnits, `${step.args.host} ${step.args.unit}`] }, step.args.host, start);
    case "process.continue":
      return proveList(withMember(state, (member) => member.host === step.args.host, { healthy: true }));
    case "kubernetes.awaitNodeNotReady":
      return { ...state, silentNodes: [...state.silentNodes, step.args.node] };
    case "kubernetes.deleteNode":
    case "kubernetes.deleteMasterLease":
    case "kubernetes.repairClusterInfo":
    case "kubernetes.repairKubeadmConfig":
    case "kubernetes.awaitNodeReady":
    case "loadBalancer.setBackends":
    case "host.restoreFiles":
    case "host.checkPrepared":
    case "cluster.verify":
      return state;
  }
}

function withMember(state: ReplayState, isMeant: (member: ReplayMember) => boolean, change: Partial<ReplayMember>): ReplayState {
  return { ...state, members: state.members.map((member) => (isMeant(member) ? { ...member, ...change } : member)) };
}

/** A static pod runs when its kubelet and its runtime do; and only where its manifest and its data are. */
function etcdStarted(state: ReplayState, host: HostName, start: ClusterModel): ReplayState {
  const facts = start.hosts.find((candidate) => candidate.name === host);
  const runs = (unit: "kubelet" | "containerd" | "etcd"): boolean =>
    state.startedUnits.includes(`${host} ${unit}`) || facts?.services?.[unit] === "active";
  const isUp =
    state.startedUnits.includes(`${host} etcd`) ||
    (facts?.hasEtcdManifest !== false && runs("kubelet") && (runs("containerd") || facts?.services?.containerd === undefined));
  if (!isUp || facts?.hasStartableEtcdData !== true) return state;
  return proveList(withMember(state, (member) => member.host === host, { healthy: true }));
}

function proveList(state: ReplayState): ReplayState {
  return canCommit(state.members) ? { ...state, isListProven: true } : state;
}
