import assert from "node:assert/strict";
import { test } from "node:test";
import { RecoveryError } from "../../model/recovery-error.ts";
import { programFault } from "./level-result.ts";

test("programFault: a timeout is no evidence against a set, a refusal is", () => {
  const late = programFault(
    new RecoveryError("ETCD_TIMEOUT", { subject: "etcd", detail: "no answer within 30000 ms" }),
    "etcd did not answer",
  );
  assert.equal(late.verdict, "unknown");
  const refused = programFault(new RecoveryError("ETCD_REFUSED", { subject: "etcd", detail: "corrupt" }), "etcd: corrupt");
  assert.deepEqual(refused, { verdict: "fails", because: ["etcd: corrupt"] });
});
