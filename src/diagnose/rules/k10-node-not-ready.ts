import type { Finding } from "../../model/finding.ts";
import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf } from "../situation/host-view.ts";
import { hostNamed, listEvidence, type Situation } from "../situation/situation.ts";
import { hasNode } from "./k05-node-deleted-member-remains.ts";
import { staleNodes } from "./k05-stale-node.ts";

export const nodeNotReady: Rule = {
  code: "K10_NODE_NOT_READY",
  stage: "stale-objects",
  diagnose: (situation) => [...notReady(situation), ...notRegistered(situation)],
};

function notReady(situation: Situation): readonly Finding[] {
  const { kubernetes } = situation.inventory;
  if (kubernetes.kind === "unknown") return [];
  const stale = staleNodes(situation).map(({ node }) => node.name);
  return kubernetes.value.nodes
    .filter((node) => node.ready !== "True" && !stale.includes(node.name))
    .map((node) =>
      findingOf("K10_NODE_NOT_READY", {
        subject: `Node ${node.name}`,
        host: (hostNamed(situation, node.name) ?? situation.hosts.find((host) => host.addresses.includes(node.internalIp)))?.name,
        severity: "warning",
        confidence: "certain",
        summary: `Node ${node.name} is not Ready (${node.ready}).`,
        evidence: [evidenceOf(`Ready is ${node.ready}`, kubernetes)],
      }),
    );
}

/** A machine that is just being joined, or whose Node was deleted: the kubelet registers it when it starts. */
function notRegistered(situation: Situation): readonly Finding[] {
  const { kubernetes, config } = situation.inventory;
  if (kubernetes.kind === "unknown" || config.etcdTopology === "external") return [];
  const { nodes } = kubernetes.value;
  return (situation.members ?? []).flatMap((view) => {
    if (view.host === undefined || view.health !== "serving" || view.member.isLearner || hasNode(view, nodes)) return [];
    return [
      findingOf("K10_NODE_NOT_READY", {
        subject: `Node ${view.host.name}`,
        host: view.host.name,
        memberId: view.member.id,
        severity: "warning",
        confidence: "high",
        summary: `Kubernetes has no Node of ${view.host.name}, whose etcd member serves: its kubelet has not registered it.`,
        evidence: [
          ...listEvidence(situation, `member ${view.member.id} is registered`),
          evidenceOf(`Nodes: ${nodes.map((node) => node.name).join(", ")}`, kubernetes),
        ],
      }),
    ];
  });
}
