import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf } from "../situation/host-view.ts";
import { hasPeerAddress, machineEvidence } from "../situation/loss.ts";
import { listEvidence, memberLabel } from "../situation/situation.ts";

export const peerAddressNotOnMachine: Rule = {
  code: "N11_PEER_ADDRESS_NOT_ON_MACHINE",
  stage: "quorum",
  diagnose: (situation) =>
    (situation.members ?? []).flatMap((view) => {
      const { host, member } = view;
      // A member that serves is reached by its peers, by whatever way its address is translated.
      if (host?.facts.machine.kind !== "known" || view.health === "serving" || hasPeerAddress(host, member)) return [];
      const { addresses } = host.facts.machine.value;
      return [
        findingOf("N11_PEER_ADDRESS_NOT_ON_MACHINE", {
          subject: memberLabel(view),
          host: host.name,
          memberId: member.id,
          severity: "error",
          confidence: host.machine === "unknown" ? "medium" : "high",
          summary:
            host.machine === "replaced"
              ? `Member ${member.id} (${member.peerUrls.join(", ")}) lived on another machine than the one that is called ${host.name} now.`
              : `The peer address of member ${member.id} (${member.peerUrls.join(", ")}) is not an address of ${host.name}.`,
          evidence: [
            evidenceOf(`${host.name} has ${addresses.join(", ")}`, host.facts.machine),
            machineEvidence(host),
            ...listEvidence(situation, `member ${member.id} is registered with ${member.peerUrls.join(", ")}`),
          ],
          ruledOut: [
            {
              code: "N01_MEMBER_LOST_QUORUM_KEPT",
              because: "what was seen on this machine says nothing about the machine with the member's address",
            },
          ],
          wouldSettle: [
            `whether the machine at ${member.peerUrls.join(", ")} exists: console, power state, or an attestation that it is destroyed`,
          ],
        }),
      ];
    }),
};
