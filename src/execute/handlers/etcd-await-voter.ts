import { RecoveryError } from "../../model/recovery-error.ts";
import type { StepArgs } from "../../model/step.ts";
import { etcdCall, etcdWriteMs, withEtcd, withHealthyVoter } from "../ask/ask-etcd.ts";
import { observeModel } from "../observe/observe-model.ts";
import type { StepContext, StepHandler } from "../step-handler.ts";
import { waitUntil } from "../wait-until.ts";

type Args = StepArgs["etcd.awaitVoter"];

/** After a start the others elect and a restarted member replays its log: a minute in the lab; crash back-off adds up to five. */
const listLimitMs = 120_000;
/** An 8 GiB backend at 30 MB/s takes 5 min to travel; twice that. */
const syncLimitMs = 600_000;

/** I-S4: promoted through a voter, and only when the leader says that it is in sync. */
export const etcdAwaitVoterHandler: StepHandler<"etcd.awaitVoter"> = {
  settleMs: 10_000,
  observe: observeWithList,
  perform: async (args, context) => {
    const text = `member ${args.peerUrl} on ${args.host} to be a voter in sync`;
    await waitUntil(context, { text, limitMs: syncLimitMs, pauseMs: 2_000 }, async (say) => await advance(args, context, say));
  },
};

/** Waits (bounded) for a linearizable list: right after a start there is none, and that is no reason to stop. */
async function observeWithList(_args: Args, context: StepContext): ReturnType<StepHandler<"etcd.awaitVoter">["observe"]> {
  const { clock } = context.ports;
  const startedMs = clock.monotonicMs();
  for (;;) {
    const model = await observeModel(context, { etcd: true });
    const elapsedMs = clock.monotonicMs() - startedMs;
    if (model.members !== undefined || elapsedMs >= listLimitMs) return model;
    context.report({
      kind: "waiting",
      text: "etcd to elect a leader and give its member list",
      elapsedMs,
      limitMs: listLimitMs,
      step: context.step,
    });
    await clock.sleep(2_000, context.signal);
  }
}

/** true: it is a voter that answers. */
async function advance(args: Args, context: StepContext, say: (words: string) => void): Promise<true | undefined> {
  const member = await withHealthyVoter(context, { hosts: args.via }, async (client, leaderSide) => {
    const { members } = await client.memberList({ linearizable: true }, etcdCall(context));
    const found = members.find((candidate) => candidate.peerUrls.includes(args.peerUrl));
    if (found === undefined)
      throw new RecoveryError("STEP_FAILED", { subject: args.peerUrl, detail: "no member with this peer URL is registered" });
    return { ...found, newest: leaderSide.raftIndex };
  });
  if (member.name === "") {
    say("it has not started yet");
    return undefined;
  }
  const own = await withEtcd(context, args.host, (client) => client.status(etcdCall(context)));
  if (!member.isLearner) {
    await withEtcd(context, args.host, (client) => client.probeRead({ linearizable: true }, etcdCall(context)));
    return true;
  }
  say(`log at ${own.raftIndex} of ${member.newest}`);
  // etcd itself refuses ("can only promote a learner member which is in sync with leader") below 90 %; the refusal is waited out.
  await withHealthyVoter(context, { hosts: args.via, except: member.id }, (client) =>
    client.memberPromote(member.id, etcdCall(context, etcdWriteMs)),
  );
  return undefined;
}
