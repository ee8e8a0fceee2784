import type { MemberId } from "../../model/ids.ts";
import type { PlannedStep } from "../../model/plan.ts";
import { silenceDoubts } from "../handlers/etcd-remove-member.ts";
import { lookAtHost } from "../observe/look-at-host.ts";
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
  return [...doubts, ...(await dataDoubts(member, context)), ...signs];
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

/** Data where the plan saw none: a disk that was put back, or a mount that works again. */
async function dataDoubts(member: MemberId, context: StepContext): Promise<readonly string[]> {
  const proof = context.plan.lossProofs.find((candidate) => candidate.memberId === member);
  if (proof?.host === undefined || (proof.kind !== "observed-data-lost" && proof.kind !== "observed-fresh-machine")) return [];
  const { hasStartableEtcdData } = await lookAtHost(context, proof.host);
  if (hasStartableEtcdData === false) return [];
  return [
    hasStartableEtcdData === undefined
      ? `not known: whether the etcd data of member ${member} is still gone from ${proof.host}`
      : `there is etcd data on ${proof.host} again, so member ${member} may not be lost; plan again`,
  ];
}
