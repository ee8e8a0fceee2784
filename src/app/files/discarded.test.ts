import assert from "node:assert/strict";
import { test } from "node:test";
import { RecoveryError } from "../../model/recovery-error.ts";
import { discarded, withRest } from "./discarded.ts";

test("discarded: what went wrong stays the error, also where what was written cannot be removed; that is said once", () => {
  const cause = new RecoveryError("LOCAL_DISK_FULL", { subject: "file x", detail: "no space", remedies: [{ why: "free space" }] });
  assert.equal(discarded({ discard: () => undefined }, cause), cause);
  const rest = new RecoveryError("LOCAL_FILE_FAILED", { subject: "file .x.requorum-1", detail: "could not remove it: EIO" });
  const both = discarded(
    {
      discard: () => {
        throw rest;
      },
    },
    cause,
  );
  assert.ok(both instanceof RecoveryError);
  assert.equal(both.code, "LOCAL_DISK_FULL");
  assert.equal(both.detail, "no space; what was written so far remains: file .x.requorum-1: could not remove it: EIO");
  assert.deepEqual(both.remedies, cause.remedies);
  assert.equal(withRest(both, rest), both);
});
