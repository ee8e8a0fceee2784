import type { ClusterConfig } from "../../model/cluster-config.ts";
import type { HostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { HostAccess } from "../../ports/host-access.ts";

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

/** A line that no PEM file contains. */
const separator = "=== requorum: next file ===";

const printFirstReadable = `
while [ $# -ge 3 ]; do
  if [ -r "$1" ] && [ -r "$2" ] && [ -r "$3" ]; then
    printf '%s\\n' "$2"
    for file in "$1" "$2" "$3"; do
      printf '\\n%s\\n' '${separator}'
      cat "$file" || exit 1
    done
    exit 0
  fi
  shift 3
done
exit 3
`;
/** Our script's own code for: none of them is there. */
const noneReadable = 3;
/** CA bundles with a hundred certificates stay below this. */
const outputBytesMax = 1024 * 1024;

/**
 * The first set of `candidates` that the host has, through one command on it.
 * ETCD_CREDENTIALS_MISSING when it has none; errors of HostAccess as they are.
 */
export async function readEtcdCredentials(
  hostAccess: HostAccess,
  host: HostName,
  options: { readonly candidates: readonly CertificatePaths[]; readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<EtcdCredentials> {
  const { candidates, timeoutMs } = options;
  const result = await hostAccess.run(host, {
    reason: "read etcd's client certificate",
    script: printFirstReadable,
    args: candidates.flatMap(({ ca, certificate, key }) => [ca, certificate, key]),
    timeoutMs,
    outputBytesMax,
    changesThings: false,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const subject = `host ${host}`;
  if (result.exitCode === noneReadable) {
    const places = candidates.map(({ certificate }) => certificate).join(", ");
    throw new RecoveryError("ETCD_CREDENTIALS_MISSING", { subject, detail: `none of these is there with its key and CA: ${places}` });
  }
  if (result.exitCode !== 0) {
    throw new RecoveryError("REMOTE_COMMAND_FAILED", {
      subject,
      detail: `reading etcd's client certificate ended with code ${String(result.exitCode)}: ${result.stderr.trim()}`,
    });
  }
  const [source, ca, certificate, key] = result.stdout.split(`\n${separator}\n`);
  if (source === undefined || ca === undefined || certificate === undefined || key === undefined) {
    throw new RecoveryError("REMOTE_ANSWER_MALFORMED", { subject, detail: "the answer did not hold a CA, a certificate and a key" });
  }
  return { ca, certificate, key, source: source.trim() };
}
