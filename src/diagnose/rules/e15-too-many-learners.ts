import { findingOf, type Rule } from "../rule.ts";
import { isEtcdDown, listEvidence, memberLabel, type MemberView } from "../situation/situation.ts";

export const tooManyLearners: Rule = {
  code: "E15_TOO_MANY_LEARNERS",
  stage: "quorum",
  diagnose(situation) {
    const learners = (situation.members ?? []).filter((view) => view.member.isLearner);
    // One that runs is a join in progress; the next join waits for it, and nothing is wrong.
    const leftOver = learners.filter(isLeftOver);
    const concerned = learners.length > 1 ? learners : leftOver;
    if (concerned.length === 0) return [];
    return [
      findingOf("E15_TOO_MANY_LEARNERS", {
        subject: concerned.map(memberLabel).join(", "),
        ...(concerned.length === 1 ? { host: concerned[0]?.host?.name, memberId: concerned[0]?.member.id } : {}),
        severity: "warning",
        confidence: leftOver.length > 0 ? "high" : "medium",
        summary: `${String(learners.length)} ${learners.length === 1 ? "learner is" : "learners are"} registered, and ${String(leftOver.length)} of them has no living etcd: the next join would be refused.`,
        evidence: listEvidence(situation, `learners: ${learners.map((view) => view.member.id).join(", ")}`),
      }),
    ];
  },
};

function isLeftOver(view: MemberView): boolean {
  return !view.isStarted || (view.host !== undefined && isEtcdDown(view.host));
}
