import { modelHost, type ClusterModel, type ModelHost, type ModelMember, type ModelNode } from "../../model/cluster-model.ts";
import { etcdDataOn } from "../../model/etcd-data.ts";
import type { HostName, MemberId } from "../../model/ids.ts";
import type { LossProof } from "../../model/plan.ts";
import { valueOf } from "../../model/observation.ts";
import type { PlanningSituation } from "../plan-input.ts";
import { livedOn } from "../loss-proofs.ts";

/** A registered member that is proven lost. */
export interface DoomedMember {
  readonly id: MemberId;
  readonly member: ModelMember;
  readonly proof: LossProof;
}

/** A machine that becomes a control-plane node. */
export interface JoinTarget {
  readonly host: ModelHost;
  readonly node: string;
  readonly peerUrl: string;
}

/** What is left to do until the cluster has its voters again, whatever was done before. */
export interface ReplacementNeed {
  readonly doomed: readonly DoomedMember[];
  readonly remaining: readonly ModelMember[];
  /** Started learners whose join can be finished. */
  readonly unfinished: readonly ModelMember[];
  /** Machines whose former life is cleared away: reachable, with state, and no remaining member. */
  readonly toClear: readonly ModelHost[];
  readonly staleNodes: readonly ModelNode[];
  readonly staleLeases: readonly string[];
  /** Addresses that no longer lead to a member. */
  readonly goneAddresses: readonly string[];
  readonly targets: readonly JoinTarget[];
  /** Why it cannot be done, one sentence each. */
  readonly missing: readonly string[];
}

export function replacementNeed(situation: PlanningSituation, members: readonly ModelMember[]): ReplacementNeed {
  const { model } = situation;
  const doomed = doomedMembers(situation, members);
  const remaining = members.filter((member) => !doomed.some((candidate) => candidate.member === member));
  const choice = chooseTargets(situation, doomed, remaining);
  const gone = goneHosts(situation, doomed, remaining);
  const staleNodes = (model.nodes ?? []).filter((node) => isStaleNode(node, { gone, doomed, remaining }));
  const goneAddresses = addressesOf(doomed, gone, staleNodes, remaining);
  const toClear = hostsToClear(
    gone.filter(
      (host) =>
        doomed.some(({ member, proof }) => livedOn(member, host.name) || proof.host === host.name) ||
        staleNodes.some((node) => node.isReady !== false && isNodeOf(host, node)),
    ),
    choice.targets,
  );
  return {
    doomed,
    remaining,
    unfinished: remaining.filter((member) => member.isLearner && member.isStarted),
    toClear,
    staleNodes,
    staleLeases: (model.masterLeases ?? []).filter((address) => goneAddresses.includes(address) && !hasReadyApiServer(model, address)),
    goneAddresses,
    targets: choice.targets,
    missing: choice.missing,
  };
}

function hostsToClear(gone: readonly ModelHost[], targets: readonly JoinTarget[]): readonly ModelHost[] {
  const hosts = [...new Set([...gone, ...targets.map((target) => target.host)])];
  return hosts.filter((host) => host.isReachable === true && (host.hasKubernetesState === true || host.hasEtcdData === true));
}

/** Learners first (no vote), then what never started (it only costs quorum), then the rest. */
function doomedMembers(situation: PlanningSituation, members: readonly ModelMember[]): readonly DoomedMember[] {
  const rank = (doomed: DoomedMember): number => (doomed.member.isLearner ? 0 : doomed.member.isStarted ? 2 : 1);
  const { goal } = situation;
  return members
    .flatMap((member): readonly DoomedMember[] => {
      const proof = situation.lossProofs.find((candidate) => candidate.memberId === member.id);
      return proof === undefined || member.id === undefined ? [] : [{ id: member.id, member, proof }];
    })
    .filter(
      ({ member, proof }) =>
        goal.kind === "recover" || livedOn(member, goal.host) || proof.host === goal.host || member.isLearner || !member.isStarted,
    )
    .sort((left, right) => rank(left) - rank(right));
}

/** Control-plane machines that carry no remaining member although they did, or should. */
function goneHosts(situation: PlanningSituation, doomed: readonly DoomedMember[], remaining: readonly ModelMember[]): readonly ModelHost[] {
  const { model } = situation;
  return model.hosts.filter((host) => {
    if (remaining.some((member) => livedOn(member, host.name))) return false;
    return (
      host.roles.includes("control-plane") || doomed.some(({ member, proof }) => livedOn(member, host.name) || proof.host === host.name)
    );
  });
}

/** A Node is named after its machine's host name, which need not be the configured name. */
function isNodeOf(host: ModelHost, node: ModelNode): boolean {
  return (host.name as string) === node.name || host.address === node.internalIp;
}

interface Parts {
  readonly gone: readonly ModelHost[];
  readonly doomed: readonly DoomedMember[];
  readonly remaining: readonly ModelMember[];
}

function isStaleNode(node: ModelNode, { gone, doomed, remaining }: Parts): boolean {
  if (!node.isControlPlane || remaining.some((member) => member.name === node.name)) return false;
  const host = gone.find((candidate) => isNodeOf(candidate, node));
  if (node.isReady === false) return true;
  // Still Ready: its machine is empty or cleared first, which ends its kubelet; or the plan waits until Kubernetes notices.
  return host?.isReachable === true || doomed.some(({ member, proof }) => member.name === node.name && proof.kind === "attested");
}

