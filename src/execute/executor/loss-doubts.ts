import { modelHost } from "../../model/cluster-model.ts";
import type { HostName, MemberId } from "../../model/ids.ts";
import type { PlannedStep } from "../../model/plan.ts";
import { silenceDoubts } from "../handlers/etcd-remove-member.ts";
import { lookAtEtcd } from "../observe/look-at-etcd.ts";
import { lookAtHost, type HostLook } from "../observe/look-at-host.ts";
import type { StepContext } from "../step-handler.ts";
import type { BoundStep } from "./bound-step.ts";
import { lookOnce, wordsOf } from "./look.ts";

/**
 * I-G2, I-S10 right before a member is stopped or removed: what its loss
 * rests on is looked at again. Journalled looks do not count; between them and
 * this moment a run may have been down for an hour, and somebody may have put
 * the disk back. Reasons in words; empty: it is lost as it was.
 * Racy: what comes back after this look is not seen.
 */
export async function lossDoubts(
  planned: PlannedStep,
  context: StepContext,
  bound: (step: PlannedStep) => { readonly step: BoundStep; readonly context: StepContext },
): Promise<readonly string[]> {
  const member = memberOf(planned);
  if (member === undefined) return [];
  const doubts: string[] = [];
  for (const look of looksAbout(planned, member, context)) {
    const { step, context: own } = bound(look);
    const { post } = await lookOnce(step, own);
    doubts.push(...wordsOf(post).map((words) => `${look.id} (${look.describes}) does not hold any more: ${words}`));
  }
  // Before the step counts as started: a machine that makes a sign must not use up its attempts.
  const signs = planned.kind === "etcd.removeMember" ? await silenceDoubts(planned.args, context) : [];
  return [...doubts, ...(await observedDoubts(member, context)), ...signs];
}

function memberOf(planned: PlannedStep): MemberId | undefined {
  return planned.kind === "etcd.stopMember" || planned.kind === "etcd.removeMember" ? planned.args.memberId : undefined;
}

/** Steps before this one that only looked whether the member is lost. */
function looksAbout(planned: PlannedStep, member: MemberId, { plan }: StepContext): readonly PlannedStep[] {
  const name = plan.fingerprint.members.find((candidate) => candidate.id === member)?.name;
  const at = plan.steps.findIndex((step) => step.id === planned.id);
  return plan.steps
    .slice(0, at)
    .filter(
      (step) =>
        (step.kind === "etcd.proveStopped" && step.args.memberId === member) ||
        (step.kind === "kubernetes.awaitNodeNotReady" && step.args.node === name),
    );
}

/** What was observed when the plan was made is observed again. */
async function observedDoubts(member: MemberId, context: StepContext): Promise<readonly string[]> {
  const proof = context.plan.lossProofs.find((candidate) => candidate.memberId === member);
  switch (proof?.kind) {
    case undefined:
    case "attested":
      return [];
    case "observed-data-lost":
    case "observed-fresh-machine":
      return proof.host === undefined ? [] : dataDoubts(member, proof.host, await lookAtHost(context, proof.host));
    case "never-started":
    case "unfinished-join": {
      if (proof.host === undefined) return [`not known: whether somebody joins member ${member} just now, its machine is not known`];
      const look = await lookAtHost(context, proof.host);
      const joining = joinDoubts(member, proof.host, look);
      return proof.kind === "never-started"
        ? [...joining, ...startDoubts(member, { host: proof.host, look }, context)]
        : [...joining, ...(await voteDoubts(member, context))];
    }
  }
}

/** Data where the plan saw none: a disk that was put back, or a mount that works again. */
function dataDoubts(member: MemberId, host: HostName, { hasStartableEtcdData, dataDoubt }: HostLook): readonly string[] {
  if (hasStartableEtcdData === false) return [];
  return [
    hasStartableEtcdData === undefined
      ? `not known: whether the etcd data of member ${member} is still gone from ${host}${dataDoubt === undefined ? "" : ` (${dataDoubt})`}`
      : `there is etcd data on ${host} again, so member ${member} may not be lost; plan again`,
  ];
}

/** Somebody joins the machine while the run is busy elsewhere: its member is on its way in. */
function joinDoubts(member: MemberId, host: HostName, look: HostLook): readonly string[] {
  if (look.join === "running") return [`kubeadm runs on ${host}, so member ${member} may be on its way in; plan again when it has ended`];
  // Without the list of processes nobody has seen that kubeadm does not run.
  return look.isReachable === true && look.etcdProcess !== undefined
    ? []
    : [`not known: whether somebody joins member ${member} on ${host} just now`];
}

/** A member that never started leaves no trace on its machine; a new one is a start that has begun. */
function startDoubts(
  member: MemberId,
  { host, look }: { readonly host: HostName; readonly look: HostLook },
  { plan }: StepContext,
): readonly string[] {
  if (look.etcdProcess === undefined) return [];
  const before = modelHost(plan.start, host);
  const traces = [
    ...(look.etcdProcess === "stopped" ? [] : [`etcd is ${look.etcdProcess}`]),
    ...(isNew(look.hasEtcdManifest, before?.hasEtcdManifest) ? ["etcd's manifest is, or may be, there"] : []),
    ...(isNew(look.hasEtcdData, before?.hasEtcdData) ? ["there is, or may be, etcd data"] : []),
  ];
  return traces.map((trace) => `${trace} on ${host} by now, so member ${member} may be starting; plan again`);
}

/** There now and not seen before; or not to be seen any more where it was seen to be absent. */
function isNew(now: boolean | undefined, before: boolean | undefined): boolean {
  return now === true ? before !== true : now === undefined && before === false;
}

/** The learner of a join that somebody finished meanwhile has a vote. */
async function voteDoubts(member: MemberId, context: StepContext): Promise<readonly string[]> {
  const { members } = await lookAtEtcd(context);
  if (members === undefined) return [`not known: whether member ${member} is still a learner`];
  return members.some((candidate) => candidate.id === member && !candidate.isLearner)
    ? [`member ${member} was a learner and votes by now: its join was finished; plan again`]
    : [];
}
