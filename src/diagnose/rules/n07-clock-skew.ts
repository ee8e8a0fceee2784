import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf } from "../situation/host-view.ts";
import { clockView, durationWords } from "../situation/time.ts";

/** From here on certificates and tokens of ordinary age are judged wrongly: a judgement; kubeadm back-dates nothing by more. */
const severeMs = 5 * 60_000;

export const clockSkew: Rule = {
  code: "N07_CLOCK_SKEW",
  stage: "clock-and-certificates",
  diagnose(situation) {
    const clocks = clockView(situation);
    return clocks.away.map(({ host, offsetMs }) => {
      const name = host?.name ?? "this workstation";
      const direction = offsetMs > 0 ? "ahead of" : "behind";
      const evidence = situation.hosts
        .filter((candidate) => host === undefined || candidate === host)
        .filter((candidate) => candidate.facts.machine.kind === "known")
        .map((candidate) =>
          evidenceOf(
            `${candidate.name}: ${String(candidate.facts.machine.kind === "known" ? candidate.facts.machine.value.clockOffsetMs : 0)} ms against this workstation`,
            candidate.facts.machine,
          ),
        );
      return findingOf("N07_CLOCK_SKEW", {
        subject: host === undefined ? "this workstation" : `host ${host.name}`,
        host: host?.name,
        severity: Math.abs(offsetMs) > severeMs && host !== undefined ? "error" : "warning",
        confidence: clocks.isMajority ? "high" : "medium",
        summary: clocks.isMajority
          ? `The clock of ${name} is ${durationWords(offsetMs)} ${direction} the majority's.`
          : `The clocks of ${name} and this workstation are ${durationWords(offsetMs)} apart; which one is wrong cannot be told.`,
        evidence,
        ruledOut: [{ code: "P01_CERTIFICATE_EXPIRED", because: "certificates are judged by the majority's clock, not by this one" }],
        wouldSettle: clocks.isMajority ? [] : ["the clock of a third machine (PB10)"],
      });
    });
  },
};
