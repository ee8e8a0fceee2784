/** I-X1, I-X3, I-X4: where a plan may stop. */
import { momentsOf, objection, type CheckedPlan, type PlanCheck, type PlanObjection } from "./plan-objection.ts";
import { countVotes, startState } from "./replay.ts";

export const endsInProof: PlanCheck = {
  invariant: "I-X1",
  check: (checked) => {
    const { plan, moments } = checked;
    const last = moments.at(-1);
    if (last === undefined) return [];
    // Files that are put back prove themselves: each is looked at again. That a plan of such a step has no other is I-G4's.
    if (last.step.kind === "host.restoreFiles" && plan.steps.length === 1) return [];
    const changes = plan.steps.some(
      (step) => step.risk === "destructive" || step.kind === "kubeadm.joinControlPlane" || step.kind === "etcd.removeMember",
    );
    const objections: PlanObjection[] = [];
    if (last.step.kind !== "cluster.verify") {
      const isWhole = last.after.members.every((member) => member.healthy);
      if (changes || isWhole) objections.push(objection("I-X1", "the plan does not end by proving the result", last.step));
      return objections;
    }
    const count = countVotes(last.after.members);
    if (last.step.args.voters !== count.voters)
      objections.push(
        objection(
          "I-X1",
          `the proof asks for ${String(last.step.args.voters)} voters, the plan leads to ${String(count.voters)}`,
          last.step,
        ),
      );
    const unfinished = last.after.members.filter((member) => !member.votes || !member.started || !member.healthy);
    objections.push(
      ...unfinished.map((member) =>
        objection("I-X1", `member ${member.name === "" ? (member.id ?? "?") : member.name} is no healthy voter at the end`, last.step),
      ),
    );
    const before = countVotes(startState(plan.start).members);
    if (count.voters % 2 === 0 && before.voters % 2 === 1)
      objections.push(objection("I-X1", `the plan makes an odd number of voters even (${String(count.voters)})`, last.step));
    return changes ? [...objections, ...baselineProblems(checked)] : objections;
  },
};

function baselineProblems(checked: CheckedPlan): readonly PlanObjection[] {
  return momentsOf(checked, "cluster.verify").flatMap(({ step, before }) =>
    before.copies.some((copy) => copy.artifact === step.args.baselineArtifact)
      ? []
      : [objection("I-X1", "the result is not compared with the record from before", step)],
  );
}

/** Old data must not start again at the next reboot. */
export const oldLivesAreCleared: PlanCheck = {
  invariant: "I-X3",
  check: (checked) => {
    const cleared = checked.moments.at(-1)?.after.cleared ?? [];
    return momentsOf(checked, "etcd.removeMember").flatMap(({ step, before }) => {
      const member = before.members.find((candidate) => candidate.id === step.args.memberId);
      const proof = checked.plan.lossProofs.find((candidate) => candidate.memberId === step.args.memberId);
      const host = checked.plan.start.hosts.find((candidate) => candidate.name === (member?.host ?? proof?.host));
      const carries = host?.isReachable === true && (host.hasEtcdData === true || host.hasKubernetesState === true);
      return carries && !cleared.includes(host.name)
        ? [objection("I-X3", `what is left of member ${step.args.memberId} on ${host.name} would start again at the next reboot`, step)]
        : [];
    });
  },
};

export const toleranceIsStated: PlanCheck = {
  invariant: "I-X4",
  check: ({ moments }) => {
    const last = moments.at(-1);
    return last === undefined || !last.after.isListProven || last.step.quorumAfter !== undefined
      ? []
      : [objection("I-X4", "the plan does not say how many failures are survivable at its end", last.step)];
  },
};
