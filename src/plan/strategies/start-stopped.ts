import { votingMembers, type ModelHost, type ModelMember, type ServiceUnit } from "../../model/cluster-model.ts";
import type { HostName } from "../../model/ids.ts";
import { quorumSize } from "../../model/quorum.ts";
import { valueOf } from "../../model/observation.ts";
import type { PlanningSituation } from "../plan-input.ts";
import { preOf, type StepDraft } from "../steps/judge-step.ts";
import { noLoss, notNeeded, notPossible, type Candidate } from "./candidate.ts";
import { isEtcdAUnit } from "./etcd-unit.ts";
import { apiHostsOf } from "./survivors.ts";

/** containerd before the kubelet that needs it. */
const unitsInOrder: readonly ServiceUnit[] = ["containerd", "kubelet", "etcd", "haproxy", "keepalived"];

/** E02: start what is stopped and whose data is there; continue what is frozen. Zero loss, with or without quorum. */
export function planStartStopped(situation: PlanningSituation): Candidate {
  const wanted = situation.model.hosts.flatMap((host) => startsOf(situation, host));
  if (wanted.length === 0) return notNeeded("start-stopped", "Nothing that could be started is stopped.");
  const refused = wanted.flatMap((step) => {
    const verdict = preOf(step, situation.model);
    return verdict.kind === "holds" ? [] : verdict.kind === "fails" ? verdict.because : verdict.missing.map((what) => `not known: ${what}`);
  });
  const starts = wanted.filter((step) => preOf(step, situation.model).kind === "holds");
  if (starts.length === 0) return notPossible("start-stopped", ...refused);
  const shortage = quorumShortage(situation, starts);
  if (shortage !== undefined) return notPossible("start-stopped", shortage);
  return {
    kind: "possible",
    name: "start-stopped",
    steps: [...starts, ...waits(situation, starts)],
    loss: { ...noLoss, words: "Nothing is lost: the data is on the machines, only processes are stopped." },
    because: `${starts.map(startWords).join(", ")}; the data is there.${refused.length === 0 ? "" : ` Not touched: ${refused.join("; ")}.`}`,
    reasons: [],
  };
}

type Start = StepDraft<"service.start"> | StepDraft<"process.continue">;

function startWords(step: Start): string {
  return step.kind === "service.start"
    ? `${step.args.unit} is stopped on ${step.args.host}`
    : `${step.args.process} is frozen on ${step.args.host}`;
}

function startsOf(situation: PlanningSituation, host: ModelHost): readonly Start[] {
  if (host.isReachable !== true) return [];
  const services = unitsInOrder
    .filter((unit) => host.services?.[unit] === "stopped" && isMeantToRun(situation, host, unit))
    .map((unit): Start => ({ kind: "service.start", args: { host: host.name, unit } }));
  const frozen: readonly Start[] =
    host.etcdProcess === "frozen" ? [{ kind: "process.continue", args: { host: host.name, process: "etcd" } }] : [];
  return [...services, ...frozen];
}

/** A machine without Kubernetes state waits for its join; a balancer that is switched off was switched off by somebody. */
function isMeantToRun(situation: PlanningSituation, host: ModelHost, unit: ServiceUnit): boolean {
  if (unit === "kubelet" || unit === "containerd")
    return (
      host.hasKubernetesState === true &&
      !isLost(situation, host.name) &&
      isPartOfCluster(situation, host) &&
      !lacksItsEtcd(situation, host)
    );
  // Beside etcds that are static pods it is a package's leftover, and its flags and its data dir are its own.
  if (unit === "etcd")
    return (
      isEtcdAUnit(situation.inventory, situation.model, host) &&
      host.etcdProcess === "stopped" &&
      isEnabled(situation, host, unit) &&
      !isLost(situation, host.name)
    );
  // A spare has everything installed and nothing configured, also when it took a lost machine's place: its balancer is nobody's.
  if (!host.roles.some((role) => role === "load-balancer" || role === "control-plane")) return false;
  return isEnabled(situation, host, unit);
}

