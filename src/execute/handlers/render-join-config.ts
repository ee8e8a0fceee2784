import type { JoinCredentials } from "./join-credentials.ts";

/** What the other control-plane machines were registered with, as far as it can be read from one of them. */
export interface JoinSettings {
  /** From kubeadm-flags.env: they set --node-ip, so the newcomer gets its own address there. */
  readonly setsNodeIp: boolean;
  /** undefined: kubeadm finds it. */
  readonly criSocket: string | undefined;
  /** kubeadm's configuration format: v1beta4 from Kubernetes 1.31 on. */
  readonly apiVersion: "v1beta3" | "v1beta4";
  /** Preflight items that are known not to matter here, each with its reason in the code that set it. */
  readonly ignoredPreflightErrors: readonly string[];
}

export interface JoinInput {
  readonly node: string;
  readonly address: string;
  readonly settings: JoinSettings;
  readonly credentials: JoinCredentials;
  /** https://address:6443 of the machine that is joined through, never the VIP. */
  readonly server: string;
  /** PEM of the cluster's CA, read from that machine. */
  readonly caPem: string;
  /** Where the discovery file will lie on the target. */
  readonly discoveryPath: string;
}

/**
 * JoinConfiguration by file discovery: kubeadm then keeps the server of that
 * file and does not go to the one in cluster-info (kubernetes
 * cmd/kubeadm/app/discovery/file/file.go). JSON is YAML. Pure.
 */
export function renderJoinConfig(input: JoinInput): string {
  const { settings, credentials } = input;
  const nodeIp = { "node-ip": input.address };
  return JSON.stringify({
    apiVersion: `kubeadm.k8s.io/${settings.apiVersion}`,
    kind: "JoinConfiguration",
    discovery: { file: { kubeConfigPath: input.discoveryPath } },
    controlPlane: { certificateKey: credentials.certificateKey, localAPIEndpoint: { advertiseAddress: input.address, bindPort: 6443 } },
    nodeRegistration: {
      name: input.node,
      ...(settings.criSocket === undefined ? {} : { criSocket: settings.criSocket }),
      ...(settings.ignoredPreflightErrors.length === 0 ? {} : { ignorePreflightErrors: settings.ignoredPreflightErrors }),
      ...(settings.setsNodeIp
        ? { kubeletExtraArgs: settings.apiVersion === "v1beta4" ? [{ name: "node-ip", value: input.address }] : nodeIp }
        : {}),
    },
  });
}

/** The token is in it, so that it works with anonymous access switched off too. */
export function renderDiscoveryConfig(input: Pick<JoinInput, "server" | "caPem" | "credentials">): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "join",
    clusters: [{ name: "kubernetes", cluster: { server: input.server, "certificate-authority-data": btoa(input.caPem) } }],
    contexts: [{ name: "join", context: { cluster: "kubernetes", user: "tls-bootstrap-token-user" } }],
    users: [{ name: "tls-bootstrap-token-user", user: { token: input.credentials.token } }],
  });
}
