import type { ClusterModel, ModelHost, ModelMember } from "../model/cluster-model.ts";
import { modelHost } from "../model/cluster-model.ts";
import type { Diagnosis, Finding } from "../model/finding.ts";
import type { HostName } from "../model/ids.ts";
import type { Inventory } from "../model/inventory.ts";
import { valueOf } from "../model/observation.ts";
import type { Attestation, LossProof } from "../model/plan.ts";

export interface LossJudgement {
  readonly proofs: readonly LossProof[];
  /** Why an attestation was not taken, in words. */
  readonly refused: readonly string[];
}

/**
 * Which registered members are proven lost (I-G2). What was observed comes
 * from findings and is held against the model again; the operator's word is
 * taken only where nothing shows a sign of life.
 */
export function lossProofsOf(input: {
  readonly inventory: Inventory;
  readonly diagnosis: Diagnosis;
  readonly model: ClusterModel;
  readonly attestations: readonly Attestation[];
}): LossJudgement {
  const members = (input.model.members ?? input.model.believedMembers ?? []).filter(
    (member) => member.isHealthy !== true || member.isLearner,
  );
  const observed = members.flatMap((member) => observedProof(input.diagnosis, input.model, member) ?? []);
  const refused: string[] = [];
  const attested = input.attestations.flatMap((attestation) => {
    const signs = signsOfLife(input.inventory, attestation.host);
    if (signs.length > 0) {
      refused.push(`The word that ${attestation.host} is lost is not taken: ${signs.join("; ")}.`);
      return [];
    }
    return members
      .filter((member) => livedOn(member, attestation.host) && !observed.some((proof) => proof.memberId === member.id))
      .flatMap((member) => attestedProof(member, attestation) ?? []);
  });
  return { proofs: [...observed, ...attested], refused };
}

/** The member of that host, or one of its name whose address belongs to no host any more. */
export function livedOn(member: ModelMember, host: HostName): boolean {
  return member.host === host || (member.host === undefined && member.name === (host as string));
}

/** Whatever answered from that machine, to whoever asked. A refused connection is an answer: somebody sent it. */
export function signsOfLife(inventory: Inventory, host: HostName): readonly string[] {
  const facts = inventory.hosts.find((candidate) => candidate.name === host);
  const signs = inventory.reach
    .filter((reach) => reach.to === host && (reach.outcome === "open" || reach.outcome === "refused"))
    .map((reach) => `${reach.from === "operator" ? "this machine" : reach.from} reaches its ${reach.port} port`);
  if (facts?.ssh.kind === "known") signs.push(`${host} answers SSH`);
  if (facts?.sshErrorCode === "SSH_AUTH_FAILED" || facts?.sshErrorCode === "SSH_HOST_KEY_CHANGED")
    signs.push(`something answers SSH at ${host} (${facts.sshErrorCode})`);
  if (facts?.etcd.status.kind === "known") signs.push(`etcd answers on ${host}`);
  if (facts !== undefined && valueOf(facts.apiServer.livez) !== undefined) signs.push(`an API server answers on ${host}`);
  return [...new Set(signs)];
}

function observedProof(diagnosis: Diagnosis, model: ClusterModel, member: ModelMember): LossProof | undefined {
  const { id } = member;
  if (id === undefined) return undefined;
  for (const finding of diagnosis.findings) {
    if (finding.memberId !== id) continue;
    const kind = provenKind(finding, model, member);
    if (kind !== undefined) {
      return {
        memberId: id,
        host: member.host,
        kind,
        evidence: finding.evidence.map((item) => `${item.what} (${item.source}, ${item.observedAt})`),
      };
    }
  }
  return undefined;
}

/** The finding's word, where the model does not speak against it. */
function provenKind(finding: Finding, model: ClusterModel, member: ModelMember): Exclude<LossProof["kind"], "attested"> | undefined {
  const host = member.host === undefined ? undefined : modelHost(model, member.host);
  switch (finding.lossProof) {
    case "observed-fresh-machine":
    case "observed-data-lost":
      if (member.isHealthy === true || host?.isReachable !== true || host.etcdProcess !== "stopped") return undefined;
      return host.hasStartableEtcdData === false ? finding.lossProof : undefined;
    case "never-started":
      return !member.isStarted && isNobodyJoining(host) ? "never-started" : undefined;
    case undefined:
      return isUnfinishedJoin(finding, model, member) ? "unfinished-join" : undefined;
  }
}

/** A06 with a learner that did start: without a Node of its own nobody will finish this join. */
function isUnfinishedJoin(finding: Finding, model: ClusterModel, member: ModelMember): boolean {
  if (!finding.code.startsWith("A06_") && !finding.code.startsWith("E14_")) return false;
  const host = member.host === undefined ? undefined : modelHost(model, member.host);
  const hasNode = model.nodes === undefined || model.nodes.some((node) => node.name === member.name);
  return member.isLearner && member.isStarted && host?.isReachable === true && !hasNode && (host.join === "none" || host.join === "recent");
}

/** Seen with our own eyes: no etcd, and no join that could still start it. */
function isNobodyJoining(host: ModelHost | undefined): boolean {
  return host?.isReachable === true && host.etcdProcess === "stopped" && host.join === "none";
}

function attestedProof(member: ModelMember, attestation: Attestation): LossProof | undefined {
  if (member.id === undefined || member.isHealthy === true) return undefined;
  const evidence = [`${attestation.by} at ${attestation.at}: ${attestation.statement}`];
  return { memberId: member.id, host: attestation.host, kind: "attested", evidence };
}
