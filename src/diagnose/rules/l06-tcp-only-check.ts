import { findingOf, type Rule } from "../rule.ts";
import { haproxyInstances } from "../situation/balancer.ts";
import { evidenceOf } from "../situation/host-view.ts";

export const tcpOnlyCheck: Rule = {
  code: "L06_TCP_ONLY_CHECK",
  stage: "path",
  diagnose: (situation) =>
    haproxyInstances(situation).flatMap(({ host, haproxy }) => {
      // The TLS greeting has a rule of its own.
      if (haproxy.checksReadyz || haproxy.backends.length === 0 || haproxy.options.some((option) => option.text.includes("ssl-hello-chk")))
        return [];
      const [first] = haproxy.backends;
      return [
        findingOf("L06_TCP_ONLY_CHECK", {
          subject: `haproxy on ${host.name}`,
          host: host.name,
          severity: "warning",
          confidence: "high",
          summary: `haproxy on ${host.name} does not ask the API servers whether they are ready.`,
          evidence: [evidenceOf(`${haproxy.path}:${String(first?.line ?? 0)}: no check of /readyz`, host.facts.loadBalancer)],
        }),
      ];
    }),
};
