import assert from "node:assert/strict";
import { test } from "node:test";
import { RecoveryError } from "../../model/recovery-error.ts";
import { judgedOfRead, programFault, readProblemOf } from "./level-result.ts";

test("programFault: a timeout is no evidence against a set, a refusal is", () => {
  const late = programFault(
    new RecoveryError("ETCD_TIMEOUT", { subject: "etcd", detail: "no answer within 30000 ms" }),
    "etcd did not answer",
  );
  assert.equal(late.verdict, "unknown");
  const refused = programFault(new RecoveryError("ETCD_REFUSED", { subject: "etcd", detail: "corrupt" }), "etcd: corrupt");
  assert.deepEqual(refused, { verdict: "fails", because: ["etcd: corrupt"] });
});

test("judgedOfRead: what was not read is not known, and hides nothing that fails; a silent store is no problem of one object", () => {
  const unread = readProblemOf("packs/aa", new RecoveryError("BACKUP_STORE_FAILED", { subject: "store", detail: "EIO" }));
  const missing = readProblemOf("packs/bb", new RecoveryError("BACKUP_OBJECT_MISSING", { subject: "store", detail: "not there" }));
  assert.deepEqual(judgedOfRead([unread], ["seen"]), { verdict: "unknown", because: ["packs/aa cannot be read: EIO"] });
  assert.deepEqual(judgedOfRead([unread, missing], ["seen"]), { verdict: "fails", because: ["packs/bb is not there"] });
  assert.deepEqual(judgedOfRead([], ["seen"]), { verdict: "holds", because: ["seen"] });
  const silent = new RecoveryError("BACKUP_STORE_UNREACHABLE", { subject: "store", detail: "no answer" });
  assert.throws(() => readProblemOf("packs/aa", silent), { code: "BACKUP_STORE_UNREACHABLE" });
});
