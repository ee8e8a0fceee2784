import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf } from "../situation/host-view.ts";

export const vipNotHeld: Rule = {
  code: "L13_VIP_NOT_HELD",
  stage: "path",
  diagnose(situation) {
    const { endpoint, config } = situation.inventory;
    if (config.loadBalancer !== "keepalived-haproxy" && config.loadBalancer !== "kube-vip") return [];
    if (endpoint.kind === "unknown") return [];
    const { holders, arpMacs, answers, address } = endpoint.value;
    if (holders.length > 0 || arpMacs.length > 0 || answers.some((answer) => answer.outcome === "ok")) return [];
    const notSeen = situation.hosts.filter((host) => host.shouldBalance && host.facts.loadBalancer.kind === "unknown");
    return [
      findingOf("L13_VIP_NOT_HELD", {
        subject: `endpoint ${address}`,
        severity: "error",
        confidence: notSeen.length === 0 ? "high" : "low",
        summary:
          notSeen.length === 0
            ? `No machine holds ${address}.`
            : `None of the machines that could be read holds ${address}; ${notSeen.map((host) => host.name).join(", ")} could not be read.`,
        evidence: [evidenceOf(`no holder, no ARP answer, ${String(answers.length)} tries through it without success`, endpoint)],
        wouldSettle: notSeen.map((host) => `PB13 on ${host.name}`),
      }),
    ];
  },
};
