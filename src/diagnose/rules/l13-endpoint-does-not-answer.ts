import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf } from "../situation/host-view.ts";

export const endpointDoesNotAnswer: Rule = {
  code: "L13_ENDPOINT_DOES_NOT_ANSWER",
  stage: "path",
  diagnose({ inventory }) {
    const { endpoint } = inventory;
    if (endpoint.kind === "unknown") return [];
    const failed = endpoint.value.answers.filter((answer) => answer.outcome !== "ok");
    if (failed.length === 0) return [];
    const all = failed.length === endpoint.value.answers.length;
    return [
      findingOf("L13_ENDPOINT_DOES_NOT_ANSWER", {
        subject: `endpoint ${endpoint.value.address}:${String(endpoint.value.port)}`,
        severity: all ? "error" : "warning",
        confidence: all ? "high" : "medium",
        summary: all
          ? "The control-plane address leads to no ready API server from any machine."
          : `The control-plane address leads to no ready API server from ${failed.map((answer) => answer.from).join(", ")}.`,
        evidence: failed.map((answer) => evidenceOf(`from ${answer.from}: ${answer.outcome}`, endpoint)),
      }),
    ];
  },
};
