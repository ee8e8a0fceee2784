import type { NodeRecord } from "../../model/inventory.ts";
import { valueOf } from "../../model/observation.ts";
import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf } from "../situation/host-view.ts";
import { listEvidence, memberLabel, type MemberView } from "../situation/situation.ts";

export const nodeDeletedMemberRemains: Rule = {
  code: "K05_NODE_DELETED_MEMBER_REMAINS",
  stage: "stale-objects",
  diagnose(situation) {
    const { kubernetes, config } = situation.inventory;
    if (kubernetes.kind === "unknown" || config.etcdTopology === "external") return [];
    const { nodes } = kubernetes.value;
    return (
      (situation.members ?? [])
        // A serving member without Node is K10's: its kubelet may register it yet.
        .filter((view) => view.isStarted && view.health !== "serving" && !hasNode(view, nodes))
        .map((view) =>
          findingOf("K05_NODE_DELETED_MEMBER_REMAINS", {
            subject: memberLabel(view),
            host: view.host?.name,
            memberId: view.member.id,
            severity: "warning",
            confidence: "high",
            summary: `Member ${view.member.id} is registered and does not serve, and Kubernetes has no Node for it any more.`,
            evidence: [
              ...listEvidence(situation, `member ${view.member.id} is registered`),
              evidenceOf(`Nodes: ${nodes.map((node) => node.name).join(", ")}`, kubernetes),
            ],
            wouldSettle: ["proof or attestation that the machine is gone: a deleted Node object is neither"],
          }),
        )
    );
  },
};

export function hasNode(view: MemberView, nodes: readonly NodeRecord[]): boolean {
  const hostname = view.host === undefined ? undefined : valueOf(view.host.facts.machine)?.hostname;
  const names: readonly (string | undefined)[] = [view.member.name, view.host?.name, hostname];
  return nodes.some((node) => names.includes(node.name) || view.host?.addresses.includes(node.internalIp) === true);
}
