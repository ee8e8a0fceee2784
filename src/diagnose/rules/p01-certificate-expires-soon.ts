import { findingOf, type Rule } from "../rule.ts";
import { leavesEnding } from "../situation/certificates.ts";
import { evidenceOf } from "../situation/host-view.ts";
import { clockView, durationWords } from "../situation/time.ts";

/** A month leaves time to renew on a quiet day; kubeadm's leaf certificates last a year. */
const soonMs = 30 * 86_400_000;

export const certificateExpiresSoon: Rule = {
  code: "P01_CERTIFICATE_EXPIRES_SOON",
  stage: "clock-and-certificates",
  diagnose(situation) {
    const { referenceMs } = clockView(situation);
    return leavesEnding(situation, { fromMs: referenceMs, untilMs: referenceMs + soonMs, kubelet: false }).map(({ host, certificates }) => {
      const first = Math.min(...certificates.map((certificate) => Date.parse(certificate.notAfter)));
      return findingOf("P01_CERTIFICATE_EXPIRES_SOON", {
        subject: `host ${host.name}`,
        host: host.name,
        severity: "warning",
        confidence: "high",
        summary: `${String(certificates.length)} control-plane certificates on ${host.name} end soon, the first in ${durationWords(first - referenceMs)}.`,
        evidence: certificates.map((certificate) =>
          evidenceOf(`${certificate.path} ends ${certificate.notAfter}`, host.facts.certificates),
        ),
      });
    });
  },
};
