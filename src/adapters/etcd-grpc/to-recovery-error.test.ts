import assert from "node:assert/strict";
import { test } from "node:test";
import { Metadata, status, type ServiceError } from "@grpc/grpc-js";
import { asHostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { toRecoveryError } from "./to-recovery-error.ts";

function translated(code: status, details: string, isWrite: boolean): RecoveryError {
  const error: ServiceError = Object.assign(new Error(details), { code, details, metadata: new Metadata() });
  const result = toRecoveryError(error, { host: asHostName("cp1"), rpc: "MemberRemove", isWrite, timeoutMs: 1000 });
  assert.ok(result instanceof RecoveryError);
  return result;
}

// What the contract on real etcd cannot bring about at will.
const cases: readonly (readonly [what: string, code: status, details: string, expected: string, ofRead: string, ofWrite: string])[] = [
  [
    "a connection that is cut during the call",
    status.UNAVAILABLE,
    "Connection dropped",
    "ETCD_UNREACHABLE",
    "transient",
    "unknown-outcome",
  ],
  [
    "a stream that is reset",
    status.INTERNAL,
    "Received RST_STREAM with code 2 (Internal server error)",
    "ETCD_UNREACHABLE",
    "transient",
    "unknown-outcome",
  ],
  [
    "a deadline before there was a connection",
    status.DEADLINE_EXCEEDED,
    "Deadline exceeded after 1.000s,Waiting for LB pick",
    "ETCD_TIMEOUT",
    "transient",
    "transient",
  ],
  [
    "a deadline after the request was sent",
    status.DEADLINE_EXCEEDED,
    "Deadline exceeded after 1.001s,LB pick: 0.001s,remote_addr=127.0.0.1:2379",
    "ETCD_TIMEOUT",
    "transient",
    "unknown-outcome",
  ],
  [
    "etcd's own time-out, after the proposal",
    status.UNAVAILABLE,
    "etcdserver: request timed out, possibly due to connection lost",
    "ETCD_TIMEOUT",
    "transient",
    "unknown-outcome",
  ],
  ["an etcd that is shutting down", status.UNAVAILABLE, "etcdserver: server stopped", "ETCD_TIMEOUT", "transient", "unknown-outcome"],
  [
    "a leader that changed during the call",
    status.UNAVAILABLE,
    "etcdserver: leader changed",
    "ETCD_NO_LEADER",
    "transient",
    "unknown-outcome",
  ],
  ["no leader at all", status.UNAVAILABLE, "etcdserver: no leader", "ETCD_NO_LEADER", "transient", "transient"],
  [
    "too few started members",
    status.FAILED_PRECONDITION,
    "etcdserver: re-configuration failed due to not enough started members",
    "ETCD_REFUSED",
    "permanent",
    "permanent",
  ],
  [
    "a database that is full",
    status.RESOURCE_EXHAUSTED,
    "etcdserver: mvcc: database space exceeded",
    "ETCD_REFUSED",
    "permanent",
    "permanent",
  ],
  ["too many requests", status.RESOURCE_EXHAUSTED, "etcdserver: too many requests", "ETCD_REFUSED", "transient", "transient"],
  ["no permission", status.PERMISSION_DENIED, "etcdserver: permission denied", "ETCD_REFUSED", "permanent", "permanent"],
  ["the CORRUPT alarm", status.DATA_LOSS, "etcdserver: corrupt cluster", "ETCD_REFUSED", "permanent", "permanent"],
];

for (const [what, code, details, expected, ofRead, ofWrite] of cases) {
  test(`toRecoveryError: ${what} is ${expected}, ${ofRead} for a read, ${ofWrite} for a write`, () => {
    for (const [isWrite, retry] of [
      [false, ofRead],
      [true, ofWrite],
    ] as const) {
      const error = translated(code, details, isWrite);
      assert.deepEqual([error.code, error.retry, error.subject], [expected, retry, "etcd on cp1"]);
    }
  });
}

test("toRecoveryError: grpc-js's clock and OpenSSL's source files are left out of the words", () => {
  const alert = translated(
    status.UNAVAILABLE,
    "No connection established. Last error: 40ED:error:0A000418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca:../deps/rec.c:918:SSL alert number 48 (2026-11-21T11:00:00.000Z). Resolution note: ",
    true,
  );
  assert.equal(alert.detail, "MemberRemove: the server does not accept our client certificate (tlsv1 alert unknown ca)");
  assert.deepEqual([alert.code, alert.retry], ["ETCD_TLS", "permanent"]);
});

test("toRecoveryError: what is not gRPC's stays what it is", () => {
  const bug = new TypeError("a bug");
  assert.equal(toRecoveryError(bug, { host: asHostName("cp1"), rpc: "Status", isWrite: false, timeoutMs: 1 }), bug);
});
