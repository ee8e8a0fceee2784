import { createSecureContext, type SecureContext } from "node:tls";
import type { HostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { KubeAnswer, KubeApi, KubeRequest } from "../../ports/kube-api.ts";
import { exchange, type Progress } from "./https-exchange.ts";
import { KubeAgent, connectionsMax } from "./kube-agent.ts";
import type { KubeCredentials } from "./kube-credentials.ts";
import { toRecoveryError } from "./to-recovery-error.ts";

export interface HttpsKubeApiOptions {
  readonly host: HostName;
  /** A Unix socket that leads to the API server, or its address and port. */
  readonly target: { readonly socketPath: string } | { readonly address: string; readonly port: number };
  readonly credentials: KubeCredentials;
  /** The server's certificate must name one of these; the first goes into SNI. */
  readonly serverNames: readonly [string, ...string[]];
  /** Run once when the client is closed: takes the way to the server down. */
  readonly onClose: () => Promise<void>;
}

/** What a request on a connection that the server closed ends with. */
const lostConnectionCodes: readonly unknown[] = ["ECONNRESET", "EPIPE"];

/** One API server through Node's own HTTPS. See the port for what it promises. */
export class HttpsKubeApi implements KubeApi {
  readonly host: HostName;
  readonly #options: HttpsKubeApiOptions;
  readonly #asAdministrator: KubeAgent;
  /** A client certificate wins over a token (kube-apiserver asks its authenticators in that order), so tokens travel without one. */
  #withToken: KubeAgent | undefined;
  readonly #underWay = new Set<AbortController>();
  #closing: Promise<void> | undefined;

  /** Connects with the first request. KUBE_API_TLS when the certificates cannot be used at all. */
  constructor(options: HttpsKubeApiOptions) {
    this.host = options.host;
    this.#options = options;
    const { certificate, key, ca, source } = options.credentials;
    let secureContext: SecureContext;
    try {
      // A list: an empty text outside of one would stand for the CAs that Node brings along.
      secureContext = createSecureContext({ ca: [ca], cert: certificate, key });
    } catch (error) {
      const text = error instanceof Error ? error.message : "unknown"; // OpenSSL's text names the defect and never the key's content
      throw new RecoveryError("KUBE_API_TLS", {
        subject: `API server on ${options.host}`,
        detail: `the client certificate in ${source} cannot be used: ${text}`,
        cause: error,
      });
    }
    this.#asAdministrator = new KubeAgent({ secureContext, serverNames: options.serverNames });
  }

  async request(request: KubeRequest): Promise<KubeAnswer> {
    if (this.#closing !== undefined) throw new Error(`the API client of ${this.host} was used after close()`);
    const { signal } = request;
    const what = `${request.method} ${request.path}`;
    if (signal?.aborted === true) {
      throw new RecoveryError("INTERRUPTED", {
        subject: `API server on ${this.host}`,
        detail: `${what} was not sent`,
        retry: "transient",
        cause: signal.reason,
      });
    }
    const limit = new AbortController();
    const giveUp = () => limit.abort();
    let hasTimedOut = false;
    const timer = setTimeout(() => {
      hasTimedOut = true;
      limit.abort();
    }, request.timeoutMs);
    signal?.addEventListener("abort", giveUp, { once: true });
    this.#underWay.add(limit);
    const progress: Progress = { mayHaveBeenSent: false, isOnKeptConnection: false, isAnswered: false };
    try {
      return await this.#send(request, limit.signal, progress);
    } catch (error) {
      throw toRecoveryError(error, {
        host: this.host,
        what,
        isWrite: request.method !== "GET",
        timeoutMs: request.timeoutMs,
        mayHaveBeenSent: progress.mayHaveBeenSent,
        hasTimedOut,
        ...(signal === undefined ? {} : { signal }),
      });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", giveUp);
      this.#underWay.delete(limit);
    }
  }

  /** Requests that are under way fail as with a connection that is lost. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      const reason = Object.assign(new Error("the client was closed"), { code: "ERR_CLIENT_CLOSED" });
      for (const limit of this.#underWay) limit.abort(reason);
      this.#asAdministrator.destroy();
      this.#withToken?.destroy();
      await this.#options.onClose();
    })();
    return this.#closing;
  }

  /**
   * A server may close a kept connection while a request is on its way to it.
   * A GET is then sent once more; a write is not, nobody knows what became of it.
   */
  async #send(request: KubeRequest, signal: AbortSignal, progress: Progress): Promise<KubeAnswer> {
    const { target, serverNames } = this.#options;
    const agent = this.#agentFor(request);
    const given = { agent, target, serverName: serverNames[0], signal, progress };
    await agent.turns.take(signal);
    try {
      for (let connectionsLost = 0; ; connectionsLost += 1) {
        // What is sent again is a GET: how the one before ended no longer matters to anybody.
        progress.isOnKeptConnection = false;
        progress.mayHaveBeenSent = false;
        try {
          return await exchange(request, given);
        } catch (error) {
          const mayTryAgain = request.method === "GET" && !signal.aborted && wasClosedBefore(error, progress);
          // Each such failure uses up one kept connection, and there are no more than connectionsMax.
          if (!mayTryAgain || connectionsLost === connectionsMax) throw error;
        }
      }
    } finally {
      agent.turns.give();
    }
  }

  #agentFor(request: KubeRequest): KubeAgent {
    if (request.bearerToken === undefined) return this.#asAdministrator;
    this.#withToken ??= new KubeAgent({
      secureContext: createSecureContext({ ca: [this.#options.credentials.ca] }),
      serverNames: this.#options.serverNames,
    });
    return this.#withToken;
  }
}

/** The server closed a kept connection just before the request came, as far as one can tell. */
function wasClosedBefore(error: unknown, progress: Progress): boolean {
  const isLost = error instanceof Error && "code" in error && lostConnectionCodes.includes(error.code);
  return isLost && progress.isOnKeptConnection && !progress.isAnswered;
}
