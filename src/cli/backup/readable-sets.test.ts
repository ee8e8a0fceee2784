import assert from "node:assert/strict";
import { test } from "node:test";
import { firstSet } from "../../../test/support/set-world.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { ofSet } from "./readable-sets.ts";

test("ofSet: what is wrong with a set is not told as of a file of its name, and what to do next stays", () => {
  const options = { detail: "revision 999 is asked for, and it holds 1 to 42" };
  const told = ofSet(new RecoveryError("REVISION_NOT_IN_FILE", { subject: `file ${firstSet}`, ...options }), [{ id: firstSet }]);
  assert.ok(told instanceof RecoveryError && told.code === "REVISION_NOT_IN_FILE");
  assert.deepEqual([told.subject, told.detail], [`set ${firstSet}`, options.detail]);
  assert.match(told.remedies[0]?.why ?? "", /name one that the detail says is held/);
  const ofFile = new RecoveryError("REVISION_NOT_IN_FILE", { subject: "file ./x.db", ...options });
  assert.equal(ofSet(ofFile, [{ id: firstSet }]), ofFile);
});
