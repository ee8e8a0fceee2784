/**
 * The only place, with tls-words.ts, that looks at error codes of Node's HTTPS, TLS and sockets.
 * Each mapping names what was observed (Node 24, kube-apiserver
 * 1.34 behind an OpenSSH forward; test/contracts repeats the observations).
 */
import type { HostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { Retry } from "../../model/error-catalogue.ts";
import { tlsWords } from "./tls-words.ts";

export interface FailedRequest {
  readonly host: HostName;
  /** "GET /readyz?verbose": paths of the Kubernetes API hold no secrets. */
  readonly what: string;
  readonly isWrite: boolean;
  readonly timeoutMs: number;
  /** false: its own connection's handshake was never completed (or it never had one), so nothing was sent. */
  readonly mayHaveBeenSent: boolean;
  readonly hasTimedOut: boolean;
  readonly signal?: AbortSignal;
}

/**
 * Expired: CERT_HAS_EXPIRED. Another CA: UNABLE_TO_VERIFY_LEAF_SIGNATURE, SELF_SIGNED_CERT_IN_CHAIN,
 * DEPTH_ZERO_SELF_SIGNED_CERT, CERT_SIGNATURE_FAILURE, UNABLE_TO_GET_ISSUER_CERT(_LOCALLY). A name that is not in it:
 * ERR_TLS_CERT_ALTNAME_INVALID. A certificate that is not for servers: INVALID_PURPOSE. Alerts: ERR_SSL_…. Plain text
 * where TLS was expected: EPROTO with OpenSSL's text. Credentials that OpenSSL cannot use: ERR_OSSL_….
 */
const tlsCodes =
  /^(?:CERT_|CRL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_CA$|INVALID_PURPOSE$|PATH_LENGTH_EXCEEDED$|ERROR_IN_CERT_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|EPROTO$)/;

/** A RecoveryError is passed on; what has no `code` is a bug and stays what it is. */
export function toRecoveryError(error: unknown, request: FailedRequest): unknown {
  if (error instanceof RecoveryError) return error;
  const subject = `API server on ${request.host}`;
  const lost: Retry = request.isWrite && request.mayHaveBeenSent ? "unknown-outcome" : "transient";
  if (request.signal?.aborted === true) {
    return new RecoveryError("INTERRUPTED", {
      subject,
      detail: `${request.what} was given up before it was answered`,
      retry: lost,
      cause: error,
    });
  }
  if (request.hasTimedOut) {
    // Our own timer: a frozen process, a TLS handshake that hangs, an API server that waits for etcd.
    return new RecoveryError("KUBE_API_UNREACHABLE", {
      subject,
      detail: `${request.what}: no answer within ${String(request.timeoutMs)} ms`,
      retry: lost,
      cause: error,
    });
  }
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return error;
  if (tlsCodes.test(error.code)) {
    return new RecoveryError("KUBE_API_TLS", {
      subject,
      detail: `${request.what}: ${tlsWords(error, error.code)} (${error.code})`,
      retry: lost === "unknown-outcome" ? lost : "permanent",
      cause: error,
    });
  }
  // Nobody listens: behind a forward ECONNRESET ("Client network socket disconnected before secure TLS connection was
  // established"), directly ECONNREFUSED; the forward itself is gone: ENOENT, ECONNREFUSED. No way to the address:
  // ENOTFOUND, EHOSTUNREACH, ENETUNREACH, ETIMEDOUT. The server died: ECONNRESET ("socket hang up", "aborted"), EPIPE.
  // Something that is no HTTP came: HPE_….
  const what = request.mayHaveBeenSent ? "the connection was lost before the answer came" : "no connection";
  return new RecoveryError("KUBE_API_UNREACHABLE", {
    subject,
    detail: `${request.what}: ${what}: ${textOf(error)} (${error.code})`,
    retry: lost,
    cause: error,
  });
}

/** An address name that stands for several addresses: Node's error has one per address and no text of its own. */
function textOf(error: Error): string {
  if (error.message !== "" || !(error instanceof AggregateError)) return error.message;
  return error.errors.map((one: unknown) => (one instanceof Error ? one.message : "unknown")).join(", ");
}
