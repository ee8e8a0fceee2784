import { RecoveryError } from "../../model/recovery-error.ts";
import type { CertificateContent } from "../../ports/certificates.ts";
import { placeOf, type SetEvidence, type TextPart } from "./set-content.ts";

export interface FoundCertificate {
  readonly from: TextPart;
  readonly pem: string;
  readonly content: CertificateContent;
}

const certificateBlock = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;
/** Base64 of PEM, as kubeconfigs have it. */
const embedded = /\b(client-certificate|certificate-authority)-data:\s*["']?([A-Za-z0-9+/=]+)/g;

/** What kubeadm and kubespray issue from the cluster's own authorities. Others may be of anybody: a company's for OIDC or audit. */
const ofCluster =
  /\/(?:apiserver|apiserver-kubelet-client|apiserver-etcd-client|front-proxy-client|server|peer|healthcheck-client)\.crt$|\/(?:admin|member|node)-[^/]*\.pem$/;

/** Of PKI and kubeconfigs; what cannot be read is added to `problems`. */
export function foundCertificates(evidence: SetEvidence, problems: string[]): readonly FoundCertificate[] {
  return evidence.texts.filter(isJudged).flatMap((from) => certificatesIn(from, evidence, problems));
}

export function isOfCluster({ part }: TextPart): boolean {
  return part.kind === "kubeconfig" || ofCluster.test(part.path);
}

/** Made by the kubelet for itself, or signed for this machine alone; those of before are kept beside. */
export function isOfKubelet({ part }: TextPart): boolean {
  return part.path.startsWith("/var/lib/kubelet/");
}

function certificatesIn(from: TextPart, { certificates }: SetEvidence, problems: string[]): readonly FoundCertificate[] {
  const text =
    from.part.kind === "kubeconfig" ? [...from.text.matchAll(embedded)].map(([, , base64 = ""]) => decoded(base64)).join("\n") : from.text;
  return (text.match(certificateBlock) ?? []).flatMap((pem) => {
    try {
      return [{ from, pem, content: certificates.readCertificate(pem) }];
    } catch (error) {
      if (!(error instanceof RecoveryError)) throw error;
      problems.push(`${placeOf(from.part)}: ${error.detail}`);
      return [];
    }
  });
}

/** A copy with another name ("apiserver.crt.bak") is nobody's certificate any more. */
function isJudged({ part }: TextPart): boolean {
  return part.kind === "kubeconfig" || (part.kind === "pki" && /\.(crt|pem|cer)$/.test(part.path));
}

/** "" when it is not base64: then there is no certificate in it. */
function decoded(base64: string): string {
  try {
    return atob(base64);
  } catch {
    return "";
  }
}