function isEnabled({ inventory }: PlanningSituation, host: ModelHost, unit: ServiceUnit): boolean {
  const facts = inventory.hosts.find((candidate) => candidate.name === host.name);
  const service = facts === undefined ? undefined : valueOf(facts.services)?.find((candidate) => candidate.unit === unit);
  return service !== undefined && (service.isEnabled || service.activeState === "failed");
}

function isLost(situation: PlanningSituation, host: HostName): boolean {
  return situation.lossProofs.some((proof) => proof.host === host);
}

/** A removed member's machine is not brought back by its kubelet (E04): that is a replacement. Nor is one whose member never started: that is a join. */
function isPartOfCluster({ model }: PlanningSituation, host: ModelHost): boolean {
  if (host.roles.includes("worker")) return true;
  const members = model.members ?? model.believedMembers;
  return members === undefined || members.some((member) => member.host === host.name && member.isStarted);
}

/** Somebody moved the manifest of its voter out, as a restore by hand begins: its kubelet alone brings no etcd back, and may be stopped on purpose. */
function lacksItsEtcd({ model, inventory }: PlanningSituation, host: ModelHost): boolean {
  if (inventory.config.etcdTopology !== "stacked" || host.hasEtcdManifest !== false || isEtcdAUnit(inventory, model, host)) return false;
  return (model.members ?? model.believedMembers ?? []).some((member) => member.host === host.name);
}

/** Without quorum, starting makes sense when a majority is then up; otherwise say what is missing. */
function quorumShortage(situation: PlanningSituation, starts: readonly Start[]): string | undefined {
  const { model } = situation;
  if (model.members !== undefined) return undefined;
  if (model.believedMembers === undefined)
    return "No member list is known, not even an old one: it cannot be told whether a majority would be up.";
  const voters = votingMembers(model.believedMembers);
  const up = voters.filter((voter) => voter.isHealthy === true || runsEtcdAfter(situation, starts, voter));
  const needed = quorumSize(voters.length);
  return up.length >= needed
    ? undefined
    : `After starting what can be started, ${String(up.length)} of ${String(voters.length)} voters would be up; ${String(needed)} are needed.`;
}

function waits(situation: PlanningSituation, starts: readonly Start[]): readonly StepDraft[] {
  const { model } = situation;
  const startedHosts = new Set(starts.map((step) => step.args.host));
  const members = model.members ?? model.believedMembers ?? [];
  const back = members.filter(
    (member) => member.host !== undefined && startedHosts.has(member.host) && runsEtcdAfter(situation, starts, member),
  );
  const via = [...new Set([...apiHostsOf(model), ...back.flatMap((member) => member.host ?? [])])];
  const voters = back.flatMap((member): readonly StepDraft[] =>
    member.host === undefined || member.peerUrls[0] === undefined
      ? []
      : [{ kind: "etcd.awaitVoter", args: { host: member.host, peerUrl: member.peerUrls[0], via } }],
  );
  const nodes = (model.nodes ?? [])
    .filter((node) => node.isReady !== true && [...startedHosts].some((host) => (host as string) === node.name))
    .map((node): StepDraft => ({ kind: "kubernetes.awaitNodeReady", args: { node: node.name, via } }));
  const everybodyBack = members.every((member) => member.isHealthy === true || back.includes(member));
  const verify: readonly StepDraft[] = everybodyBack
    ? [{ kind: "cluster.verify", args: { voters: votingMembers(members).length, baselineArtifact: "" } }]
    : [];
  return [...voters, ...nodes, ...verify];
}

/** Nothing starts etcd with the kubelet of a machine whose manifest was moved out. */
function runsEtcdAfter({ model }: PlanningSituation, starts: readonly Start[], member: ModelMember): boolean {
  const hasManifest = model.hosts.find(({ name }) => name === member.host)?.hasEtcdManifest !== false;
  return starts.some(
    (step) =>
      step.args.host === member.host &&
      (step.kind === "process.continue" ||
        step.args.unit === "etcd" ||
        (hasManifest && (step.args.unit === "kubelet" || step.args.unit === "containerd"))),
  );
}
