import type { Finding } from "../../model/finding.ts";
import { findingOf, type Rule } from "../rule.ts";
import { isEmptied, lostMembers, machineEvidence, type ObservedLoss } from "../situation/loss.ts";
import type { HostView } from "../situation/host-view.ts";
import { listEvidence, memberLabel, type MemberView, type Situation } from "../situation/situation.ts";

export const memberLostQuorumKept: Rule = {
  code: "N01_MEMBER_LOST_QUORUM_KEPT",
  stage: "quorum",
  diagnose: (situation) =>
    situation.quorum.kind === "kept"
      ? lostMembers(situation)
          .filter(({ host }) => isMachineLost(host))
          .map((lost) => findingFor(situation, lost))
      : [],
};

/** The machine itself was replaced or wiped; with the same machine it is E05 or A02. */
export function isMachineLost(host: HostView): boolean {
  return host.machine === "replaced" || (host.machine === "unknown" && isEmptied(host));
}

function findingFor(
  situation: Situation,
  lost: { readonly view: MemberView; readonly host: HostView; readonly loss: ObservedLoss },
): Finding {
  const { view, host, loss } = lost;
  const tolerance = situation.quorum.faultTolerance ?? 0;
  return findingOf("N01_MEMBER_LOST_QUORUM_KEPT", {
    subject: memberLabel(view),
    host: host.name,
    memberId: view.member.id,
    severity: tolerance > 0 ? "warning" : "error",
    confidence: host.machine === "replaced" ? "certain" : "high",
    summary: `${host.name} lost its machine and with it the data of member ${view.member.id}; the others keep quorum.`,
    evidence: [
      ...loss.evidence,
      ...(host.machine === "replaced" ? [] : [machineEvidence(host)]),
      ...listEvidence(situation, `member ${view.member.id} is still registered`),
    ],
    ruledOut: [
      { code: "N02_NODE_DOWN_TEMPORARILY", because: "the machine was reached, and the data is not there" },
      { code: "E02_MEMBER_STOPPED", because: "there is no data to start from" },
      { code: "E01_QUORUM_LOST_PERMANENTLY", because: "a quorum of the others answers linearizable reads" },
    ],
    lossProof: loss.kind,
  });
}
