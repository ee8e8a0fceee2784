import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorCode } from "../model/error-catalogue.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import { reasonOf, understood } from "./observe.ts";

function reason(code: ErrorCode, detail: string): string {
  return reasonOf(new RecoveryError(code, { subject: "x", detail }));
}

test("reasonOf: what the machine said is told from silence", () => {
  assert.equal(reason("ETCD_UNREACHABLE", "connect ECONNREFUSED 10.0.0.1:2379: connection refused"), "refused");
  assert.equal(reason("ETCD_UNREACHABLE", "no route to host"), "unreachable");
  assert.equal(reason("KUBE_API_UNREACHABLE", "no answer within 1000 ms"), "timeout");
  assert.equal(reason("SSH_UNREACHABLE", "connect to host: Connection timed out"), "timeout");
  assert.equal(reason("ETCD_TLS", "certificate has expired"), "refused");
  assert.equal(reason("REMOTE_OUTPUT_TOO_LARGE", "too much"), "malformed");
  assert.equal(reason("ETCD_NO_LEADER", "etcdserver: no leader"), "failed");
});

test("understood: a defect in a reader is shown as one and blinds nothing else", () => {
  const observation = understood({ observedAt: "t", source: "s" }, () => {
    throw new TypeError("x is undefined");
  });
  assert.deepEqual(observation, {
    kind: "unknown",
    reason: "failed",
    detail: "defect in requorum: TypeError: x is undefined",
    observedAt: "t",
    source: "s",
  });
});
