import { modelQuorum, votingMembers, type ModelHost } from "../../model/cluster-model.ts";
import type { HostName } from "../../model/ids.ts";
import { hasQuorum } from "../../model/quorum.ts";
import { valueOf } from "../../model/observation.ts";
import type { PlanningSituation } from "../plan-input.ts";
import { highestRevisionOf } from "../fingerprint.ts";
import { livedOn } from "../loss-proofs.ts";
import { etcdStaysStopped } from "../steps/host-verdicts.ts";
import type { StepDraft } from "../steps/judge-step.ts";
import { memberWords } from "../steps/member-verdicts.ts";
import { noLoss, notNeeded, notPossible, type Candidate } from "./candidate.ts";
import { addressOfPeerUrl, replacementNeed, type DoomedMember, type JoinTarget, type ReplacementNeed } from "./replacement-need.ts";
import { recordRepairs, balancerSteps } from "./record-repairs.ts";
import { apiHostsOf, survivorsOf, type Survivor } from "./survivors.ts";

/** While these stand, etcd is not judged or changed: path, certificates and identity come first (triage order; I-G3, I-G5, I-S21, I-S22). */
const settleFirst: readonly string[] = [
  "P01_CERTIFICATE_EXPIRED",
  "P02_KUBELET_CERTIFICATE_EXPIRED",
  "P04_CERTIFICATE_AUTHORITIES_DIFFER",
  "E06_SPLIT_BRAIN_NEW_CLUSTER",
  "E08_CLUSTER_IDS_DIFFER",
  "K17_API_SHOWS_TWO_CLUSTERS",
  "E17_NOSPACE_ALARM",
  "E18_CORRUPT_ALARM",
  "E19_CORRUPT_WITHOUT_MAJORITY",
  "N08_MEMBER_CUT_OFF_FROM_PEERS",
];

/** The record from before: what the end is compared with. */
const snapshotArtifact = "etcd-before.db";

/**
 * N01, E05, A02, A06, E12: take what is proven lost out of the cluster and put
 * a machine in its place, one membership change at a time. It looks at what is
 * left to do, not at what was done, so it also finishes what was interrupted.
 */
export function planReplaceMember(situation: PlanningSituation): Candidate {
  const { model, inventory } = situation;
  const { members } = model;
  const name = "replace-member";
  if (members === undefined) return notPossible(name, "Without quorum the membership cannot be changed.");
  const state = modelQuorum(model);
  if (state === undefined || !hasQuorum(state))
    return notPossible(name, "Too few voters are proven healthy: the membership cannot be changed.");
  const need = replacementNeed(situation, members);
  if (isNothingNeeded(need)) return nothingNeeded(situation);
  const survivors = survivorsOf(inventory, model);
  const missing = [...need.missing, ...blockers(situation, need, survivors)];
  const [source] = survivors;
  if (source === undefined || missing.length > 0) return notPossible(name, ...missing);
  return {
    kind: "possible",
    name,
    steps: stepsOf(situation, need, survivors, source),
    loss: noLoss,
    because: becauseWords(need),
    reasons: [],
  };
}

function isNothingNeeded(need: ReplacementNeed): boolean {
  return (
    need.doomed.length === 0 &&
    need.targets.length === 0 &&
    need.missing.length === 0 &&
    need.unfinished.length === 0 &&
    need.staleNodes.length === 0 &&
    need.staleLeases.length === 0
  );
}

function nothingNeeded({ goal, model, lossProofs, refusedAttestations }: PlanningSituation): Candidate {
  const members = model.members ?? [];
  const silent = members.filter((member) => member.isHealthy !== true && !lossProofs.some((proof) => proof.memberId === member.id));
  const meant = goal.kind === "replace" ? members.filter((member) => livedOn(member, goal.host)) : silent;
  const [member] = meant;
  if (member === undefined) {
    const who =
      goal.kind === "replace"
        ? `${goal.host} has no member, and no voter is missing.`
        : "No registered member is lost, and no voter is missing.";
    return notNeeded("replace-member", [who, ...refusedAttestations].join(" "));
  }
  if (member.isHealthy === true)
    return notNeeded("replace-member", `Member ${memberWords(member)} works; replacing a working member is not built yet (NOT_BUILT_YET).`);
  const host = member.host ?? member.name;
  // Without a name and a host there is nothing that a word could be about.
  if (host === "")
    return notPossible(
      "replace-member",
      `Nothing proves that member ${memberWords(member)} is lost (I-G2): its machine is not in the configuration, so nobody can look at it.`,
    );
  const other = goal.kind === "replace" && goal.with !== undefined ? goal.with : "HOST";
  return notPossible(
    "replace-member",
    `Nothing proves that member ${memberWords(member)} is lost (I-G2). If it is gone for good, say so: requorum plan replace ${host} --with ${other} --attest-lost ${host}='what was seen'`,
    ...refusedAttestations,
  );
}

