import { findingOf, type Rule } from "../rule.ts";
import { leavesEnding } from "../situation/certificates.ts";
import { evidenceOf } from "../situation/host-view.ts";
import { clockView } from "../situation/time.ts";

export const kubeletCertificateExpired: Rule = {
  code: "P02_KUBELET_CERTIFICATE_EXPIRED",
  stage: "clock-and-certificates",
  diagnose(situation) {
    const clocks = clockView(situation);
    return leavesEnding(situation, { fromMs: -Infinity, untilMs: clocks.referenceMs, kubelet: true }).map(({ host, certificates }) =>
      findingOf("P02_KUBELET_CERTIFICATE_EXPIRED", {
        subject: `host ${host.name}`,
        host: host.name,
        severity: "error",
        confidence: clocks.isMajority ? "certain" : "medium",
        summary: `The kubelet's client certificate on ${host.name} is past its end date.`,
        evidence: certificates.map((certificate) =>
          evidenceOf(`${certificate.path} ended ${certificate.notAfter}`, host.facts.certificates),
        ),
      }),
    );
  },
};
