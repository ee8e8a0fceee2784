import { request as httpsRequest, type Agent } from "node:https";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { KubeAnswer, KubeRequest } from "../../ports/kube-api.ts";

/** What is known of a request, also when it failed or was given up. Written by `exchange`. */
export interface Progress {
  /** Bytes of it may be with the server. false: not one is. */
  mayHaveBeenSent: boolean;
  /** It went out on a connection that an earlier request was answered on. */
  isOnKeptConnection: boolean;
  /** The head of an answer came. */
  isAnswered: boolean;
}

export interface Exchange {
  readonly agent: Agent;
  readonly target: { readonly socketPath: string } | { readonly address: string; readonly port: number };
  /** In the Host header, where the target has no address. */
  readonly serverName: string;
  /** Releases the caller at once with its reason, also before there is a connection; nothing is sent after that. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

const defaultAnswerBytesMax = 32 * 1024 * 1024;

/** One request and its answer. Rejects with what Node says, the signal's reason, or REMOTE_OUTPUT_TOO_LARGE. */
export function exchange(request: KubeRequest, { agent, target, serverName, signal, progress }: Exchange): Promise<KubeAnswer> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const sent = httpsRequest({
      agent,
      ...("socketPath" in target ? { socketPath: target.socketPath, host: serverName } : { host: target.address, port: target.port }),
      method: request.method,
      path: request.path,
      headers: headersOf(request, body),
    });
    const fail = (error: Error) => {
      reject(error);
      sent.destroy();
    };
    signal.addEventListener("abort", () => fail(signal.reason as Error), { once: true });
    sent.on("socket", (socket: Socket) => {
      if (socket instanceof TLSSocket && socket.authorized) {
        progress.isOnKeptConnection = true;
        progress.mayHaveBeenSent = true;
      } else {
        // Node holds the request back until the handshake is done and the certificate checked.
        socket.once("secureConnect", () => (progress.mayHaveBeenSent = true));
      }
    });
    sent.on("response", (answer) => {
      progress.isAnswered = true;
      collect(answer, request, { resolve, fail });
    });
    sent.on("error", fail);
    // An answer that is no answer (101) ends without another event. After a whole answer this comes too late to matter.
    sent.on("close", () => reject(Object.assign(new Error("the connection was closed"), { code: "ECONNRESET" })));
    sent.end(body);
  });
}

function headersOf(request: KubeRequest, body: string | undefined): { readonly [name: string]: string } {
  return {
    accept: request.accept ?? "application/json",
    "user-agent": "requorum",
    ...(request.bearerToken === undefined ? {} : { authorization: `Bearer ${request.bearerToken}` }),
    ...(body === undefined
      ? {}
      : {
          "content-type": request.contentType ?? "application/json",
          // Node sends a DELETE's body without its length otherwise.
          "content-length": String(Buffer.byteLength(body)),
        }),
  };
}

function collect(
  answer: IncomingMessage,
  request: KubeRequest,
  { resolve, fail }: { readonly resolve: (answer: KubeAnswer) => void; readonly fail: (error: Error) => void },
): void {
  const bytesMax = request.answerBytesMax ?? defaultAnswerBytesMax;
  const chunks: Buffer[] = [];
  let size = 0;
  answer.on("data", (bytes: Buffer) => {
    size += bytes.length;
    if (size <= bytesMax) {
      chunks.push(bytes);
      return;
    }
    fail(
      new RecoveryError("REMOTE_OUTPUT_TOO_LARGE", {
        subject: "API server's answer",
        detail: `${request.method} ${request.path} gave more than ${String(bytesMax)} bytes`,
      }),
    );
  });
  answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") }));
  answer.on("error", fail); // cut off: ECONNRESET, "aborted"
}