function blockers(situation: PlanningSituation, need: ReplacementNeed, survivors: readonly Survivor[]): readonly string[] {
  const { model, inventory } = situation;
  const list: string[] = [...situation.refusedAttestations];
  if (inventory.config.platform !== "kubeadm" || inventory.config.etcdTopology !== "stacked") {
    list.push(
      `Replacing a member of ${inventory.config.platform} with ${inventory.config.etcdTopology} etcd is not built yet (NOT_BUILT_YET).`,
    );
  }
  if (model.nodes === undefined) list.push("No API server tells which Nodes there are.");
  const first = situation.diagnosis.findings.filter((finding) => settleFirst.includes(finding.code));
  list.push(
    ...first.map(
      (finding) =>
        `${finding.code} (${finding.subject}) must be settled before the membership is changed: requorum explain ${finding.code}`,
    ),
  );
  if (survivors.length === 0) list.push("No machine of a healthy voter can be reached by SSH.");
  if (need.targets.length > 0 && !survivors.some((survivor) => survivor.isApiServerReady))
    list.push("No API server is ready to join a machine through.");
  const unseen = model.hosts.filter((host) => host.roles.includes("control-plane") && host.isReachable !== true && !isGone(need, host));
  list.push(
    ...unseen.map(
      (host) =>
        `${host.name} cannot be reached by SSH; every other control-plane machine must be, before anything irreversible is done (I-G10).`,
    ),
  );
  const busy = [...new Set([...need.toClear, ...need.targets.map((target) => target.host)])].filter((host) => host.join === "running");
  list.push(...busy.map((host) => `kubeadm runs on ${host.name}: somebody joins it, or resets it. Plan again when that has ended (I-G7).`));
  const silent = need.remaining.filter((member) => member.isHealthy !== true);
  if (need.targets.length > 0)
    list.push(
      ...silent.map((member) => `Member ${memberWords(member)} does not answer, and kubeadm joins nobody while one is silent (A01).`),
    );
  if (need.targets.length > 0 && kubernetesVersionOf(situation) === undefined)
    list.push("It is not known which version of Kubernetes the cluster runs.");
  return list;
}

function isGone(need: ReplacementNeed, host: ModelHost): boolean {
  return !need.remaining.some((member) => livedOn(member, host.name));
}

function becauseWords(need: ReplacementNeed): string {
  const lost = need.doomed.map(({ member, proof }) => `member ${memberWords(member)} is lost (${proof.kind})`);
  const joins = need.targets.map((target) => `${target.host.name} takes its place`);
  const ends = need.unfinished.map((member) => `the join of ${memberWords(member)} is finished`);
  const stale = need.staleNodes.length + need.staleLeases.length > 0 ? ["stale records are cleared"] : [];
  return `${[...lost, ...joins, ...ends, ...stale].join(", ")}; the others keep quorum all the time.`;
}

function stepsOf(
  situation: PlanningSituation,
  need: ReplacementNeed,
  survivors: readonly Survivor[],
  source: Survivor,
): readonly StepDraft[] {
  const via = survivors.map((survivor) => survivor.host);
  const apiVia = [...via.filter((host) => apiHostsOf(situation.model).includes(host))];
  const voters = votingMembers(need.remaining).length + need.targets.length + need.unfinished.length;
  return [
    saveSnapshot(situation, source),
    ...need.doomed.flatMap((doomed) => stopSteps(situation, doomed, apiVia)),
    ...need.doomed.map((doomed): StepDraft => removeStep(doomed, via)),
    ...need.toClear.map((host): StepDraft => ({ kind: "host.moveStateAside", args: { host: host.name, paths: statePaths(situation) } })),
    ...recordRepairs(situation, need, { via, apiVia }),
    ...need.unfinished.flatMap((member) =>
      finishSteps(member.host, { node: member.name, peerUrl: member.peerUrls[0] ?? "" }, { via, apiVia }),
    ),
    ...need.targets.map((target): StepDraft => checkStep(situation, target, apiVia)),
    ...balancerSteps(situation, need),
    ...need.targets.flatMap((target) => joinSteps(target, { via, apiVia })),
    { kind: "cluster.verify", args: { voters, baselineArtifact: snapshotArtifact } },
  ];
}

