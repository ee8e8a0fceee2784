import { checkServerIdentity, createSecureContext, type PeerCertificate } from "node:tls";
import { setImmediate } from "node:timers/promises";
import { Pool } from "undici";
import type { HostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { KubeAnswer, KubeApi, KubeRequest } from "../../ports/kube-api.ts";
import type { KubeCredentials } from "./kube-credentials.ts";
import { toRecoveryError } from "./to-recovery-error.ts";

export interface UndiciKubeApiOptions {
  readonly host: HostName;
  /** A Unix socket that leads to the API server, or its address and port. */
  readonly target: { readonly socketPath: string } | { readonly address: string; readonly port: number };
  readonly credentials: KubeCredentials;
  /** The server's certificate must name one of these; the first goes into SNI. */
  readonly serverNames: readonly [string, ...string[]];
  /** Run once when the client is closed: takes the way to the server down. */
  readonly onClose: () => Promise<void>;
}

/** Requests to one server that run side by side; more wait for their turn. */
const connectionsMax = 4;
const defaultAnswerBytesMax = 32 * 1024 * 1024;

/** Connections of one identity, and how many stand: to know whether a request can have been sent. */
interface Connections {
  readonly pool: Pool;
  standing: number;
  /** Ever made. */
  made: number;
}

/** One API server through undici. See the port for what it promises. */
export class UndiciKubeApi implements KubeApi {
  readonly host: HostName;
  readonly #options: UndiciKubeApiOptions;
  readonly #asAdministrator: Connections;
  /** A client certificate wins over a token (kube-apiserver asks its authenticators in that order), so tokens travel without one. */
  #withToken: Connections | undefined;
  #closing: Promise<void> | undefined;

  /** Connects with the first request. KUBE_API_TLS when the certificates cannot be used at all. */
  constructor(options: UndiciKubeApiOptions) {
    this.host = options.host;
    this.#options = options;
    const { certificate, key, ca, source } = options.credentials;
    try {
      createSecureContext({ ca, cert: certificate, key });
    } catch (error) {
      const text = error instanceof Error ? error.message : "unknown"; // OpenSSL's text names the defect and never the key's content
      throw new RecoveryError("KUBE_API_TLS", {
        subject: `API server on ${options.host}`,
        detail: `the client certificate in ${source} cannot be used: ${text}`,
        cause: error,
      });
    }
    this.#asAdministrator = connectionsTo(options, { cert: certificate, key });
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
    const connections = this.#connectionsFor(request);
    const [stoodBefore, madeBefore] = [connections.standing > 0, connections.made];
    const limit = new AbortController();
    const giveUp = () => limit.abort();
    let hasTimedOut = false;
    const timer = setTimeout(() => {
      hasTimedOut = true;
      limit.abort();
    }, request.timeoutMs);
    signal?.addEventListener("abort", giveUp, { once: true });
    try {
      return await untilAborted(exchange(connections.pool, request, limit.signal), limit.signal);
    } catch (error) {
      throw toRecoveryError(error, {
        host: this.host,
        what,
        isWrite: request.method !== "GET",
        timeoutMs: request.timeoutMs,
        mayHaveBeenSent: stoodBefore || connections.made > madeBefore,
        hasTimedOut,
        ...(signal === undefined ? {} : { signal }),
      });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", giveUp);
    }
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      await this.#asAdministrator.pool.destroy();
      await this.#withToken?.pool.destroy();
      await this.#options.onClose();
    })();
    return this.#closing;
  }

  #connectionsFor(request: KubeRequest): Connections {
    if (request.bearerToken === undefined) return this.#asAdministrator;
    this.#withToken ??= connectionsTo(this.#options, {});
    return this.#withToken;
  }
}

function connectionsTo(options: UndiciKubeApiOptions, identity: { readonly cert?: string; readonly key?: string }): Connections {
  const { target, serverNames } = options;
  const [serverName] = serverNames;
  const origin =
    "socketPath" in target
      ? `https://${serverName}`
      : `https://${target.address.includes(":") ? `[${target.address}]` : target.address}:${String(target.port)}`;
  const pool = new Pool(origin, {
    connections: connectionsMax,
    pipelining: 1,
    // The request's own signal is the limit. Only an attempt to connect may outlive its request: it gets undici's usual limit.
    connectTimeout: 10_000,
    headersTimeout: 0,
    bodyTimeout: 0,
    maxCachedSessions: 0, // a resumed session is not checked against the certificate again
    connect: {
      ...("socketPath" in target ? { socketPath: target.socketPath } : {}),
      ...identity,
      ca: options.credentials.ca,
      servername: serverName,
      checkServerIdentity: (_name: string, certificate: PeerCertificate) => {
        const problems = serverNames.map((name) => checkServerIdentity(name, certificate));
        return problems.includes(undefined) ? undefined : problems[0];
      },
    },
  });
  const connections: Connections = { pool, standing: 0, made: 0 };
  pool.on("connect", () => {
    connections.standing += 1;
    connections.made += 1;
  });
  pool.on("disconnect", () => (connections.standing -= 1));
  return connections;
}

/**
 * undici notices an abort only once the request has a connection (observed on
 * 7.30 with a TLS handshake that hangs); it is never sent after that. Here the
 * caller is released at once, and what the request comes to later is nobody's.
 */
function untilAborted<T>(exchanged: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(new Error("given up")), { once: true });
    exchanged.then(resolve, reject);
  });
}

async function exchange(pool: Pool, request: KubeRequest, signal: AbortSignal): Promise<KubeAnswer> {
  const headers: { [name: string]: string } = { accept: "application/json", "user-agent": "requorum" };
  if (request.bearerToken !== undefined) headers["authorization"] = `Bearer ${request.bearerToken}`;
  if (request.body !== undefined) headers["content-type"] = request.contentType ?? "application/json";
  const answer = await pool.request({
    method: request.method,
    path: request.path,
    headers,
    signal,
    body: request.body === undefined ? null : JSON.stringify(request.body),
  });
  const bytesMax = request.answerBytesMax ?? defaultAnswerBytesMax;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer.body) {
    const bytes = chunk as Buffer; // undici's body yields Buffers until an encoding is set
    size += bytes.length;
    if (size > bytesMax) {
      // Leaving the loop ends the stream and its connection.
      throw new RecoveryError("REMOTE_OUTPUT_TOO_LARGE", {
        subject: "API server's answer",
        detail: `${request.method} ${request.path} gave more than ${String(bytesMax)} bytes`,
      });
    }
    chunks.push(bytes);
  }
  // undici takes its connection back one turn later; a request made before that would open another (one more TLS handshake).
  await setImmediate();
  return { status: answer.statusCode, text: Buffer.concat(chunks).toString("utf8") };
}
