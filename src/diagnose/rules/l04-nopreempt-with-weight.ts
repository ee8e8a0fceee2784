import { findingOf, type Rule } from "../rule.ts";
import { keepalivedInstances } from "../situation/balancer.ts";
import { evidenceOf } from "../situation/host-view.ts";

export const nopreemptWithWeight: Rule = {
  code: "L04_NOPREEMPT_WITH_WEIGHT",
  stage: "path",
  diagnose: (situation) =>
    keepalivedInstances(situation).flatMap(({ host, keepalived }) => {
      const script = keepalived.scripts.find((candidate) => (candidate.weight ?? 0) < 0);
      if (!keepalived.nopreempt || script === undefined) return [];
      return [
        findingOf("L04_NOPREEMPT_WITH_WEIGHT", {
          subject: `host ${host.name}`,
          host: host.name,
          severity: "warning",
          confidence: "high",
          summary: `keepalived on ${host.name} has nopreempt and a negative weight: a failed check lowers the priority, and nobody takes over.`,
          evidence: [
            evidenceOf(
              `${keepalived.path}:${String(script.line)}: vrrp_script ${script.name}, weight ${String(script.weight)}; nopreempt is set`,
              host.facts.loadBalancer,
            ),
          ],
        }),
      ];
    }),
};
