import type { ClusterConfig, HostConfig } from "../../model/cluster-config.ts";
import { configuredHost } from "../../model/configured-host.ts";
import type { HostName } from "../../model/ids.ts";
import type { HostAccess } from "../../ports/host-access.ts";
import type { KubeApi, KubeApiDialer } from "../../ports/kube-api.ts";
import { HttpsKubeApi } from "./https-kube-api.ts";
import { readKubeCredentials } from "./kube-credentials.ts";

export interface HttpsKubeApiDialerOptions {
  readonly hostAccess: HostAccess;
  readonly config: ClusterConfig;
  /** "forward" (default): through an SSH forward to the host's own loopback. "direct": TCP to the host's address. */
  readonly reach?: "forward" | "direct";
  /** kubeconfig files to look for, best first; default: kubeadm's admin.conf, then super-admin.conf. */
  readonly kubeconfigPaths?: (host: HostConfig) => readonly string[];
  /** Where the host's API server listens, as seen from the host itself, or from here with "direct". */
  readonly endpoint?: (host: HostConfig) => { readonly address: string; readonly port: number };
}

/** kubeadm's default bindPort; its API servers listen on all addresses. */
const apiServerPort = 6443;

interface Way {
  readonly target: { readonly socketPath: string } | { readonly address: string; readonly port: number };
  close(): Promise<void>;
}

/** Dials one API server per host. */
export function createHttpsKubeApiDialer(options: HttpsKubeApiDialerOptions): KubeApiDialer {
  return new HttpsKubeApiDialer(options);
}

class HttpsKubeApiDialer implements KubeApiDialer {
  readonly #options: HttpsKubeApiDialerOptions;
  readonly #clients = new Set<KubeApi>();
  #isClosed = false;

  constructor(options: HttpsKubeApiDialerOptions) {
    this.#options = options;
  }

  /** USAGE when the host is not configured; KUBE_CREDENTIALS_MISSING, KUBE_API_TLS; errors of HostAccess as they are. */
  async dial(name: HostName, call: { readonly timeoutMs: number; readonly signal?: AbortSignal }): Promise<KubeApi> {
    if (this.#isClosed) throw new Error("the API dialer was used after close()");
    const host = configuredHost(this.#options.config, name);
    const [credentials, way] = await this.#prepare(host, call);
    try {
      const client: KubeApi = new HttpsKubeApi({
        host: name,
        target: way.target,
        credentials,
        // kubeadm puts "kubernetes", the host's name and its address into every apiserver.crt.
        serverNames: ["kubernetes", host.address, host.name],
        onClose: async () => {
          this.#clients.delete(client);
          await way.close();
        },
      });
      this.#clients.add(client);
      return client;
    } catch (error) {
      await way.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#clients].map((client) => client.close()));
  }

  /** All at once; when one fails, a way that was opened is closed again and the first failure is thrown. */
  async #prepare(host: HostConfig, call: { readonly timeoutMs: number; readonly signal?: AbortSignal }) {
    const candidates = this.#options.kubeconfigPaths?.(host) ?? usualKubeconfigPaths(this.#options.config);
    const wayOpened = this.#openWay(host, call.timeoutMs);
    try {
      return await Promise.all([readKubeCredentials(this.#options.hostAccess, host.name, { ...call, candidates }), wayOpened]);
    } catch (error) {
      await wayOpened.then(
        (way) => way.close(),
        () => undefined,
      ); // its own failure is the one thrown, or a second one of the same host
      throw error;
    }
  }

  async #openWay(host: HostConfig, timeoutMs: number): Promise<Way> {
    const endpoint = this.#options.endpoint?.(host);
    if (this.#options.reach === "direct") {
      return { target: endpoint ?? { address: host.address, port: apiServerPort }, close: () => Promise.resolve() };
    }
    const forward = await this.#options.hostAccess.forward(host.name, {
      ...(endpoint ?? { address: "127.0.0.1", port: apiServerPort }),
      timeoutMs,
    });
    return { target: { socketPath: forward.socketPath }, close: () => forward.close() };
  }
}

/** kubeadm keeps them beside its pki directory; super-admin.conf exists since 1.29, where `kubeadm init` ran. */
function usualKubeconfigPaths(config: ClusterConfig): readonly string[] {
  const directory = config.paths.pkiDir.replace(/\/[^/]+\/?$/, "");
  return [`${directory}/admin.conf`, `${directory}/super-admin.conf`];
}
