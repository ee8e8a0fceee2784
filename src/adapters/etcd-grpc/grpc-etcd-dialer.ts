import type { ClusterConfig, HostConfig } from "../../model/cluster-config.ts";
import { configuredHost } from "../../model/configured-host.ts";
import type { HostName } from "../../model/ids.ts";
import type { CallOptions, EtcdClient, EtcdDialer } from "../../ports/etcd-client.ts";
import type { Forward, HostAccess } from "../../ports/host-access.ts";
import type { EtcdAddress } from "./etcd-address.ts";
import { readEtcdCredentials, usualCertificatePaths, type CertificatePaths } from "./etcd-credentials.ts";

export interface GrpcEtcdDialerOptions {
  readonly hostAccess: HostAccess;
  readonly config: ClusterConfig;
  /**
   * "forward" (default): through an SSH forward to the host's own loopback, so
   * that this machine need not reach 2379. "direct": TCP to the host's address.
   */
  readonly reach?: "forward" | "direct";
  /** Where the host's certificates may be; default: the usual places of kubeadm and kubespray. */
  readonly certificatePaths?: (host: HostConfig) => readonly CertificatePaths[];
  /** Where the host's etcd listens, as seen from the host itself, or from here with "direct". */
  readonly endpoint?: (host: HostConfig) => { readonly address: string; readonly port: number };
  readonly flowControlWindowBytes?: number;
}

const clientPort = 2379;

/**
 * Dials one etcd per host. Every dial reads the certificates anew (they may
 * have been renewed) and in the same time opens the way to the endpoint.
 * grpc-js is loaded with the first dial.
 */
export function createGrpcEtcdDialer(options: GrpcEtcdDialerOptions): EtcdDialer {
  return new GrpcEtcdDialer(options);
}

interface Way {
  readonly address: EtcdAddress;
  close(): Promise<void>;
}

class GrpcEtcdDialer implements EtcdDialer {
  readonly #options: GrpcEtcdDialerOptions;
  readonly #clients = new Set<EtcdClient>();
  #isClosed = false;

  constructor(options: GrpcEtcdDialerOptions) {
    this.#options = options;
  }

  /** USAGE when the host is not configured; ETCD_CREDENTIALS_MISSING, ETCD_TLS; errors of HostAccess as they are. */
  async dial(name: HostName, call: CallOptions): Promise<EtcdClient> {
    if (this.#isClosed) throw new Error("the etcd dialer was used after close()");
    const host = configuredHost(this.#options.config, name);
    const [credentials, way, { GrpcEtcdClient }] = await this.#prepare(host, call);
    try {
      const client: EtcdClient = new GrpcEtcdClient({
        host: name,
        address: way.address,
        credentials,
        // kubeadm puts localhost, the host's name and its address into server.crt; others at least the address.
        serverNames: ["localhost", host.address, host.name, "127.0.0.1"],
        ...(this.#options.flowControlWindowBytes === undefined ? {} : { flowControlWindowBytes: this.#options.flowControlWindowBytes }),
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

  /** All three at once; when one fails, a way that was opened is closed again and the first failure is thrown. */
  async #prepare(host: HostConfig, call: CallOptions) {
    const candidates = this.#options.certificatePaths?.(host) ?? usualCertificatePaths(this.#options.config, host.name);
    const wayOpened = this.#openWay(host, call);
    try {
      return await Promise.all([
        readEtcdCredentials(this.#options.hostAccess, host.name, { ...call, candidates }),
        wayOpened,
        // Loading takes the processor for a while: not before every machine has been asked.
        wayOpened.then(() => import("./grpc-etcd-client.ts")),
      ]);
    } catch (error) {
      await wayOpened.then(
        (way) => way.close(),
        () => undefined,
      ); // its own failure is the one thrown, or a second one of the same host
      throw error;
    }
  }

  async #openWay(host: HostConfig, call: CallOptions): Promise<Way> {
    const endpoint = this.#options.endpoint?.(host);
    if (this.#options.reach === "direct") {
      const { address, port } = endpoint ?? { address: host.address, port: clientPort };
      return { address: { host: address, port }, close: () => Promise.resolve() };
    }
    const target = endpoint ?? { address: "127.0.0.1", port: clientPort };
    const forward: Forward = await this.#options.hostAccess.forward(host.name, { ...target, timeoutMs: call.timeoutMs });
    return { address: { path: forward.socketPath }, close: () => forward.close() };
  }
}
