/**
 * The only place that looks at S3's error codes, HTTP statuses and the SDK's
 * and Node's words. Observed with @aws-sdk/client-s3 3.1169 on Node 24 against
 * versitygw 1.8.0 (test/contracts/s3-store.test.ts repeats the observations);
 * codes as in the Amazon S3 API reference, "Error responses".
 */
import { RecoveryError, type Remedy } from "../../model/recovery-error.ts";

export interface S3Call {
  /** "s3://bucket/prefix" */
  readonly place: string;
  /** "put", "list": for the words. */
  readonly verb: string;
  /** The object's name, or the prefix of a listing. */
  readonly name: string;
  readonly signal?: AbortSignal | undefined;
}

interface S3Words {
  readonly name: string;
  readonly status: number | undefined;
  readonly message: string;
}

const credentialNames = new Set(["AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "Forbidden", "403"]);
const expiredNames = new Set(["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "InvalidToken"]);
const fullNames = new Set(["InsufficientStorage", "QuotaExceeded", "XMinioStorageFull", "EntityTooLarge"]);
const busyNames = new Set(["SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "OperationAborted", "Throttling"]);
/** Of Node's sockets (libuv) and the SDK's own timer. */
const networkNames = new Set([
  ...["TimeoutError", "ECONNREFUSED", "ECONNRESET", "ECONNABORTED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"],
  ...["EHOSTDOWN", "EPIPE", "ETIMEDOUT", "ERR_STREAM_PREMATURE_CLOSE", "ERR_SOCKET_CONNECTION_TIMEOUT"],
]);
/** Of OpenSSL's verification, as Node names them (tls, "X509 certificate error codes"), and of a TLS client at a port without TLS. */
const tlsForm = /CERT|SELF_SIGNED|UNABLE_TO_|^ERR_TLS_|^ERR_SSL_|^EPROTO$|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH_EXCEEDED/;

/** What the SDK threw, as an error of ours. A RecoveryError is passed on; so is a bug. Never quotes request headers, keys or signatures. */
export function toRecoveryError(error: unknown, call: S3Call): unknown {
  if (error instanceof RecoveryError || !(error instanceof Error)) return error;
  const subject = `store ${call.place}`;
  const what = `${call.verb} ${call.name === "" ? "its objects" : call.name}`;
  const words = wordsOf(error);
  const cause = causeOf(words);
  if (call.signal?.aborted === true)
    return new RecoveryError("INTERRUPTED", { subject, detail: `"${what}" was not waited for any longer`, cause });
  const failed = (why: string, remedies?: readonly Remedy[]) =>
    new RecoveryError("BACKUP_STORE_FAILED", {
      subject,
      detail: `could not ${what}: ${why}`,
      cause,
      ...(remedies === undefined ? {} : { remedies }),
    });
  const silent = (why: string) => new RecoveryError("BACKUP_STORE_UNREACHABLE", { subject, detail: `could not ${what}: ${why}`, cause });
  const code = codeOf(error);
  const tls = [code, words.name].find((one) => one !== undefined && tlsForm.test(one));
  if (tls !== undefined) return failed(`TLS: ${plain(deepest(error).message)} (${tls})`, [caRemedy]);
  if (networkNames.has(words.name) || (code !== undefined && networkNames.has(code)))
    return silent(code === undefined || words.message.includes(code) ? words.message : `${words.message} (${code})`);
  if (words.name === "CredentialsProviderError") return failed("there are no credentials for it", [credentialsRemedy]);
  if (words.name === "RequestTimeTooSkewed") return failed("this machine's clock and the store's differ too much (RequestTimeTooSkewed)");
  if (expiredNames.has(words.name)) return failed(`the credentials have expired (${words.name})`, [credentialsRemedy]);
  if (credentialNames.has(words.name) || words.status === 403 || words.status === 401)
    return failed(`the store does not permit it (${words.name})`, [credentialsRemedy]);
  if (words.name === "NoSuchBucket") return failed("there is no such bucket");
  if (words.message === "Region is missing") return regionMissing(subject, cause);
  if (["PermanentRedirect", "AuthorizationHeaderMalformed", "301"].includes(words.name) || words.status === 301)
    return failed(`the bucket is of another region (${words.name})`, [{ why: "say which as backup.s3.region in requorum.yaml" }]);
  if (fullNames.has(words.name) || words.status === 507)
    return new RecoveryError("BACKUP_STORE_FULL", { subject, detail: `could not ${what}: no space is left there (${words.name})`, cause });
  if (busyNames.has(words.name) || (words.status ?? 0) >= 500) return silent(`${words.name}: ${words.message}`);
  if (words.status === undefined) return error; // no answer of a store's, no error of a network: a bug
  return failed(`${words.name}: ${words.message}`);
}

/** The SDK signs no request without one: nothing was asked of anybody. */
function regionMissing(subject: string, cause: Error): RecoveryError {
  return new RecoveryError("CONFIG_INVALID", {
    subject,
    detail: "nothing says in which region the bucket lies, and without that no request is made; the store was not asked",
    cause,
    remedies: [
      {
        why: "for Amazon, say it as backup.s3.region in requorum.yaml, as AWS_REGION, or in ~/.aws/config; a server that is not Amazon's is named as backup.s3.endpoint, and needs none",
      },
    ],
  });
}

const credentialsRemedy: Remedy = {
  why: "credentials are read from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or from the files that AWS_SHARED_CREDENTIALS_FILE and AWS_PROFILE choose (~/.aws/credentials)",
};
const caRemedy: Remedy = { why: "a private CA is named as backup.s3.caFile in requorum.yaml" };

/** The object, version or upload is not there. HEAD answers carry no code but the status. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && ["NoSuchKey", "NotFound"].includes(error.name);
}

/** The multipart upload was completed or cleared by somebody else. */
export function isUploadGone(error: unknown): boolean {
  return error instanceof Error && error.name === "NoSuchUpload";
}

/** Another object has the name already; 409 while somebody else is about to write it. */
export function isTaken(error: unknown): boolean {
  return error instanceof Error && ["PreconditionFailed", "ConditionalRequestConflict"].includes(error.name);
}

/** Somebody else's conditional write of the name has not ended; nothing may ever be there. Amazon S3 API reference, PutObject: 409. */
export function isUnderWay(error: unknown): boolean {
  return error instanceof Error && (error.name === "ConditionalRequestConflict" || isUploadGone(error));
}

/** A server that does not know If-None-Match on writes (older than its introduction in S3 in August 2024). */
export function lacksConditionalWrites(error: unknown): boolean {
  return error instanceof Error && error.name === "NotImplemented";
}

/** The range begins behind the object's end. */
export function isBeyondEnd(error: unknown): boolean {
  return error instanceof Error && error.name === "InvalidRange";
}

function wordsOf(error: Error): S3Words {
  const metadata = (error as { readonly $metadata?: { readonly httpStatusCode?: number } }).$metadata;
  return { name: plain(error.name), status: metadata?.httpStatusCode, message: plain(error.message) };
}

/** The SDK's own errors hold whole responses; only names and words are kept. */
function causeOf({ name, status, message }: S3Words): Error {
  return new Error(`${name}${status === undefined ? "" : ` (HTTP ${String(status)})`}: ${message}`);
}

function deepest(error: Error): Error {
  return error.cause instanceof Error ? deepest(error.cause) : error;
}

function codeOf(error: Error): string | undefined {
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code === "string") return code;
  if (error instanceof AggregateError) {
    // Node tries every address of a name; the last failure speaks for them.
    const last: unknown = error.errors.at(-1);
    return last instanceof Error ? codeOf(last) : undefined;
  }
  return error.cause instanceof Error ? codeOf(error.cause) : undefined;
}

/** Text of another machine: one line, no control characters, no more than a person reads. */
function plain(text: string): string {
  return text
    .replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, " ")
    .trim()
    .slice(0, 300);
}
