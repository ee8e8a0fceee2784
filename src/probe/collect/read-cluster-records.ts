/** What the cluster says of itself through one of its API servers, as it says it: JSON, kept for whoever builds it again. */
import type { HostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { KubeApi, KubeApiDialer } from "../../ports/kube-api.ts";

const records = [
  { name: "version.json", path: "/version" },
  { name: "kubeadm-config.json", path: "/api/v1/namespaces/kube-system/configmaps/kubeadm-config" },
  { name: "kubelet-config.json", path: "/api/v1/namespaces/kube-system/configmaps/kubelet-config" },
  { name: "kube-proxy.json", path: "/api/v1/namespaces/kube-system/configmaps/kube-proxy" },
  { name: "cluster-info.json", path: "/api/v1/namespaces/kube-public/configmaps/cluster-info" },
  { name: "nodes.json", path: "/api/v1/nodes?limit=5000" },
] as const;

/** An API server that is well answers within milliseconds; a list of nodes within a second. */
const timeoutMs = 10_000;
/** 5000 nodes have some 50 MiB. */
const answerBytesMax = 64 * 1024 * 1024;

export interface ClusterRecord {
  readonly name: string;
  readonly content: Uint8Array;
}

export interface ClusterRecords {
  readonly records: readonly ClusterRecord[];
  /** Of the machine whose API server answered; undefined: none did, and `problems` say why. */
  readonly via: HostName | undefined;
  readonly kubernetesVersion: string | undefined;
  /** Records that the cluster should have and did not give, in words. One that it does not have (404) is none. */
  readonly problems: readonly string[];
}

/** Asks one API server after the other until one answers. Rejects only when aborted. */
export async function readClusterRecords(kube: KubeApiDialer, hosts: readonly HostName[], signal: AbortSignal): Promise<ClusterRecords> {
  const problems: string[] = [];
  for (const host of hosts) {
    try {
      const api = await kube.dial(host, { timeoutMs, signal });
      try {
        return await readThrough(api, signal);
      } finally {
        await api.close();
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof RecoveryError)) throw error;
      problems.push(`${host}: ${error.detail} (${error.code})`);
    }
  }
  return { records: [], via: undefined, kubernetesVersion: undefined, problems };
}

async function readThrough(api: KubeApi, signal: AbortSignal): Promise<ClusterRecords> {
  const found: ClusterRecord[] = [];
  const problems: string[] = [];
  let kubernetesVersion: string | undefined;
  for (const { name, path } of records) {
    const answer = await api.request({ method: "GET", path, timeoutMs, answerBytesMax, signal });
    if (answer.status === 200) {
      found.push({ name, content: new TextEncoder().encode(answer.text) });
      if (name === "version.json") kubernetesVersion = versionIn(answer.text);
    } else if (answer.status !== 404) {
      if (name === "version.json")
        throw new RecoveryError("KUBE_API_REFUSED", {
          subject: `host ${api.host}`,
          detail: `GET ${path} was answered with status ${String(answer.status)}`,
        });
      problems.push(`${name}: the API server on ${api.host} answered with status ${String(answer.status)}`);
    }
  }
  return { records: found, via: api.host, kubernetesVersion, problems };
}

function versionIn(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const version = typeof value === "object" && value !== null ? (value as { readonly gitVersion?: unknown }).gitVersion : undefined;
    return typeof version === "string" && version.length < 100 ? version : undefined;
  } catch {
    return undefined;
  }
}
