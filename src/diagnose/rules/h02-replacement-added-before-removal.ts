import { runsEtcd } from "../../model/cluster-config.ts";
import { findingOf, type Rule } from "../rule.ts";
import { listEvidence, looksDead, memberLabel } from "../situation/situation.ts";

export const replacementAddedBeforeRemoval: Rule = {
  code: "H02_REPLACEMENT_ADDED_BEFORE_REMOVAL",
  stage: "quorum",
  diagnose(situation) {
    const { members, inventory } = situation;
    const intended = inventory.config.hosts.filter((host) => runsEtcd(host, inventory.config)).length;
    if (members === undefined || members.length <= intended) return [];
    const dead = members.filter((view) => view.isStarted && !view.member.isLearner && looksDead(view));
    if (dead.length === 0) return [];
    return [
      findingOf("H02_REPLACEMENT_ADDED_BEFORE_REMOVAL", {
        subject: dead.map(memberLabel).join(", "),
        ...(dead.length === 1 ? { host: dead[0]?.host?.name, memberId: dead[0]?.member.id } : {}),
        severity: "error",
        confidence: "high",
        summary: `${String(members.length)} members are registered for ${String(intended)} etcd machines, and ${dead.map(memberLabel).join(", ")} is dead: a replacement was added before the dead member was removed.`,
        evidence: listEvidence(situation, `${String(members.length)} members: ${members.map(memberLabel).join(", ")}`),
      }),
    ];
  },
};
