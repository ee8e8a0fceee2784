import type { Finding } from "../../model/finding.ts";
import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf } from "../situation/host-view.ts";
import { dataEvidence, hasPeerAddress, machineEvidence, observedLossOf } from "../situation/loss.ts";
import { listEvidence, memberLabel, type MemberView, type Situation } from "../situation/situation.ts";
import { isMachineLost } from "./n01-member-lost-quorum-kept.ts";

export const dataDirLostMemberRegistered: Rule = {
  code: "E05_DATA_DIR_LOST_MEMBER_REGISTERED",
  stage: "quorum",
  diagnose: (situation) => (situation.members ?? []).flatMap((view) => findingsFor(situation, view)),
};

function findingsFor(situation: Situation, view: MemberView): readonly Finding[] {
  const { host, member } = view;
  // Another machine under the old name is N11.
  if (host?.data !== "lost" || !view.isStarted || !hasPeerAddress(host, member)) return [];
  const loss = observedLossOf(view);
  // With quorum a lost machine has its own finding; without, every loss is told here.
  if (loss !== undefined && situation.quorum.kind === "kept" && isMachineLost(host)) return [];
  const isOpenStill = host.etcd === "serving" || host.etcd === "answering";
  return [
    findingOf("E05_DATA_DIR_LOST_MEMBER_REGISTERED", {
      subject: memberLabel(view),
      host: host.name,
      memberId: member.id,
      severity: situation.quorum.kind === "kept" && (situation.quorum.faultTolerance ?? 0) > 0 && !isOpenStill ? "warning" : "error",
      confidence: loss !== undefined ? "certain" : isOpenStill ? "high" : "medium",
      summary: isOpenStill
        ? `The data dir of member ${member.id} on ${host.name} is gone while its etcd still runs on the deleted files: the next restart loses it.`
        : `The data of member ${member.id} on ${host.name} is gone; the member is still registered.`,
      evidence: [
        dataEvidence(host),
        ...(host.facts.processes.kind === "known" ? [evidenceOf(`etcd: ${host.etcd}`, host.facts.processes)] : []),
        machineEvidence(host),
        ...listEvidence(situation, `member ${member.id} is registered`),
      ],
      ruledOut: [
        { code: "E02_MEMBER_STOPPED", because: "there is no data to start from" },
        ...(host.machine === "same" ? [{ code: "N01_MEMBER_LOST_QUORUM_KEPT" as const, because: "it is the same machine as before" }] : []),
      ],
      lossProof: loss?.kind,
      wouldSettle: loss === undefined && !isOpenStill ? [`PB7 on ${host.name}: whether an etcd process still holds the data open`] : [],
    }),
  ];
}
