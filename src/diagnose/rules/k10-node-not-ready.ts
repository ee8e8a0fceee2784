import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf } from "../situation/host-view.ts";
import { hostNamed } from "../situation/situation.ts";
import { staleNodes } from "./k05-stale-node.ts";

export const nodeNotReady: Rule = {
  code: "K10_NODE_NOT_READY",
  stage: "stale-objects",
  diagnose(situation) {
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
  },
};
