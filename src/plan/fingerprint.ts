import type { ClusterModel } from "../model/cluster-model.ts";
import { clusterIdsOf, clusterModelOf } from "../model/cluster-model-of.ts";
import { etcdDataOn } from "../model/etcd-data.ts";
import type { HostName, MemberId, StepId } from "../model/ids.ts";
import type { HostFacts, Inventory } from "../model/inventory.ts";
import { valueOf } from "../model/observation.ts";
import type { Fingerprint, RecoveryPlan } from "../model/plan.ts";
import { signsOfLife } from "./loss-proofs.ts";

/** What a plan assumes about the cluster (I-G8). */
export function fingerprintOf(inventory: Inventory, model: ClusterModel): Fingerprint {
  const members = model.members ?? model.believedMembers ?? [];
  return {
    clusterId: model.clusterId,
    members: members.flatMap((member) =>
      member.id === undefined ? [] : [{ id: member.id, name: member.name, peerUrls: member.peerUrls, isLearner: member.isLearner }],
    ),
    revisionAtLeast: highestRevisionOf(inventory),
    hosts: inventory.config.hosts.map(({ name }) => hostPrint(name, inventory.hosts)),
  };
}

/**
 * Why the plan no longer fits the cluster, one sentence each; empty: it fits.
 * What was known and is not known now counts as changed, and the other way
 * round: a machine that came back makes its replacement wrong.
 * With `begun`, the steps that a run of it has ever started, what those may
 * have changed is left out, and so are gaps: the steps that are left look anew
 * at what they need. A member whose removal was begun needs no proof any more.
 */
export function fingerprintProblems(plan: RecoveryPlan, inventory: Inventory, begun?: ReadonlySet<StepId>): string[] {
  const then = plan.fingerprint;
  const model = clusterModelOf(inventory);
  const now = fingerprintOf(inventory, model);
  const own = begun === undefined ? undefined : ownEffects(plan, begun);
  const problems: string[] = [];
  if (plan.cluster !== inventory.config.cluster)
    problems.push(`The plan is for cluster ${plan.cluster}, the configuration for ${inventory.config.cluster}.`);
  if (then.clusterId !== now.clusterId && (own === undefined || clusterIdsOf(inventory).length > 0))
    problems.push(`The cluster id was ${then.clusterId ?? "not known"}, now it is ${now.clusterId ?? "not known"}.`);
  if (own === undefined) problems.push(...memberProblems(then, now));
  else if (model.members !== undefined) problems.push(...memberProblems(then, now, own));
  if (now.revisionAtLeast < then.revisionAtLeast && (own === undefined || now.revisionAtLeast > 0n)) {
    problems.push(`The revision went back from ${String(then.revisionAtLeast)} to ${String(now.revisionAtLeast)}.`);
  }
  for (const host of then.hosts) {
    const other = now.hosts.find((candidate) => candidate.name === host.name);
    if (other === undefined) problems.push(`Host ${host.name} is no longer configured.`);
    else problems.push(...hostProblems(host, other, own));
  }
  return [...problems, ...proofProblems(plan, inventory, model, own)];
}

/** What a run may have changed by itself. */
interface OwnEffects {
  readonly removed: ReadonlySet<MemberId>;
  /** Peer URLs of members that it announced or promoted. */
  readonly joined: ReadonlySet<string>;
  readonly worked: ReadonlySet<HostName>;
}

function ownEffects(plan: RecoveryPlan, begun: ReadonlySet<StepId>): OwnEffects {
  const steps = plan.steps.filter((step) => begun.has(step.id));
  return {
    removed: new Set(steps.flatMap((step) => (step.kind === "etcd.removeMember" ? [step.args.memberId] : []))),
    joined: new Set(
      steps.flatMap((step) => (step.kind === "kubeadm.joinControlPlane" || step.kind === "etcd.awaitVoter" ? [step.args.peerUrl] : [])),
    ),
    worked: new Set(steps.flatMap((step) => (step.risk === "read-only" || step.host === undefined ? [] : [step.host]))),
  };
}

