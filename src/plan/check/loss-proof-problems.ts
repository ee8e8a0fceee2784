import type { ModelHost } from "../../model/cluster-model.ts";
import type { LossProof, PlannedStep, RecoveryPlan } from "../../model/plan.ts";

/** I-G2, I-S6: what is wrong with the proof that the removed member is lost; empty: it is good. */
export function lossProofProblems(plan: RecoveryPlan, step: PlannedStep<"etcd.removeMember">): readonly string[] {
  const { memberId } = step.args;
  const member = plan.start.members?.find((candidate) => candidate.id === memberId);
  if (member === undefined) return [`member ${memberId} is not in the list that the plan starts from`];
  const proof = plan.lossProofs.find((candidate) => candidate.memberId === memberId);
  if (proof === undefined) return [`nothing proves that member ${memberId} is lost`];
  if (proof.evidence.length === 0) return [`the proof that member ${memberId} is lost has no evidence`];
  if (member.host !== undefined && proof.host !== member.host)
    return [`the proof is about ${proof.host ?? "no host"}, the member lives on ${member.host}`];
  const host = plan.start.hosts.find((candidate) => candidate.name === proof.host);
  switch (proof.kind) {
    case "attested":
      return attestedProblems(plan, proof, { host, isHealthy: member.isHealthy });
    case "observed-fresh-machine":
    case "observed-data-lost":
      if (member.isHealthy === true) return [`member ${memberId} answers`];
      if (host?.isReachable !== true)
        return [`the loss of member ${memberId} is said to be observed on a machine that could not be reached`];
      return dataProblems(plan, host);
    case "never-started":
      return [
        ...(member.isStarted ? [`member ${memberId} has started`] : []),
        ...(host?.isReachable === true && host.etcdProcess === "stopped"
          ? []
          : [`nobody saw the machine of member ${memberId} without a running etcd`]),
        ...(host?.join === "none" ? [] : [`a join of member ${memberId} may be under way`]),
      ];
    case "unfinished-join":
      return [
        ...(member.isLearner && host?.isReachable === true ? [] : [`member ${memberId} is no learner on a machine that can be reached`]),
        ...(host?.join === "running" ? [`kubeadm runs on ${host.name}`] : []),
      ];
  }
}

/** Data that cannot be read, or a filesystem with errors, only looks like data that is gone. */
function dataProblems(plan: RecoveryPlan, host: ModelHost): readonly string[] {
  const trouble = plan.findings.filter(({ code, subject }) => /^N0[34]_/.test(code) && subject === `host ${host.name}`);
  return [
    ...(host.etcdProcess === "stopped" ? [] : [`etcd was not seen stopped on ${host.name}`]),
    ...(host.hasStartableEtcdData === false ? [] : [`the data dir of ${host.name} was not seen without data`]),
    ...trouble.map(({ code }) => `${code} stands on ${host.name}: what its data dir shows may not be what it has`),
  ];
}

function attestedProblems(
  plan: RecoveryPlan,
  proof: LossProof,
  seen: { readonly host: ModelHost | undefined; readonly isHealthy: boolean | undefined },
): readonly string[] {
  const word = plan.attestations.find((attestation) => attestation.host === proof.host);
  if (word === undefined) return [`nobody has said that ${proof.host ?? "the machine"} is lost`];
  if (word.statement.trim() === "" || word.by.trim() === "") return [`the word that ${word.host} is lost is not signed or says nothing`];
  if (seen.isHealthy === true) return [`the member on ${word.host} answers, whatever was said`];
  if (seen.host?.isReachable === true) return [`${word.host} can be reached, whatever was said`];
  return [];
}
