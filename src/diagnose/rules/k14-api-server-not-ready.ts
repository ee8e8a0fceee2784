import type { Evidence, Finding } from "../../model/finding.ts";
import { valueOf } from "../../model/observation.ts";
import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf, type HostView } from "../situation/host-view.ts";
import { apiServerHosts } from "../situation/loss.ts";

export const apiServerNotReady: Rule = {
  code: "K14_API_SERVER_NOT_READY",
  stage: "stale-objects",
  // A machine without Kubernetes on it is not meant to have one yet.
  diagnose: (situation) =>
    apiServerHosts(situation)
      .filter((host) => host.hasKubernetesState !== false)
      .flatMap(findingsFor),
};

function findingsFor(host: HostView): readonly Finding[] {
  const evidence = notReadyEvidence(host);
  if (evidence.length === 0) return [];
  const hasHealthyEtcd = host.etcd === "serving";
  const failed = valueOf(host.facts.apiServer.readyz)?.failedChecks ?? [];
  return [
    findingOf("K14_API_SERVER_NOT_READY", {
      subject: `kube-apiserver on ${host.name}`,
      host: host.name,
      severity: "error",
      confidence: "high",
      summary: `The API server on ${host.name} is not ready${failed.length > 0 ? ` (failed: ${failed.join(", ")})` : ""}${hasHealthyEtcd ? ", although its etcd is healthy" : ""}.`,
      evidence,
      ruledOut: hasHealthyEtcd ? [{ code: "E02_MEMBER_STOPPED", because: "etcd on the same machine answers linearizable reads" }] : [],
    }),
  ];
}

/** An answer other than 200, or a refused connection on a machine that we reached. A timeout is only a gap. */
function notReadyEvidence(host: HostView): readonly Evidence[] {
  const { readyz } = host.facts.apiServer;
  if (readyz.kind === "known") {
    return readyz.value.httpStatus === 200
      ? []
      : [
          evidenceOf(
            `/readyz answers ${String(readyz.value.httpStatus)}${readyz.value.failedChecks.length > 0 ? `, failed checks: ${readyz.value.failedChecks.join(", ")}` : ""}`,
            readyz,
          ),
        ];
  }
  const isRunning = valueOf(host.facts.processes)?.some((process) => process.name === "kube-apiserver");
  if (readyz.reason === "refused" || isRunning === false) {
    return [
      evidenceOf(`/readyz: ${readyz.detail}`, readyz),
      ...(isRunning === false ? [evidenceOf("no kube-apiserver process", host.facts.processes)] : []),
    ];
  }
  return [];
}
