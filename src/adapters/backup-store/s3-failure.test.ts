import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { RecoveryError } from "../../model/recovery-error.ts";
import { toRecoveryError } from "./s3-failure.ts";

const call = { place: "s3://sets/a", verb: "store", name: "sets/x.json" };

/** As the SDK throws them: a name, a status, and whole requests and answers beside. */
function thrown(name: string, status?: number, other: object = {}): Error {
  const error = Object.assign(new Error(`words of ${name}`), other, {
    name,
    $response: { headers: { authorization: "planted-signature" } },
    ...(status === undefined ? {} : { $metadata: { httpStatusCode: status } }),
  });
  return error;
}

function judged(error: Error, signal?: AbortSignal): RecoveryError {
  const result = toRecoveryError(error, signal === undefined ? call : { ...call, signal });
  assert.ok(result instanceof RecoveryError, String(result));
  return result;
}

test("S3's errors: what may pass is transient, what a person must change is permanent and says what", () => {
  for (const error of [
    thrown("SlowDown", 503),
    thrown("InternalError", 500),
    thrown("Unknown", 502),
    thrown("TimeoutError"),
    thrown("Error", undefined, { code: "ECONNREFUSED" }),
    thrown("AggregateError", undefined, { cause: thrown("Error", undefined, { code: "EHOSTUNREACH" }) }),
  ])
    assert.deepEqual([judged(error).code, judged(error).retry], ["BACKUP_STORE_UNREACHABLE", "transient"], error.name);
  const permanent: readonly (readonly [Error, RegExp])[] = [
    [thrown("ExpiredToken", 400), /credentials have expired/],
    [thrown("SignatureDoesNotMatch", 403), /does not permit/],
    [thrown("UnknownError", 403), /does not permit/],
    [thrown("RequestTimeTooSkewed", 403), /clock/],
    [thrown("NoSuchBucket", 404), /no such bucket/],
    [thrown("PermanentRedirect", 301), /another region/],
    [thrown("Error", undefined, { code: "SELF_SIGNED_CERT_IN_CHAIN" }), /TLS/],
    [thrown("MalformedXML", 400), /MalformedXML/],
  ];
  for (const [error, words] of permanent) {
    assert.equal(judged(error).code, "BACKUP_STORE_FAILED", error.name);
    assert.match(judged(error).detail, words);
  }
  for (const error of [thrown("InsufficientStorage", 507), thrown("XMinioStorageFull", 500)])
    assert.equal(judged(error).code, "BACKUP_STORE_FULL", error.name);
});

test("S3's errors: a region that nobody named is a matter of the configuration, and not the store's", () => {
  const error = judged(Object.assign(new Error("Region is missing"), { name: "Error" }));
  assert.equal(error.code, "CONFIG_INVALID");
  assert.match(error.detail, /in which region.*the store was not asked/);
  assert.match(error.remedies[0]?.why ?? "", /backup\.s3\.region.*AWS_REGION.*backup\.s3\.endpoint/);
});

test("S3's errors: nothing of a request or an answer but names and words goes on, in one line", () => {
  const error = judged(thrown("AccessDenied", 403));
  assert.ok(error.cause instanceof Error);
  assert.ok(!JSON.stringify([error, Object.entries(error.cause), error.cause.stack]).includes("planted"));
  const noisy = Object.assign(thrown("Odd", 400), { message: `a\u001b[31m\nb${"x".repeat(1000)}` });
  assert.ok(!/[\u0000-\u001f]/.test(judged(noisy).detail) && judged(noisy).detail.length < 500);
});

test("S3's errors: a call that was given up is INTERRUPTED, and a bug stays what it is", () => {
  assert.equal(judged(thrown("AbortError"), AbortSignal.abort()).code, "INTERRUPTED");
  const bug = new TypeError("undefined is not a function");
  assert.equal(toRecoveryError(bug, call), bug);
});

test("S3's SDK is loaded only when a bucket is asked: no file imports more than types of it", () => {
  for (const name of readdirSync(import.meta.dirname).filter((one) => one.endsWith(".ts") && !one.endsWith(".test.ts")))
    for (const line of readFileSync(join(import.meta.dirname, name), "utf8").split("\n"))
      if (/^import\b.*"@(?:aws-sdk|smithy)/.test(line)) assert.match(line, /^import type /, name);
});
