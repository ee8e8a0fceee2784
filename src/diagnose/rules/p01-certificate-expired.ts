import { findingOf, type Rule } from "../rule.ts";
import { leavesEnding } from "../situation/certificates.ts";
import { evidenceOf } from "../situation/host-view.ts";
import { clockView } from "../situation/time.ts";

export const certificateExpired: Rule = {
  code: "P01_CERTIFICATE_EXPIRED",
  stage: "clock-and-certificates",
  diagnose(situation) {
    const clocks = clockView(situation);
    return leavesEnding(situation, { fromMs: -Infinity, untilMs: clocks.referenceMs, kubelet: false }).map(({ host, certificates }) => {
      const stopsService = certificates.some(
        ({ path }) => path.includes("/etcd/") || /\/(apiserver|apiserver-etcd-client)\.crt$/.test(path),
      );
      return findingOf("P01_CERTIFICATE_EXPIRED", {
        subject: `host ${host.name}`,
        host: host.name,
        severity: stopsService ? "critical" : "error",
        confidence: clocks.isMajority ? "certain" : "medium",
        summary: `${String(certificates.length)} control-plane certificates on ${host.name} are past their end date.`,
        evidence: certificates.map((certificate) =>
          evidenceOf(`${certificate.path} ended ${certificate.notAfter}`, host.facts.certificates),
        ),
        ruledOut: clocks.isMajority
          ? [{ code: "N07_CLOCK_SKEW", because: `${String(clocks.compared)} clocks were compared, and the majority's says so` }]
          : [],
        wouldSettle: clocks.isMajority ? [] : ["the clocks of more machines (PB10): a wrong clock makes good certificates look expired"],
      });
    });
  },
};
