import type { NodeRecord } from "../../model/inventory.ts";
import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf } from "../situation/host-view.ts";
import { addressStanding, observedLoss } from "../situation/loss.ts";
import { hostNamed, type Situation } from "../situation/situation.ts";

export const staleNode: Rule = {
  code: "K05_STALE_NODE",
  stage: "stale-objects",
  diagnose(situation) {
    const { kubernetes } = situation.inventory;
    if (kubernetes.kind === "unknown") return [];
    return staleNodes(situation).map(({ node, because }) =>
      findingOf("K05_STALE_NODE", {
        subject: `Node ${node.name}`,
        host: hostNamed(situation, node.name)?.name,
        severity: "warning",
        confidence: "high",
        summary: `Node ${node.name} stands for a machine that is gone: ${because}.`,
        evidence: [evidenceOf(`Node ${node.name}: Ready is ${node.ready}, machine id ${node.machineId}`, kubernetes)],
      }),
    );
  },
};

/** Control-plane Nodes only: workers have no etcd member to compare with. A Ready Node is never stale. */
export function staleNodes(situation: Situation): readonly { readonly node: NodeRecord; readonly because: string }[] {
  const records = situation.inventory.kubernetes;
  if (records.kind === "unknown") return [];
  return records.value.nodes.flatMap((node) => {
    if (!node.isControlPlane || node.ready === "True") return [];
    const host = hostNamed(situation, node.name);
    if (host !== undefined && observedLoss(host) !== undefined) {
      return [{ node, because: host.machine === "replaced" ? "another machine is in its place" : "its data is gone" }];
    }
    const isOutOfEtcd =
      situation.inventory.config.etcdTopology === "stacked" &&
      situation.cluster.list?.isLinearizable === true &&
      addressStanding(situation, node.internalIp) === "gone";
    return isOutOfEtcd ? [{ node, because: "no etcd member belongs to it any more" }] : [];
  });
}
