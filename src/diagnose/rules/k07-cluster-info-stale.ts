import type { Finding } from "../../model/finding.ts";
import { findingOf, type Rule } from "../rule.ts";
import { hostOfUrl } from "../situation/addresses.ts";
import { evidenceOf } from "../situation/host-view.ts";
import { addressStanding } from "../situation/loss.ts";
import type { Situation } from "../situation/situation.ts";

export const clusterInfoStale: Rule = {
  code: "K07_CLUSTER_INFO_STALE",
  stage: "stale-objects",
  diagnose: (situation) => [...serverFindings(situation), ...authorityFindings(situation)],
};

function serverFindings(situation: Situation): readonly Finding[] {
  const { kubernetes, config } = situation.inventory;
  const server = kubernetes.kind === "known" ? kubernetes.value.clusterInfo?.server : undefined;
  if (kubernetes.kind === "unknown" || server === undefined) return [];
  const named = hostOfUrl(server);
  const shared = config.controlPlaneEndpoint === undefined ? undefined : hostOfUrl(config.controlPlaneEndpoint);
  if (named === shared) return [];
  const host = situation.hosts.find((candidate) => candidate.addresses.includes(named) || (candidate.name as string) === named);
  const standing = addressStanding(situation, named);
  // A name that no machine has may be a DNS name of the endpoint: that is not for us to condemn.
  const isBad = host !== undefined && (standing === "gone" || standing === "silent");
  if (!isBad && (shared === undefined || host === undefined)) return [];
  return [
    findingOf("K07_CLUSTER_INFO_STALE", {
      subject: "configmap kube-public/cluster-info",
      host: isBad ? host.name : undefined,
      severity: isBad ? "warning" : "info",
      confidence: "certain",
      summary: isBad
        ? `cluster-info sends joining machines to ${server}, which ${standing === "gone" ? "is gone" : "does not answer"}.`
        : `cluster-info names one machine (${server}) instead of the control-plane endpoint.`,
      evidence: [evidenceOf(`server: ${server}`, kubernetes)],
    }),
  ];
}

function authorityFindings(situation: Situation): readonly Finding[] {
  const { kubernetes, config } = situation.inventory;
  const recorded = kubernetes.kind === "known" ? kubernetes.value.clusterInfo?.caFingerprint : undefined;
  if (kubernetes.kind === "unknown" || recorded === undefined || recorded === "") return [];
  const path = `${config.paths.pkiDir}/ca.crt`;
  const held = situation.hosts.flatMap((host) => {
    const facts = host.facts.certificates;
    const authority = facts.kind === "known" ? facts.value.find((certificate) => certificate.path === path) : undefined;
    return authority === undefined ? [] : [{ host, fingerprint: authority.fingerprint }];
  });
  if (held.length === 0 || held.some(({ fingerprint }) => plainHex(fingerprint) === plainHex(recorded))) return [];
  return [
    findingOf("K07_CLUSTER_INFO_STALE", {
      subject: "certificate authority in kube-public/cluster-info",
      severity: "error",
      confidence: "high",
      summary: "cluster-info carries another certificate authority than the machines have: joins fail in discovery.",
      evidence: [
        evidenceOf(`cluster-info: ${recorded.slice(0, 16)}…`, kubernetes),
        ...held.map(({ host, fingerprint }) => evidenceOf(`${host.name} ${path}: ${fingerprint.slice(0, 16)}…`, host.facts.certificates)),
      ],
    }),
  ];
}

function plainHex(fingerprint: string): string {
  return fingerprint
    .toLowerCase()
    .replace(/^sha256:/, "")
    .replaceAll(":", "");
}
