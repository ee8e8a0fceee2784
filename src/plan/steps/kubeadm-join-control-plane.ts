import { withHost, withMembers, type ClusterModel, type ModelHost, type ModelMember, type ModelNode } from "../../model/cluster-model.ts";
import type { StepArgs, StepSpec } from "../../model/step.ts";
import { allOf, fails, holds, whenKnown, type Verdict } from "../../model/verdict.ts";
import { aboutHost, reachable } from "./host-verdicts.ts";
import { memberOfPeerUrl, memberWords, quorumNow, voterVia, withMemberList } from "./member-verdicts.ts";

type Args = StepArgs["kubeadm.joinControlPlane"];

/**
 * I-S3, I-S4, I-S11, A01, A06. Needs: members (with isHealthy and host),
 * nodes, hosts[host].{isReachable, isPrepared, hasKubernetesState,
 * hasEtcdData}, hosts[via].{isReachable, apiServer}. A join that died after it had
 * announced its member fails `pre` here (the member is registered), so it can
 * only end in a new plan, never in a second announcement.
 */
export const kubeadmJoinControlPlane: StepSpec<"kubeadm.joinControlPlane"> = {
  risk: "reversible",
  // kubeadm may fail before it has changed anything (a token that has just expired); after that, pre refuses.
  attemptsMax: 2,
  pre: (model, args) =>
    allOf(
      reachable(model, args.host),
      reachable(model, args.via),
      aboutHost(model, args.via, (host) =>
        whenKnown(host.apiServer, `whether the API server on ${args.via} is ready`, (state) =>
          state === "ready" ? holds : fails(`the API server on ${args.via} is ${state}`),
        ),
      ),
      aboutHost(model, args.host, (host) => isFreshAndPrepared(host)),
      withMemberList(model, (members) =>
        allOf(noTraceOfNewcomer(members, args), everyMemberHealthy(members), quorumNow(members), voterVia(members, [args.via])),
      ),
      whenKnown(model.nodes, "the Nodes", (nodes) =>
        nodes.some((node) => node.name === args.node && node.isReady === true) ? fails(`a Node ${args.node} exists and is Ready`) : holds,
      ),
    ),
  post: (model, args) =>
    allOf(
      withMemberList(model, (members) => {
        const member = memberOfPeerUrl(members, args.peerUrl);
        if (member === undefined) return fails(`no member with peer URL ${args.peerUrl} is registered`);
        return member.isStarted
          ? holds
          : fails(`member ${memberWords(member)} with peer URL ${args.peerUrl} is registered but has never started`);
      }),
      aboutHost(model, args.host, (host) =>
        whenKnown(host.hasKubernetesState, `whether host ${args.host} has Kubernetes state`, (has) =>
          has ? holds : fails(`host ${args.host} has no Kubernetes state`),
        ),
      ),
      whenKnown(model.nodes, "the Nodes", (nodes) =>
        nodes.some((node) => node.name === args.node) ? holds : fails(`there is no Node ${args.node}`),
      ),
    ),
  effect: joined,
  describe: (args) =>
    `Join ${args.host} (${args.address}) as control-plane node ${args.node} with kubeadm through ${args.via}; its etcd member starts as a learner`,
  host: (args) => args.host,
  // Measured in the lab: 15.6 s on a quiet machine, 26 s during a recovery.
  expectedSeconds: () => 30,
};

function isFreshAndPrepared(host: ModelHost): Verdict {
  return allOf(
    whenKnown(host.isPrepared, `whether host ${host.name} is prepared to be joined`, (is) =>
      is ? holds : fails(`host ${host.name} is not prepared`, ...host.preparationProblems),
    ),
    whenKnown(host.hasKubernetesState, `whether host ${host.name} has Kubernetes state`, (has) =>
      has ? fails(`host ${host.name} has Kubernetes state of a former life or of an interrupted join`) : holds,
    ),
    whenKnown(host.hasEtcdData, `whether host ${host.name} has etcd data`, (has) =>
      has ? fails(`host ${host.name} has etcd data of a former life`) : holds,
    ),
  );
}

/** E12, E15: etcd takes one learner at a time, and an unstarted voter costs quorum. */
function noTraceOfNewcomer(members: readonly ModelMember[], args: Args): Verdict {
  const unfinished = members.filter((member) => member.isLearner || !member.isStarted);
  const same = members.filter((member) => member.peerUrls.includes(args.peerUrl) || member.name === args.node);
  return allOf(
    ...same.map((member) => fails(`member ${memberWords(member)} is already registered with that name or peer URL`)),
    ...unfinished.map((member) => fails(`member ${memberWords(member)} is a learner or has never started: settle that first`)),
  );
}

/** A01: kubeadm asks every registered member, and one that does not answer fails the join. */
function everyMemberHealthy(members: readonly ModelMember[]): Verdict {
  return allOf(
    ...members.map((member) =>
      whenKnown(member.isHealthy, `whether member ${memberWords(member)} is healthy`, (is) =>
        is ? holds : fails(`member ${memberWords(member)} is not healthy: kubeadm refuses to join`),
      ),
    ),
  );
}

function joined(model: ClusterModel, args: Args): ClusterModel {
  const member: ModelMember = {
    id: undefined,
    name: args.node,
    peerUrls: [args.peerUrl],
    isLearner: true,
    isStarted: true,
    isHealthy: undefined,
    host: args.host,
  };
  const host = model.hosts.find((candidate) => candidate.name === args.host);
  const node: ModelNode = {
    name: args.node,
    uid: undefined,
    isReady: undefined,
    isControlPlane: true,
    internalIp: args.address,
    machineId: host?.machineId ?? "",
  };
  const withJoined = withHost(
    withMembers(model, (members) => [...members, member]),
    args.host,
    {
      hasKubernetesState: true,
      hasEtcdData: true,
      hasStartableEtcdData: true,
      hasEtcdManifest: true,
      etcdProcess: "running",
      apiServer: "ready",
      services: { ...host?.services, kubelet: "active" },
    },
  );
  return {
    ...withJoined,
    nodes: model.nodes === undefined ? undefined : [...model.nodes.filter((other) => other.name !== args.node), node],
    masterLeases: model.masterLeases === undefined ? undefined : [...new Set([...model.masterLeases, args.address])],
  };
}
