import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf } from "../situation/host-view.ts";
import { keepalivedInstances } from "../situation/balancer.ts";

/** The number in keepalived's and kubeadm's examples (kubeadm, docs/ha-considerations.md). */
const exampleRouterId = 51;

export const virtualRouterIdDefault: Rule = {
  code: "L02_VIRTUAL_ROUTER_ID_DEFAULT",
  stage: "path",
  diagnose(situation) {
    const concerned = keepalivedInstances(situation).filter(({ keepalived }) => keepalived.virtualRouterId === exampleRouterId);
    const [first] = concerned;
    if (first === undefined) return [];
    return [
      findingOf("L02_VIRTUAL_ROUTER_ID_DEFAULT", {
        subject: "cluster",
        severity: "info",
        confidence: "certain",
        summary: `keepalived uses virtual_router_id ${String(exampleRouterId)}, the number of every example.`,
        evidence: concerned.map(({ host, keepalived }) => evidenceOf(`${keepalived.path} on ${host.name}`, host.facts.loadBalancer)),
        wouldSettle: ["VRRP traffic in the segment: only another cluster with the same number makes it a fault"],
      }),
    ];
  },
};
