import type { CertificateFacts } from "../../model/inventory.ts";
import type { HostView } from "./host-view.ts";
import type { Situation } from "./situation.ts";

export interface CertificatesOnHost {
  readonly host: HostView;
  readonly certificates: readonly CertificateFacts[];
}

/** Leaf certificates per machine that end after `fromMs` and not after `untilMs`; machines that were not read are left out. */
export function leavesEnding(
  situation: Situation,
  span: { readonly fromMs: number; readonly untilMs: number; readonly kubelet: boolean },
): readonly CertificatesOnHost[] {
  return situation.hosts.flatMap((host) => {
    const facts = host.facts.certificates;
    if (facts.kind === "unknown") return [];
    const certificates = facts.value.filter((certificate) => {
      const endMs = Date.parse(certificate.notAfter);
      return !certificate.isCa && isKubeletClient(certificate.path) === span.kubelet && endMs > span.fromMs && endMs <= span.untilMs;
    });
    return certificates.length === 0 ? [] : [{ host, certificates }];
  });
}

/** The kubelet keeps its own client certificate, outside kubeadm's PKI dir. */
function isKubeletClient(path: string): boolean {
  return path.includes("/kubelet/pki/") || path.endsWith("kubelet.conf");
}
