import { readKubeconfig } from "../../formats/machine/kubeconfig.ts";
import { certificateBlocks } from "../../model/certificate-blocks.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { CertificateContent } from "../../ports/certificates.ts";
import { clusterPlaces } from "./cluster-places.ts";
import { placeOf, type SetEvidence, type TextPart } from "./set-content.ts";

export interface FoundCertificate {
  readonly from: TextPart;
  readonly pem: string;
  readonly content: CertificateContent;
  /** It lies where the cluster itself takes its files from. */
  readonly isOfCluster: boolean;
}

/** What kubeadm and kubespray issue from the cluster's own authorities. Others may be of anybody: a company's for OIDC or audit. */
const ofCluster =
  /\/(?:apiserver|apiserver-kubelet-client|apiserver-etcd-client|front-proxy-client|server|peer|healthcheck-client)\.crt$|\/(?:admin|member|node)-[^/]*\.pem$/;

/**
 * Of PKI and kubeconfigs. What cannot be read is added to `problems`, and to
 * `told` where the cluster does not use it. A set whose cluster keeps its
 * authorities where nothing says so has only files of the cluster.
 */
export function foundCertificates(evidence: SetEvidence, problems: string[], told: string[]): readonly FoundCertificate[] {
  const places = clusterPlaces(evidence.texts, evidence.parts);
  const found = evidence.texts.filter(isJudged).flatMap((from) => {
    const { part } = from;
    const isOfCluster = part.kind === "kubeconfig" ? places.isKubeconfig(part) : places.isPki(part);
    return certificatesIn(from, evidence, isOfCluster ? problems : told).map((one) => ({ ...one, isOfCluster }));
  });
  const isKnown = found.some((one) => one.isOfCluster && one.content.isCa && one.from.part.kind === "pki");
  return isKnown ? found : found.map((one) => ({ ...one, isOfCluster: true }));
}

/** Only the cluster's own authorities issue one of that name. */
export function isIssuedByCluster({ from, isOfCluster }: FoundCertificate): boolean {
  return isOfCluster && (from.part.kind === "kubeconfig" || ofCluster.test(from.part.path));
}

/** Made by the kubelet for itself, or signed for this machine alone; those of before are kept beside. */
export function isOfKubelet({ part }: TextPart): boolean {
  return part.path.startsWith("/var/lib/kubelet/");
}

function certificatesIn(
  from: TextPart,
  { certificates }: SetEvidence,
  problems: string[],
): readonly Omit<FoundCertificate, "isOfCluster">[] {
  const text = from.part.kind === "kubeconfig" ? kubeconfigCertificates(from, problems) : from.text;
  return certificateBlocks(text).flatMap((pem) => {
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

/** PEM of those that it holds itself; what it names by path is a part of its own. */
function kubeconfigCertificates({ part, text }: TextPart, problems: string[]): string {
  const read = readKubeconfig(text, part.path);
  if (read === undefined) {
    problems.push(`${placeOf(part)}: it cannot be read as a kubeconfig`);
    return "";
  }
  return [...read.shown, ...read.trusted]
    .flatMap(({ what, text: pem, path }) => {
      if (path === undefined && certificateBlocks(pem ?? "").length === 0)
        problems.push(`${placeOf(part)}: ${what} holds no whole certificate`);
      return pem ?? [];
    })
    .join("\n");
}
