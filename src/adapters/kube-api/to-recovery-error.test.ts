import assert from "node:assert/strict";
import { test } from "node:test";
import { asHostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { toRecoveryError, type FailedRequest } from "./to-recovery-error.ts";

const read: FailedRequest = {
  host: asHostName("cp1"),
  what: "GET /livez",
  isWrite: false,
  timeoutMs: 1_000,
  mayHaveBeenSent: false,
  hasTimedOut: false,
};
const coded = (code: string, message = "it failed"): Error => Object.assign(new Error(message), { code });

function mapped(error: unknown, request: Partial<FailedRequest> = {}): RecoveryError {
  const made = toRecoveryError(error, { ...read, ...request });
  assert.ok(made instanceof RecoveryError);
  return made;
}

test("toRecoveryError: what TLS says, also as EPROTO, is KUBE_API_TLS and final", () => {
  for (const code of [
    "CERT_HAS_EXPIRED",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "INVALID_PURPOSE",
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA",
    "EPROTO",
  ]) {
    const { code: ours, retry } = mapped(coded(code));
    assert.deepEqual([ours, retry], ["KUBE_API_TLS", "permanent"], code);
  }
});

test("toRecoveryError: no way to the server and a lost connection are KUBE_API_UNREACHABLE and may be tried again", () => {
  for (const code of [
    "ECONNREFUSED",
    "ENOENT",
    "ECONNRESET",
    "EPIPE",
    "ENOTFOUND",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "ETIMEDOUT",
    "HPE_INVALID_CONSTANT",
  ]) {
    const { code: ours, retry, detail } = mapped(coded(code));
    assert.deepEqual([ours, retry, detail], ["KUBE_API_UNREACHABLE", "transient", `GET /livez: no connection: it failed (${code})`]);
  }
});

test("toRecoveryError: only a write that may have been sent has an unknown outcome, whatever it failed with", () => {
  const signal = AbortSignal.abort();
  for (const how of [
    { error: coded("ECONNRESET") },
    { error: coded("EPROTO") },
    { error: coded("x"), hasTimedOut: true },
    { error: coded("x"), signal },
  ]) {
    const { error, ...request } = how;
    assert.equal(mapped(error, { ...request, isWrite: true, mayHaveBeenSent: true }).retry, "unknown-outcome");
    assert.notEqual(mapped(error, { ...request, isWrite: true, mayHaveBeenSent: false }).retry, "unknown-outcome");
    assert.notEqual(mapped(error, { ...request, isWrite: false, mayHaveBeenSent: true }).retry, "unknown-outcome");
  }
});

test("toRecoveryError: a name with several addresses shows what each of them said", () => {
  const both = Object.assign(new AggregateError([new Error("connect ECONNREFUSED ::1:1"), new Error("connect ECONNREFUSED 127.0.0.1:1")]), {
    code: "ECONNREFUSED",
  });
  assert.match(mapped(both).detail, /no connection: connect ECONNREFUSED ::1:1, connect ECONNREFUSED 127\.0\.0\.1:1 \(ECONNREFUSED\)$/);
});

test("toRecoveryError: what has no code is a bug and stays what it is", () => {
  const bug = new TypeError("x is not a function");
  assert.equal(toRecoveryError(bug, read), bug);
});
