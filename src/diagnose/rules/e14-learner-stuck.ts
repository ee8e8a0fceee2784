import type { Finding } from "../../model/finding.ts";
import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf } from "../situation/host-view.ts";
import { isEtcdDown, listEvidence, memberLabel, type MemberView, type Situation } from "../situation/situation.ts";

/** etcd promotes a learner that has at least 90 % of the leader's log (etcdserver, readyPercentThreshold). */
const readyPercent = 90n;

export const learnerStuck: Rule = {
  code: "E14_LEARNER_STUCK",
  stage: "quorum",
  diagnose: (situation) =>
    (situation.members ?? []).filter((view) => view.member.isLearner && view.isStarted).flatMap((view) => findingsFor(situation, view)),
};

function findingsFor(situation: Situation, view: MemberView): readonly Finding[] {
  const { host } = view;
  const state = learnerState(situation, view);
  if (state === undefined) return [];
  return [
    findingOf("E14_LEARNER_STUCK", {
      subject: memberLabel(view),
      host: host?.name,
      memberId: view.member.id,
      severity: "warning",
      confidence: state.isCertain ? "high" : "low",
      summary: `Learner ${view.member.id} on ${host?.name ?? "an unknown machine"} is not a voter yet: ${state.words}.`,
      evidence: [
        ...listEvidence(situation, `member ${view.member.id} is a learner`),
        ...(host === undefined ? [] : [evidenceOf(state.words, host.facts.etcd.status)]),
      ],
      wouldSettle: state.isCertain ? [] : ["a second look: whether its raft index grows"],
    }),
  ];
}

function learnerState(situation: Situation, view: MemberView): { readonly words: string; readonly isCertain: boolean } | undefined {
  const { host } = view;
  if (host === undefined) return undefined;
  if (isEtcdDown(host)) return { words: `its etcd is ${host.etcd}`, isCertain: true };
  const own = situation.cluster.main?.hosts.find(({ status }) => status.memberId === view.member.id)?.status;
  const leader = situation.cluster.main?.hosts.find(({ status }) => status.leaderId === status.memberId)?.status;
  if (own === undefined) return host.presence.kind === "silent" ? { words: "its machine answers nobody", isCertain: false } : undefined;
  if (leader === undefined) return { words: "it runs", isCertain: false };
  const percent = leader.raftIndex === 0n ? 100n : (own.raftIndex * 100n) / leader.raftIndex;
  return percent < readyPercent
    ? { words: `it has ${String(percent)} % of the leader's log, ${String(readyPercent)} % are needed`, isCertain: false }
    : { words: "it has caught up and nobody promoted it", isCertain: false };
}
