import { quorumSize } from "../../model/quorum.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { MemberFacts } from "../../model/inventory.ts";
import type { StepArgs } from "../../model/step.ts";
import { etcdCall, etcdHostsHealthy, etcdWriteMs, withHealthyVoter } from "../ask/ask-etcd.ts";
import { observeModel } from "../observe/observe-model.ts";
import type { StepContext, StepHandler } from "../step-handler.ts";
import { signOfLife } from "./sign-of-life.ts";

type Args = StepArgs["etcd.removeMember"];

/**
 * I-S2, I-S6. Racy: a voter may fail between the count and the removal; etcd's
 * own strict reconfiguration check is the last guard.
 */
export const etcdRemoveMemberHandler: StepHandler<"etcd.removeMember"> = {
  // etcd gives up a proposal after 7 s (5 s and two election timeouts); later it can only have been applied or be gone.
  settleMs: 10_000,
  observe: (_args, context) => observeModel(context, { etcd: true }),
  perform: async (args, context) => {
    await withHealthyVoter(context, { hosts: args.via, except: args.memberId }, async (client) => {
      const list = async () => (await client.memberList({ linearizable: true }, etcdCall(context))).members;
      if (!(await list()).some((member) => member.id === args.memberId)) return;
      // Listening takes seconds, so the rest is asked with it and after it: nothing but the removal follows.
      const [healthy, doubts] = await Promise.all([etcdHostsHealthy(context, args.via), silenceDoubts(args, context)]);
      if (doubts.length > 0)
        throw new RecoveryError("STEP_BLOCKED", {
          subject: `member ${args.memberId}`,
          detail: `${doubts.join("; ")}. Nothing was removed`,
        });
      const members = await list();
      const target = members.find((member) => member.id === args.memberId);
      if (target === undefined) return;
      assertMeant(target, args);
      assertQuorumAfter(members, args, healthy);
      await client.memberRemove(args.memberId, etcdCall(context, etcdWriteMs));
    });
  },
};

/**
 * I-G2: somebody's word that a machine is lost holds as long as the machine
 * says nothing. Between the plan and this step it may have come back, with all
 * its data and its etcd still starting. A machine without a configuration
 * entry is listened for where its member has its peer URLs. Reasons in words;
 * empty: silence, or nobody's word is relied on.
 */
export async function silenceDoubts(args: Args, context: StepContext): Promise<readonly string[]> {
  const proof = context.plan.lossProofs.find((candidate) => candidate.memberId === args.memberId);
  if (proof?.kind !== "attested") return [];
  const host = context.config.hosts.find((candidate) => candidate.name === proof.host);
  const sign = await signOfLife({ host, peerUrls: args.peerUrls }, args.via, context);
  if (sign === undefined) return [];
  return [
    `${proof.host ?? "its machine"} was said to be lost, and ${sign}: its member ${args.memberId} may come back with its data. Resuming listens again; else plan again`,
  ];
}

/** I-S6: id, name and peer URLs, right before the call. */
function assertMeant(target: MemberFacts, args: Args): void {
  const isSame = target.name === args.name && [...target.peerUrls].sort().join(" ") === [...args.peerUrls].sort().join(" ");
  if (isSame) return;
  throw new RecoveryError("STEP_BLOCKED", {
    subject: `member ${args.memberId}`,
    detail: `it is ${JSON.stringify(target.name)} at ${target.peerUrls.join(", ")}; the plan means ${JSON.stringify(args.name)} at ${args.peerUrls.join(", ")}. Nothing was removed`,
  });
}

/** I-S2: healthy voters that stay, against the quorum of what stays. */
function assertQuorumAfter(members: readonly MemberFacts[], args: Args, healthy: ReadonlySet<string>): void {
  const staying = members.filter((member) => !member.isLearner && member.id !== args.memberId);
  const alive = staying.filter((member) => healthy.has(member.id)).length;
  if (staying.length > 0 && alive >= quorumSize(staying.length)) return;
  throw new RecoveryError("STEP_BLOCKED", {
    subject: `member ${args.memberId}`,
    detail: `without it ${alive} of ${staying.length} voters would be known to be healthy, ${quorumSize(staying.length)} are needed. Nothing was removed`,
  });
}
