import type { Finding } from "../../model/finding.ts";
import { findingOf, type Rule } from "../rule.ts";
import { evidenceOf, type HostView } from "../situation/host-view.ts";

/** The three authorities that kubeadm shares between control-plane machines. */
const sharedAuthorities = ["ca.crt", "etcd/ca.crt", "front-proxy-ca.crt"];

export const certificateAuthoritiesDiffer: Rule = {
  code: "P04_CERTIFICATE_AUTHORITIES_DIFFER",
  stage: "clock-and-certificates",
  diagnose: (situation) =>
    sharedAuthorities.flatMap((file) => findingsOf(`${situation.inventory.config.paths.pkiDir}/${file}`, situation.hosts)),
};

function findingsOf(path: string, hosts: readonly HostView[]): readonly Finding[] {
  const held = hosts.flatMap((host) => {
    const facts = host.facts.certificates;
    const certificate = facts.kind === "known" ? facts.value.find((candidate) => candidate.path === path) : undefined;
    return certificate === undefined ? [] : [{ host, fingerprint: certificate.fingerprint }];
  });
  if (new Set(held.map(({ fingerprint }) => fingerprint)).size < 2) return [];
  return [
    findingOf("P04_CERTIFICATE_AUTHORITIES_DIFFER", {
      subject: path,
      severity: "error",
      confidence: "certain",
      summary: `${path} is not the same authority on all machines.`,
      evidence: held.map(({ host, fingerprint }) => evidenceOf(`${host.name}: ${fingerprint.slice(0, 16)}…`, host.facts.certificates)),
      ruledOut: [{ code: "P01_CERTIFICATE_EXPIRED", because: "the issuers differ, whatever the dates are" }],
    }),
  ];
}
