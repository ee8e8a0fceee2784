import { votingMembers, withHost, withMembers } from "../../model/cluster-model.ts";
import type { StepSpec } from "../../model/step.ts";
import { allOf, fails, holds } from "../../model/verdict.ts";
import { aboutHost, etcdStaysStopped, reachable } from "./host-verdicts.ts";
import { memberWords, quorumHolds, withMemberList } from "./member-verdicts.ts";

/**
 * Manifest aside first, then the container, or the kubelet starts it again.
 * A voter that answers is not stopped; the learner of a broken join may answer.
 * Needs: members (with isHealthy), hosts[host].{isReachable, etcdProcess,
 * hasEtcdManifest, hasKubernetesState, services.kubelet}.
 */
export const etcdStopMember: StepSpec<"etcd.stopMember"> = {
  risk: "reversible",
  attemptsMax: 2,
  pre: (model, args) =>
    allOf(
      reachable(model, args.host),
      withMemberList(model, (members) => {
        const voters = votingMembers(members);
        const target = voters.find((voter) => voter.id === args.memberId);
        const others = voters.filter((voter) => voter.id !== args.memberId);
        return allOf(
          target?.isHealthy === true ? fails(`member ${memberWords(target)} answers: a voter that works is not stopped`) : holds,
          quorumHolds(others, voters.length, `with member ${args.memberId} stopped`),
        );
      }),
    ),
  post: (model, args) => aboutHost(model, args.host, etcdStaysStopped),
  effect: (model, args) =>
    withMembers(withHost(model, args.host, { etcdProcess: "stopped", hasEtcdManifest: false, apiServer: "not-ready" }), (members) =>
      members.map((member) => (member.id === args.memberId ? { ...member, isHealthy: false } : member)),
    ),
  describe: (args) => `Stop etcd of member ${args.memberId} on ${args.host} (its manifest is moved aside, not deleted)`,
  host: (args) => args.host,
  expectedSeconds: () => 5,
};