function addressesOf(
  doomed: readonly DoomedMember[],
  gone: readonly ModelHost[],
  staleNodes: readonly ModelNode[],
  remaining: readonly ModelMember[],
): readonly string[] {
  const kept = remaining.flatMap((member) => member.peerUrls.map(addressOfPeerUrl));
  const all = [
    ...doomed.flatMap(({ member }) => member.peerUrls.map(addressOfPeerUrl)),
    ...gone.map((host) => host.address),
    ...staleNodes.map((node) => node.internalIp),
  ];
  return [...new Set(all)].filter((address) => address !== "" && !kept.includes(address));
}

function hasReadyApiServer(model: ClusterModel, address: string): boolean {
  return model.hosts.some((host) => host.address === address && host.apiServer === "ready");
}

/** "https://10.0.0.1:2380" -> "10.0.0.1"; IPv6 without its brackets. */
export function addressOfPeerUrl(url: string): string {
  return url
    .replace(/^[a-z]+:\/\//, "")
    .replace(/\/.*$/, "")
    .replace(/:[0-9]+$/, "")
    .replace(/^\[(.*)\]$/, "$1");
}

interface TargetChoice {
  readonly targets: readonly JoinTarget[];
  readonly missing: readonly string[];
}

function chooseTargets(situation: PlanningSituation, doomed: readonly DoomedMember[], remaining: readonly ModelMember[]): TargetChoice {
  const { model, goal } = situation;
  const desired = model.hosts.filter((host) => host.roles.includes("control-plane")).length;
  const count = Math.max(0, desired - remaining.length);
  if (count === 0) return { targets: [], missing: [] };
  const candidates = goal.kind === "replace" ? hostsNamed(model, goal.with ?? goal.host) : candidatesInOrder(situation, doomed, remaining);
  const judged = candidates.map((host) => ({ host, problems: targetProblems(situation, host, remaining) }));
  const fit = judged.filter(({ problems }) => problems.length === 0).slice(0, goal.kind === "replace" ? 1 : count);
  const isEnough = fit.length === count || (goal.kind === "replace" && fit.length === 1);
  const targets = fit.map(({ host }): JoinTarget => ({ host, node: nodeNameOf(situation, host), peerUrl: peerUrlOf(host) }));
  if (isEnough) return { targets, missing: [] };
  const why = judged.flatMap(({ problems }) => problems);
  const advice = "Reinstall the lost machine, or name another one: requorum plan replace HOST --with OTHER";
  return { targets, missing: [...(why.length === 0 ? ["No machine is configured that could take the lost one's place."] : why), advice] };
}

function hostsNamed(model: ClusterModel, name: HostName): readonly ModelHost[] {
  const host = modelHost(model, name);
  return host === undefined ? [] : [host];
}

/** The lost machines themselves first, then other control-plane machines without a member, then spares. */
function candidatesInOrder(
  situation: PlanningSituation,
  doomed: readonly DoomedMember[],
  remaining: readonly ModelMember[],
): readonly ModelHost[] {
  const rank = (host: ModelHost): number => {
    if (doomed.some(({ member }) => livedOn(member, host.name))) return 0;
    return host.roles.includes("control-plane") ? 1 : host.roles.includes("spare") ? 2 : 3;
  };
  return situation.model.hosts
    .filter((host) => rank(host) < 3 && !remaining.some((member) => livedOn(member, host.name)))
    .map((host, index) => ({ host, index }))
    .sort((left, right) => rank(left.host) - rank(right.host) || left.index - right.index)
    .map(({ host }) => host);
}

function targetProblems(situation: PlanningSituation, host: ModelHost, remaining: readonly ModelMember[]): readonly string[] {
  const problems: string[] = [];
  if (host.isReachable !== true) problems.push(`${host.name} cannot be reached, so it can take nobody's place now.`);
  if (remaining.some((member) => livedOn(member, host.name))) problems.push(`${host.name} carries a registered member already.`);
  if (host.roles.includes("worker")) problems.push(`${host.name} is a worker: its pods would be lost.`);
  if (host.isReachable === true && (host.hasKubernetesState === undefined || host.hasEtcdData === undefined)) {
    const { doubt } = etcdDataOn(
      situation.inventory.hosts.find((facts) => facts.name === host.name),
      situation.inventory.hosts,
    );
    problems.push(`It is not known whether ${host.name} carries data of a former life${doubt === undefined ? "" : `: ${doubt}`}.`);
  }
  if (!/^[0-9.]+$|:/.test(host.address))
    problems.push(`${host.name} is configured by name (${host.address}); a member's peer URL needs its IP address.`);
  // etcd that runs without being a member may belong to somebody else (E08, etcd#14338).
  if (host.etcdProcess !== undefined && host.etcdProcess !== "stopped" && !situation.lossProofs.some((proof) => proof.host === host.name)) {
    problems.push(`etcd is ${host.etcdProcess} on ${host.name} though it carries no member: find out whose it is and stop it.`);
  }
  return problems;
}

/** kubeadm names the Node, and with it the member, after the machine's host name. */
function nodeNameOf(situation: PlanningSituation, host: ModelHost): string {
  const facts = situation.inventory.hosts.find((candidate) => candidate.name === host.name);
  const machine = facts === undefined ? undefined : valueOf(facts.machine);
  return (machine?.hostname ?? host.name).toLowerCase();
}

function peerUrlOf(host: ModelHost): string {
  return `https://${host.address.includes(":") ? `[${host.address}]` : host.address}:2380`;
}
