/**
 * The only place that looks at gRPC codes and the texts of grpc-js, Node's TLS
 * and etcd. Each mapping names what was observed (grpc-js 1.14.7, Node 24,
 * etcd 3.5.35, 3.6.16, 3.7.3; test/contracts/etcd-client.contract.ts repeats
 * the observations).
 */
import { status as grpcStatus, type ServiceError } from "@grpc/grpc-js";
import type { HostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { ErrorCode, Retry } from "../../model/error-catalogue.ts";

export interface FailedCall {
  readonly host: HostName;
  /** The RPC's name: "MemberRemove". */
  readonly rpc: string;
  readonly isWrite: boolean;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && "details" in error && typeof error.details === "string";
}

/** A page was larger than the channel accepts: ask for fewer keys. grpc-js: "Received message larger than max (… vs …)". */
export function isAnswerTooLarge(error: unknown): boolean {
  return (
    isServiceError(error) && error.code === grpcStatus.RESOURCE_EXHAUSTED && error.details.startsWith("Received message larger than max")
  );
}

/** A RecoveryError is passed on; a bug (anything that is not gRPC's) stays what it is. */
export function toRecoveryError(error: unknown, call: FailedCall): unknown {
  if (error instanceof RecoveryError || !isServiceError(error)) return error;
  const { code, retry, detail } = judge(error, call);
  return new RecoveryError(code, { subject: `etcd on ${call.host}`, detail: `${call.rpc}: ${detail}`, retry, cause: error });
}

interface Judgement {
  readonly code: ErrorCode;
  readonly retry: Retry;
  readonly detail: string;
}

/**
 * grpc-js says so when a call never got a connection, hence was never sent:
 * the connection failed, or its TLS handshake took until the deadline. Should
 * these words change, a write is taken for sent, which is the safe side.
 */
const neverSent = /^No connection established|^Name resolution failed|Waiting for LB pick/;

/** What is known of the effect when the answer is missing. */
function afterLoss(error: ServiceError, call: FailedCall): Retry {
  return call.isWrite && !neverSent.test(error.details) ? "unknown-outcome" : "transient";
}

function judge(error: ServiceError, call: FailedCall): Judgement {
  const text = wordsOf(error.details);
  const lost = afterLoss(error, call);
  switch (error.code) {
    case grpcStatus.CANCELLED:
      // Our own abort; etcd itself sends it only for calls that the client gave up.
      return {
        code: call.signal?.aborted === true ? "INTERRUPTED" : "ETCD_UNREACHABLE",
        retry: lost,
        detail: "the call was given up before it was answered",
      };
    case grpcStatus.DEADLINE_EXCEEDED:
      // Frozen process (SIGSTOP), with the connection made before or its TLS handshake hanging; linearizable
      // calls to a member whose peers are gone. The deadline is ours.
      return { code: "ETCD_TIMEOUT", retry: lost, detail: `no answer within ${String(call.timeoutMs)} ms` };
    case grpcStatus.UNAVAILABLE:
      return text.startsWith("etcdserver: ") ? unavailableEtcd(text, lost) : unavailableConnection(error, text, lost);
    case grpcStatus.INTERNAL:
      // RST_STREAM and broken HTTP/2 sessions; grpc-js reports some lost connections so.
      return { code: "ETCD_UNREACHABLE", retry: lost, detail: `the connection broke: ${text}` };
    case grpcStatus.FAILED_PRECONDITION:
      return { code: "ETCD_REFUSED", retry: passingRefusals.has(text) ? "transient" : "permanent", detail: text };
    case grpcStatus.RESOURCE_EXHAUSTED:
      // "etcdserver: too many requests" passes; "mvcc: database space exceeded" does not.
      return { code: "ETCD_REFUSED", retry: text === "etcdserver: too many requests" ? "transient" : "permanent", detail: text };
    case grpcStatus.INVALID_ARGUMENT:
    case grpcStatus.NOT_FOUND: // no such member
    case grpcStatus.OUT_OF_RANGE: // a compacted revision, a future revision
    case grpcStatus.PERMISSION_DENIED:
    case grpcStatus.UNAUTHENTICATED:
    case grpcStatus.DATA_LOSS: // CORRUPT alarm
    case grpcStatus.UNIMPLEMENTED: // an etcd older than the RPC
    case grpcStatus.UNKNOWN: // errors that etcd has no code for
    case grpcStatus.ABORTED:
    case grpcStatus.ALREADY_EXISTS:
    case grpcStatus.OK:
      // etcd answered, and says no.
      return { code: "ETCD_REFUSED", retry: "permanent", detail: text };
  }
}

/** etcd refuses now and may accept in a moment: a learner that is still catching up, a member that just lost its leadership. */
const passingRefusals: ReadonlySet<string> = new Set([
  "etcdserver: can only promote a learner member which is in sync with leader",
  "etcdserver: not leader",
]);

/** etcd's own UNAVAILABLE errors: api/v3rpc/rpctypes/error.go of etcd 3.6. */
function unavailableEtcd(text: string, lost: Retry): Judgement {
  switch (text) {
    case "etcdserver: no leader":
      // From the interceptor that honours our `hasleader` header: before the request was looked at, so without effect.
      return { code: "ETCD_NO_LEADER", retry: "transient", detail: text };
    case "etcdserver: unhealthy cluster":
      // Strict reconfiguration check, before anything is proposed: also seen in the first 5 s after a peer connected.
      return { code: "ETCD_REFUSED", retry: "transient", detail: text };
    case "etcdserver: rpc not supported for learner":
      // 3.4 and 3.5 answer UNAVAILABLE, 3.6 and later FAILED_PRECONDITION.
      return { code: "ETCD_REFUSED", retry: "permanent", detail: text };
    case "etcdserver: leader changed":
      return { code: "ETCD_NO_LEADER", retry: lost, detail: text };
    default:
      // "request timed out[, possibly due to …]", "server stopped": the request was proposed and may be committed yet.
      return { code: "ETCD_TIMEOUT", retry: lost, detail: text };
  }
}

/**
 * Node's and OpenSSL's words for TLS trouble, as observed:
 * expired server certificate: "certificate has expired"; another CA: "unable to verify the first certificate",
 * "self-signed certificate in certificate chain", "certificate signature failure"; a name that is not in it:
 * "Hostname/IP does not match certificate's altnames"; client certificate of another CA, expired or missing: an alert
 * ("tlsv1 alert unknown ca", "sslv3/ssl/tls alert bad certificate", "alert certificate required");
 * plain text where TLS was expected: "wrong version number", "packet length too long".
 */
const tlsTrouble =
  /certificate|alert|altnames|unable to (?:verify|get)|wrong version number|UNABLE_TO_VERIFY|packet length too long|SSL routines|CERT_|ERR_TLS|ERR_SSL/i;

function unavailableConnection(error: ServiceError, text: string, lost: Retry): Judgement {
  if (tlsTrouble.test(text)) return { code: "ETCD_TLS", retry: lost === "unknown-outcome" ? lost : "permanent", detail: text };
  // Nobody listens: behind an SSH forward the socket opens and closes at once ("Client network socket disconnected
  // before secure TLS connection was established"), directly "connect ECONNREFUSED"; grpc-js says "No connection
  // established" for both. A process that dies during the call: "read ECONNRESET", "Connection dropped".
  const what = neverSent.test(error.details) ? "no connection" : "the connection was lost before the answer came";
  return { code: "ETCD_UNREACHABLE", retry: lost, detail: `${what}: ${text}` };
}

/**
 * The words that mean something: grpc-js appends the time of the last failure
 * and a resolver's note, Node a hint about its own options, OpenSSL source
 * files. An alert is the server's judgement of our client certificate.
 */
function wordsOf(details: string): string {
  const alert = /SSL routines:[^:]*:([^:]*alert[^:]*):/.exec(details)?.[1];
  if (alert !== undefined) return `the server does not accept our client certificate (${alert})`;
  return details
    .replace(/^Error(?: \[[A-Z_]+\])?: /, "")
    .replace(/; if the root CA is installed locally.*$/, "")
    .replace(/^No connection established\. Last error: (?:Error(?: \[[A-Z_]+\])?: )?/, "")
    .replace(/ \(\d{4}-\d\d-\d\dT[\d:.]+Z\)/g, "")
    .replace(/\. Resolution note: *.*$/, "")
    .trim();
}
