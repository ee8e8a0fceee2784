import { withMembers, type ModelMember } from "../../model/cluster-model.ts";
import type { StepArgs, StepSpec } from "../../model/step.ts";
import { allOf, fails, holds, whenKnown } from "../../model/verdict.ts";
import { memberOfPeerUrl, memberWords, voterVia, withMemberList } from "./member-verdicts.ts";

/**
 * I-S3, I-S4, E14. Needs: members with isHealthy and host. After a start the
 * list can be unreadable for some seconds, so its handler's `observe` must
 * wait (bounded) for a linearizable list before it reports it as unknown.
 */
export const etcdAwaitVoter: StepSpec<"etcd.awaitVoter"> = {
  risk: "reversible",
  attemptsMax: 3,
  pre: (model, args) =>
    withMemberList(model, (members) => {
      const member = memberOfPeerUrl(members, args.peerUrl);
      if (member === undefined) return fails(`no member with peer URL ${args.peerUrl} is registered`);
      const started = member.isStarted
        ? holds
        : fails(`member ${memberWords(member)} with peer URL ${args.peerUrl} is registered but has never started`);
      return allOf(started, member.isLearner ? voterVia(members, args.via, member.id) : holds);
    }),
  post: (model, args) =>
    withMemberList(model, (members) => {
      const member = memberOfPeerUrl(members, args.peerUrl);
      if (member === undefined) return fails(`no member with peer URL ${args.peerUrl} is registered`);
      if (!member.isStarted) return fails(`member ${memberWords(member)} has not started`);
      if (member.isLearner) return fails(`member ${memberWords(member)} is still a learner`);
      return whenKnown(member.isHealthy, `whether member ${memberWords(member)} answers a linearizable read`, (is) =>
        is ? holds : fails(`member ${memberWords(member)} does not answer a linearizable read`),
      );
    }),
  effect: (model, args) => withMembers(model, (members) => members.map((member) => asVoter(member, args))),
  describe: (args) => `Wait until the member ${args.peerUrl} on ${args.host} is in sync and votes; promote it when it is ready`,
  host: (args) => args.host,
  expectedSeconds: () => 10,
};

function asVoter(member: ModelMember, args: StepArgs["etcd.awaitVoter"]): ModelMember {
  return member.peerUrls.includes(args.peerUrl) ? { ...member, isLearner: false, isStarted: true, isHealthy: true } : member;
}
