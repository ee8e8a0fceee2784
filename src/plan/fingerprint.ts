import type { ClusterModel } from "../model/cluster-model.ts";
import { clusterModelOf } from "../model/cluster-model-of.ts";
import type { HostName } from "../model/ids.ts";
import type { HostFacts, Inventory } from "../model/inventory.ts";
import { valueOf } from "../model/observation.ts";
import type { Fingerprint, RecoveryPlan } from "../model/plan.ts";

/** What a plan assumes about the cluster (I-G8). */
export function fingerprintOf(inventory: Inventory, model: ClusterModel): Fingerprint {
  const members = model.members ?? model.believedMembers ?? [];
  return {
    clusterId: model.clusterId,
    members: members.flatMap((member) =>
      member.id === undefined ? [] : [{ id: member.id, name: member.name, peerUrls: member.peerUrls, isLearner: member.isLearner }],
    ),
    revisionAtLeast: highestRevisionOf(inventory),
    hosts: inventory.config.hosts.map(({ name }) =>
      hostPrint(
        name,
        inventory.hosts.find((host) => host.name === name),
      ),
    ),
  };
}

/**
 * Why the plan no longer fits the cluster, one sentence each; empty: it fits.
 * What was known and is not known now counts as changed, and the other way
 * round: a machine that came back makes its replacement wrong.
 */
export function fingerprintProblems(plan: RecoveryPlan, inventory: Inventory): string[] {
  const then = plan.fingerprint;
  const now = fingerprintOf(inventory, clusterModelOf(inventory));
  const problems: string[] = [];
  if (plan.cluster !== inventory.config.cluster)
    problems.push(`The plan is for cluster ${plan.cluster}, the configuration for ${inventory.config.cluster}.`);
  if (then.clusterId !== now.clusterId)
    problems.push(`The cluster id was ${then.clusterId ?? "not known"}, now it is ${now.clusterId ?? "not known"}.`);
  problems.push(...memberProblems(then, now));
  if (now.revisionAtLeast < then.revisionAtLeast) {
    problems.push(`The revision went back from ${String(then.revisionAtLeast)} to ${String(now.revisionAtLeast)}.`);
  }
  for (const host of then.hosts) {
    const other = now.hosts.find((candidate) => candidate.name === host.name);
    if (other === undefined) problems.push(`Host ${host.name} is no longer configured.`);
    else problems.push(...hostProblems(host, other));
  }
  return problems;
}

function memberProblems(then: Fingerprint, now: Fingerprint): readonly string[] {
  const textOf = (member: Fingerprint["members"][number]): string =>
    `${member.id} (${member.name === "" ? "never started" : member.name}) at ${[...member.peerUrls].sort().join(", ")}${member.isLearner ? ", learner" : ""}`;
  const before = then.members.map(textOf);
  const after = now.members.map(textOf);
  return [
    ...before.filter((text) => !after.includes(text)).map((text) => `Member ${text} is no longer in the list like that.`),
    ...after.filter((text) => !before.includes(text)).map((text) => `Member ${text} was not in the list when the plan was made.`),
  ];
}

type HostPrint = Fingerprint["hosts"][number];

function hostProblems(then: HostPrint, now: HostPrint): readonly string[] {
  const changed = (what: string, before: string | boolean | undefined, after: string | boolean | undefined): readonly string[] =>
    before === after ? [] : [`${what} of host ${then.name} was ${words(before)}, now it is ${words(after)}.`];
  return [
    ...changed("The machine id", then.machineId, now.machineId),
    ...changed("The digest of etcd's manifest", then.etcdManifestSha256, now.etcdManifestSha256),
    ...changed("The presence of etcd data", then.hasEtcdData, now.hasEtcdData),
  ];
}

function words(value: string | boolean | undefined): string {
  return value === undefined ? "not known" : String(value);
}

function hostPrint(name: HostName, facts: HostFacts | undefined): HostPrint {
  if (facts === undefined) return { name, machineId: undefined, etcdManifestSha256: undefined, hasEtcdData: undefined };
  const dataDir = valueOf(facts.etcdDataDir);
  return {
    name,
    machineId: valueOf(facts.machine)?.machineId,
    // Named by kubeadm; a second manifest that runs etcd is a finding of its own (H09).
    etcdManifestSha256: valueOf(facts.manifests)?.find((manifest) => manifest.fileName === "etcd.yaml")?.sha256,
    hasEtcdData: dataDir === undefined ? undefined : dataDir.exists && !dataDir.isEmpty,
  };
}

/** The newest revision that any member showed; 0 when none did. */
export function highestRevisionOf(inventory: Inventory): bigint {
  const revisions = inventory.hosts.map((host) => valueOf(host.etcd.status)?.revision ?? 0n);
  return revisions.reduce((highest, revision) => (revision > highest ? revision : highest), 0n);
}
