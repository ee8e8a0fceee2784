import { findingOf, type Rule } from "../rule.ts";
import { haproxyInstances } from "../situation/balancer.ts";
import { evidenceOf } from "../situation/host-view.ts";

export const sslHelloCheck: Rule = {
  code: "L06_SSL_HELLO_CHECK",
  stage: "path",
  diagnose: (situation) =>
    haproxyInstances(situation).flatMap(({ host, haproxy }) => {
      const lines = haproxy.options.filter((option) => option.text.includes("ssl-hello-chk"));
      // The later of two check options wins; one that is overridden does no harm.
      if (lines.length === 0 || haproxy.checksReadyz) return [];
      return [
        findingOf("L06_SSL_HELLO_CHECK", {
          subject: `haproxy on ${host.name}`,
          host: host.name,
          severity: "warning",
          confidence: "high",
          summary: `haproxy on ${host.name} greets the API servers by TLS instead of asking whether they are ready.`,
          evidence: lines.map((option) => evidenceOf(`${haproxy.path}:${String(option.line)}: ${option.text}`, host.facts.loadBalancer)),
        }),
      ];
    }),
};
