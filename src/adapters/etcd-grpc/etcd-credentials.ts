import type { ClusterConfig } from "../../model/cluster-config.ts";
import type { HostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { HostAccess, RemoteFile } from "../../ports/host-access.ts";

/** PEM text. Held in memory only; never logged, never in an error. */
export interface EtcdCredentials {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  /** Path of the certificate on its host, for error texts. */
  readonly source: string;
}

export interface CertificatePaths {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/**
 * Where a client certificate may lie, best first. kubeadm: its documentation
 * "PKI certificates and requirements" (the health check's, the server's own,
 * which kubeadm issues for client use too, the API server's). kubespray:
 * roles/etcd, certificates named after the inventory host.
 */
export function usualCertificatePaths(config: ClusterConfig, host: HostName): readonly CertificatePaths[] {
  const { pkiDir } = config.paths;
  const pair = (ca: string, stem: string) => ({ ca, certificate: `${stem}.crt`, key: `${stem}.key` });
  const kubeadm = [
    pair(`${pkiDir}/etcd/ca.crt`, `${pkiDir}/etcd/healthcheck-client`),
    pair(`${pkiDir}/etcd/ca.crt`, `${pkiDir}/etcd/server`),
    pair(`${pkiDir}/etcd/ca.crt`, `${pkiDir}/apiserver-etcd-client`),
  ];
  const kubespray = ["admin", "member", "node"].map((role) => ({
    ca: "/etc/ssl/etcd/ssl/ca.pem",
    certificate: `/etc/ssl/etcd/ssl/${role}-${host}.pem`,
    key: `/etc/ssl/etcd/ssl/${role}-${host}-key.pem`,
  }));
  return config.platform === "kubespray" ? [...kubespray, ...kubeadm] : [...kubeadm, ...kubespray];
}

/**
 * The first set of `candidates` that the host has. ETCD_CREDENTIALS_MISSING
 * when it has none, ETCD_TLS when its CA is no certificate; errors of HostAccess as they are.
 */
export async function readEtcdCredentials(
  hostAccess: HostAccess,
  host: HostName,
  options: { readonly candidates: readonly CertificatePaths[]; readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<EtcdCredentials> {
  const { candidates, timeoutMs, signal } = options;
  const files = await hostAccess.readFirst(host, {
    reason: "read etcd's client certificate",
    groups: candidates.map(({ ca, certificate, key }) => [ca, certificate, key]),
    timeoutMs,
    ...(signal === undefined ? {} : { signal }),
  });
  const [ca, certificate, key] = files ?? [];
  if (ca === undefined || certificate === undefined || key === undefined) {
    const places = candidates.map((candidate) => candidate.certificate).join(", ");
    throw new RecoveryError("ETCD_CREDENTIALS_MISSING", {
      subject: `host ${host}`,
      detail: `none of these is there with its key and CA: ${places}`,
    });
  }
  const text = (file: RemoteFile): string => new TextDecoder().decode(file.content);
  // No member would be trusted with it, and TLS would blame the member's certificate.
  if (!text(ca).includes("-----BEGIN CERTIFICATE-----"))
    throw new RecoveryError("ETCD_TLS", { subject: `host ${host}`, detail: `there is no certificate in ${ca.path}` });
  return { ca: text(ca), certificate: text(certificate), key: text(key), source: certificate.path };
}