function memberProblems(then: Fingerprint, now: Fingerprint, own?: OwnEffects): readonly string[] {
  const textOf = (member: Fingerprint["members"][number]): string =>
    `${member.id} (${member.name === "" ? "never started" : member.name}) at ${[...member.peerUrls].sort().join(", ")}${member.isLearner ? ", learner" : ""}`;
  const isOwn = (member: Fingerprint["members"][number]): boolean =>
    own !== undefined && (own.removed.has(member.id) || member.peerUrls.some((url) => own.joined.has(url)));
  const before = then.members.map(textOf);
  const after = now.members.map(textOf);
  return [
    ...then.members
      .filter((member) => !after.includes(textOf(member)) && !isOwn(member))
      .map((member) => `Member ${textOf(member)} is no longer in the list like that.`),
    ...now.members
      .filter((member) => !before.includes(textOf(member)) && !isOwn(member))
      .map((member) => `Member ${textOf(member)} was not in the list when the plan was made.`),
  ];
}

/**
 * I-G2: a member that answers again, or a machine said to be lost that shows a
 * sign of life, is not lost. The rest of the fingerprint can be as it was.
 */
function proofProblems(plan: RecoveryPlan, inventory: Inventory, model: ClusterModel, own: OwnEffects | undefined): readonly string[] {
  const members = model.members ?? model.believedMembers ?? [];
  return plan.lossProofs.flatMap((proof) => {
    if (own?.removed.has(proof.memberId) === true || !members.some((member) => member.id === proof.memberId)) return [];
    const answers = members.some((member) => member.id === proof.memberId && !member.isLearner && member.isHealthy === true);
    const signs = proof.kind === "attested" && proof.host !== undefined ? signsOfLife(inventory, proof.host) : [];
    return [
      ...(answers ? [`Member ${proof.memberId} was lost (${proof.kind}) when the plan was made, now it answers.`] : []),
      ...signs.map((sign) => `Member ${proof.memberId} was said to be lost, but ${sign}.`),
    ];
  });
}

type HostPrint = Fingerprint["hosts"][number];

function hostProblems(then: HostPrint, now: HostPrint, own?: OwnEffects): readonly string[] {
  const changed = (what: string, before: string | boolean | undefined, after: string | boolean | undefined): readonly string[] => {
    const isGap = own !== undefined && (before === undefined || after === undefined);
    return before === after || isGap ? [] : [`${what} of host ${then.name} was ${words(before)}, now it is ${words(after)}.`];
  };
  const machine = changed("The machine id", then.machineId, now.machineId);
  if (own?.worked.has(then.name) === true) return machine;
  return [
    ...machine,
    ...changed("The digest of etcd's manifest", then.etcdManifestSha256, now.etcdManifestSha256),
    ...changed("The presence of etcd data", then.hasEtcdData, now.hasEtcdData),
  ];
}

function words(value: string | boolean | undefined): string {
  return value === undefined ? "not known" : String(value);
}

function hostPrint(name: HostName, hosts: readonly HostFacts[]): HostPrint {
  const facts = hosts.find((host) => host.name === name);
  if (facts === undefined) return { name, machineId: undefined, etcdManifestSha256: undefined, hasEtcdData: undefined };
  return {
    name,
    machineId: valueOf(facts.machine)?.machineId,
    // Named by kubeadm; a second manifest that runs etcd is a finding of its own (H09).
    etcdManifestSha256: valueOf(facts.manifests)?.find((manifest) => manifest.fileName === "etcd.yaml")?.sha256,
    hasEtcdData: etcdDataOn(facts, hosts).hasAny,
  };
}

/** The newest revision that any member showed; 0 when none did. */
export function highestRevisionOf(inventory: Inventory): bigint {
  const revisions = inventory.hosts.map((host) => valueOf(host.etcd.status)?.revision ?? 0n);
  return revisions.reduce((highest, revision) => (revision > highest ? revision : highest), 0n);
}