interface Ways {
  readonly via: readonly HostName[];
  readonly apiVia: readonly HostName[];
}

function saveSnapshot({ inventory }: PlanningSituation, source: Survivor): StepDraft {
  // The newest that anybody has shown (I-S9): the source may lag by a moment when it was asked, not by the time it is copied.
  const minRevision = highestRevisionOf(inventory);
  return { kind: "etcd.saveSnapshot", args: { host: source.host, memberId: source.id, artifact: snapshotArtifact, minRevision } };
}

/**
 * I-S10. A member that never started has no process; an unreachable one is
 * covered by the attestation, once Kubernetes has noticed its silence, too.
 */
function stopSteps({ model }: PlanningSituation, { id, member, proof }: DoomedMember, apiVia: readonly HostName[]): readonly StepDraft[] {
  const host = model.hosts.find((candidate) => candidate.name === (member.host ?? proof.host));
  const node = model.nodes?.find((candidate) => candidate.name === member.name);
  if (proof.kind === "attested" && node !== undefined && node.isReady !== false) {
    return [{ kind: "kubernetes.awaitNodeNotReady", args: { node: node.name, via: apiVia } }];
  }
  if (host?.isReachable !== true || !member.isStarted) return [];
  const args = { host: host.name, memberId: id };
  const prove: StepDraft = { kind: "etcd.proveStopped", args };
  return etcdStaysStopped(host).kind === "holds" ? [prove] : [{ kind: "etcd.stopMember", args }, prove];
}

function removeStep({ id, member }: DoomedMember, via: readonly HostName[]): StepDraft {
  return { kind: "etcd.removeMember", args: { memberId: id, name: member.name, peerUrls: member.peerUrls, via } };
}

/** Everything that makes kubeadm, the kubelet or etcd believe that the machine belongs to a cluster. */
function statePaths({ inventory }: PlanningSituation): readonly string[] {
  const { paths } = inventory.config;
  const confs = ["admin", "super-admin", "kubelet", "bootstrap-kubelet", "controller-manager", "scheduler"].map(
    (conf) => `/etc/kubernetes/${conf}.conf`,
  );
  return [
    paths.manifestsDir,
    paths.pkiDir,
    ...confs,
    "/var/lib/kubelet/config.yaml",
    "/var/lib/kubelet/kubeadm-flags.env",
    "/var/lib/kubelet/pki",
    paths.etcdDataDir,
  ];
}

function checkStep(situation: PlanningSituation, target: JoinTarget, via: readonly HostName[]): StepDraft {
  return { kind: "host.checkPrepared", args: { host: target.host.name, kubernetesVersion: kubernetesVersionOf(situation) ?? "", via } };
}

function joinSteps(target: JoinTarget, ways: Ways): readonly StepDraft[] {
  const [via] = ways.apiVia;
  if (via === undefined) return [];
  const { host, node, peerUrl } = target;
  return [
    { kind: "kubeadm.joinControlPlane", args: { host: host.name, node, address: addressOfPeerUrl(peerUrl), peerUrl, via } },
    ...finishSteps(host.name, { node, peerUrl }, ways),
  ];
}

function finishSteps(
  host: HostName | undefined,
  member: { readonly node: string; readonly peerUrl: string },
  ways: Ways,
): readonly StepDraft[] {
  if (host === undefined) return [];
  return [
    { kind: "etcd.awaitVoter", args: { host, peerUrl: member.peerUrl, via: ways.via } },
    { kind: "kubernetes.awaitNodeReady", args: { node: member.node, via: ways.apiVia } },
  ];
}

function kubernetesVersionOf({ inventory }: PlanningSituation): string | undefined {
  const configured = valueOf(inventory.kubernetes)?.kubeadmConfig?.kubernetesVersion;
  return configured ?? inventory.hosts.flatMap((host) => valueOf(host.apiServer.version) ?? [])[0];
}
