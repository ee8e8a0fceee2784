import { votingMembers, withMembers, type ModelMember } from "../../model/cluster-model.ts";
import type { StepArgs, StepSpec } from "../../model/step.ts";
import { allOf, fails, holds, type Verdict } from "../../model/verdict.ts";
import { memberWords, quorumHolds, quorumNow, samePeerUrls, voterVia, withMemberList } from "./member-verdicts.ts";

/**
 * I-S2, I-S6, H01. Needs: members with isHealthy and host, from a
 * linearizable list. Racy: a voter may fail between the look and the removal;
 * `post` is looked at again and the next step's `pre` counts again.
 */
export const etcdRemoveMember: StepSpec<"etcd.removeMember"> = {
  risk: "destructive",
  attemptsMax: 2,
  pre: (model, args) =>
    withMemberList(model, (members) => {
      const target = members.find((member) => member.id === args.memberId);
      if (target === undefined) return fails(`member ${args.memberId} is not registered`);
      const remaining = votingMembers(members).filter((voter) => voter.id !== args.memberId);
      return allOf(
        isTheOneMeant(target, args),
        target.isHealthy === true ? fails(`member ${memberWords(target)} answers: a member that works is not removed`) : holds,
        remaining.length === 0 ? fails("it is the last voter") : holds,
        quorumNow(members),
        quorumHolds(remaining, remaining.length, `without member ${args.memberId}`),
        voterVia(members, args.via, args.memberId),
      );
    }),
  post: (model, args) =>
    withMemberList(model, (members) => {
      const still = members.some((member) => member.id === args.memberId);
      return still ? fails(`member ${args.memberId} is still registered`) : holds;
    }),
  effect: (model, args) => withMembers(model, (members) => members.filter((member) => member.id !== args.memberId)),
  describe: (args) =>
    `Remove member ${memberWords({ id: args.memberId, name: args.name })} with peer URL ${args.peerUrls.join(", ")} from etcd, asking ${args.via.join(" or ")}`,
  host: () => undefined,
  expectedSeconds: () => 2,
};

function isTheOneMeant(target: ModelMember, args: StepArgs["etcd.removeMember"]): Verdict {
  return allOf(
    target.name === args.name
      ? holds
      : fails(`member ${args.memberId} is named ${JSON.stringify(target.name)}, the plan means ${JSON.stringify(args.name)}`),
    samePeerUrls(target.peerUrls, args.peerUrls)
      ? holds
      : fails(`member ${args.memberId} has peer URL ${target.peerUrls.join(", ")}, the plan means ${args.peerUrls.join(", ")}`),
  );
}
