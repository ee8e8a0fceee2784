import { runsEtcd } from "../../model/cluster-config.ts";
import type { ModelMember } from "../../model/cluster-model.ts";
import type { ClusterId, HostName } from "../../model/ids.ts";
import type { EtcdStatus, MemberFacts } from "../../model/inventory.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { EtcdClient } from "../../ports/etcd-client.ts";
import { etcdCall, withEtcd, withEtcdOnce } from "../ask/ask-etcd.ts";
import type { StepContext } from "../step-handler.ts";

export interface EtcdLook {
  readonly clusterId: ClusterId | undefined;
  readonly members: readonly ModelMember[] | undefined;
}

interface EndpointLook {
  readonly host: HostName;
  readonly status: EtcdStatus | undefined;
  readonly list: readonly MemberFacts[] | undefined;
  readonly answersLinearizable: boolean;
}

/**
 * Asks every configured etcd host by itself, at the same time. The list is
 * known when every linearizable answer agrees and only one cluster id answers.
 */
export async function lookAtEtcd(context: StepContext): Promise<EtcdLook> {
  const looks = await Promise.all(etcdHosts(context).map((host) => lookAtEndpoint(context, host)));
  const clusterIds = [...new Set(looks.flatMap((look) => look.status?.clusterId ?? []))];
  const clusterId = clusterIds.length === 1 ? clusterIds[0] : undefined;
  const lists = looks.flatMap((look) => (look.list === undefined ? [] : [look.list]));
  const isAgreed = new Set(lists.map(textOfList)).size === 1;
  const list = clusterId === undefined || !isAgreed ? undefined : lists[0];
  return { clusterId, members: list?.map((member) => modelMember(context, member, looks)) };
}

/** Hosts that have, or are to get, an etcd member. */
export function etcdHosts(context: StepContext): readonly HostName[] {
  const configured = context.config.hosts.filter((host) => runsEtcd(host, context.config));
  // A spare that took somebody's place before has a member whatever its configured role says.
  const listed = (context.plan.start.members ?? context.plan.start.believedMembers ?? []).flatMap((member) => member.host ?? []);
  return [...new Set([...configured.map((host) => host.name), ...listed, ...joiningNodes(context).keys()])];
}

/** The node name that this plan gives to a host it joins. */
function joiningNodes(context: StepContext): ReadonlyMap<HostName, string> {
  return new Map(
    context.plan.steps.flatMap((step) => (step.kind === "kubeadm.joinControlPlane" ? [[step.args.host, step.args.node] as const] : [])),
  );
}

async function lookAtEndpoint(context: StepContext, host: HostName): Promise<EndpointLook> {
  const isAttestedLost =
    context.plan.attestations.some((attestation) => attestation.host === host) && !context.plan.steps.some((step) => step.host === host);
  const nothingKnown: EndpointLook = { host, status: undefined, list: undefined, answersLinearizable: false };
  // A machine that the operator attested to be lost costs a connection timeout each time. It matters whether it came back only before its member is removed.
  if (isAttestedLost && !isRemoval(context)) return nothingKnown;
  const ask = isAttestedLost ? withEtcdOnce : withEtcd;
  try {
    return await ask(context, host, (client) => lookThrough(client, context));
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof RecoveryError)) throw error;
    return nothingKnown;
  }
}

function isRemoval(context: StepContext): boolean {
  return context.plan.steps.some((step) => step.id === context.step && step.kind === "etcd.removeMember");
}

async function lookThrough(client: EtcdClient, context: StepContext): Promise<EndpointLook> {
  const status = await client.status(etcdCall(context));
  // A learner serves no linearizable reads and no member list.
  if (status.isLearner) return { host: client.host, status, list: undefined, answersLinearizable: false };
  await client.probeRead({ linearizable: true }, etcdCall(context));
  const { members } = await client.memberList({ linearizable: true }, etcdCall(context));
  return { host: client.host, status, list: members, answersLinearizable: true };
}

function modelMember(context: StepContext, member: MemberFacts, looks: readonly EndpointLook[]): ModelMember {
  const host = hostOfMember(context, member, looks);
  const look = looks.find((candidate) => candidate.host === host);
  return {
    id: member.id,
    name: member.name,
    peerUrls: member.peerUrls,
    isLearner: member.isLearner,
    isStarted: member.name !== "",
    host,
    // No answer is no knowledge: the endpoint may be unreachable only from here.
    isHealthy:
      look?.status === undefined ? undefined : look.status.memberId === member.id && (look.answersLinearizable || member.isLearner),
  };
}

/** By the member's own answer, else by address and name together; the address alone decides only while it has no name. */
function hostOfMember(context: StepContext, member: MemberFacts, looks: readonly EndpointLook[]): HostName | undefined {
  const answering = looks.find((look) => look.status?.memberId === member.id);
  if (answering !== undefined) return answering.host;
  const planned = context.plan.start.members?.find((candidate) => candidate.id === member.id)?.host;
  if (planned !== undefined) return planned;
  const joining = joiningNodes(context);
  const fits = context.config.hosts.filter((host) => {
    const nameFits = member.name === "" || member.name === host.name || member.name === joining.get(host.name);
    return nameFits && member.peerUrls.some((url) => addressOf(url) === host.address);
  });
  return fits.length === 1 ? fits[0]?.name : undefined;
}

function addressOf(url: string): string {
  return url
    .replace(/^[a-z]+:\/\//, "")
    .replace(/\/.*$/, "")
    .replace(/:[0-9]+$/, "")
    .replace(/^\[(.*)\]$/, "$1");
}

function textOfList(list: readonly MemberFacts[]): string {
  return list
    .map((member) => [member.id, member.name, [...member.peerUrls].sort().join(","), String(member.isLearner)].join(" "))
    .sort()
    .join("\n");
}
