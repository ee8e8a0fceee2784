import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf } from "../situation/host-view.ts";
import { isEmptied, lostMembers, machineEvidence } from "../situation/loss.ts";
import { memberLabel } from "../situation/situation.ts";

export const resetLeftMember: Rule = {
  code: "A02_RESET_LEFT_MEMBER",
  stage: "quorum",
  diagnose: (situation) =>
    lostMembers(situation)
      .filter(({ host }) => host.machine === "same" && isEmptied(host))
      .map(({ view, host, loss }) =>
        findingOf("A02_RESET_LEFT_MEMBER", {
          subject: memberLabel(view),
          host: host.name,
          memberId: view.member.id,
          severity: "error",
          confidence: "high",
          summary: `${host.name} was emptied as by a kubeadm reset, and its member ${view.member.id} is still registered.`,
          evidence: [machineEvidence(host), evidenceOf("no Kubernetes files are left on it", host.facts.kubernetesFiles), ...loss.evidence],
          ruledOut: [{ code: "N01_MEMBER_LOST_QUORUM_KEPT", because: "it is the same machine as before" }],
          lossProof: loss.kind,
        }),
      ),
};
