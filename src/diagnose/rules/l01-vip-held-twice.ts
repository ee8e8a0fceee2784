import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf } from "../situation/host-view.ts";

export const vipHeldTwice: Rule = {
  code: "L01_VIP_HELD_TWICE",
  stage: "path",
  diagnose({ inventory }) {
    const { endpoint } = inventory;
    if (endpoint.kind === "unknown") return [];
    const macs = new Set(endpoint.value.arpMacs.map((mac) => mac.toLowerCase()));
    const holders = new Set(endpoint.value.holders);
    if (macs.size < 2 && holders.size < 2) return [];
    return [
      findingOf("L01_VIP_HELD_TWICE", {
        subject: `endpoint ${endpoint.value.address}`,
        severity: "error",
        confidence: holders.size >= 2 && macs.size >= 2 ? "certain" : "high",
        summary: `${endpoint.value.address} is held by more than one machine${holders.size >= 2 ? `: ${[...holders].join(", ")}` : ""}.`,
        evidence: [
          ...(holders.size >= 2 ? [evidenceOf(`held by ${[...holders].join(" and ")}`, endpoint)] : []),
          ...(macs.size >= 2 ? [evidenceOf(`ARP answers from ${[...macs].join(" and ")}`, endpoint)] : []),
        ],
        wouldSettle: ["PB13 once more after a few seconds: an address that is just moving is held twice for a moment"],
      }),
    ];
  },
};
