import type { Finding } from "../../model/finding.ts";
import { valueOf } from "../../model/observation.ts";
import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf, type HostView } from "../situation/host-view.ts";

export const balancerServiceDown: Rule = {
  code: "L05_BALANCER_SERVICE_DOWN",
  stage: "path",
  diagnose(situation) {
    const endpoint = valueOf(situation.inventory.endpoint);
    const isHeldByNobody = endpoint !== undefined && endpoint.holders.length === 0 && endpoint.arpMacs.length === 0;
    return situation.hosts.flatMap((host) => [
      ...findingsOf(host, "haproxy", isHeldByNobody),
      ...findingsOf(host, "keepalived", isHeldByNobody),
    ]);
  },
};

function findingsOf(host: HostView, unit: "haproxy" | "keepalived", isHeldByNobody: boolean): readonly Finding[] {
  const services = host.facts.services;
  if (services.kind === "unknown") return [];
  const service = services.value.find((candidate) => candidate.unit === unit);
  const balancer = host.facts.loadBalancer;
  // Only where a configuration shows that it is meant to run.
  const isConfigured = balancer.kind === "known" && balancer.value[unit] !== undefined;
  if (!isConfigured || service === undefined || service.activeState === "active" || service.activeState === "activating") return [];
  const holds = balancer.value.holdsVip;
  return [
    findingOf("L05_BALANCER_SERVICE_DOWN", {
      subject: `${unit} on ${host.name}`,
      host: host.name,
      severity: holds || isHeldByNobody ? "error" : "warning",
      confidence: "certain",
      summary: `${unit} on ${host.name} is ${service.activeState}${holds ? ", and the machine holds the control-plane address" : ""}.`,
      evidence: [
        evidenceOf(`unit ${unit} is ${service.activeState}${service.isEnabled ? "" : ", not enabled"}`, services),
        ...(holds ? [evidenceOf("the machine holds the control-plane address", balancer)] : []),
      ],
    }),
  ];
}
