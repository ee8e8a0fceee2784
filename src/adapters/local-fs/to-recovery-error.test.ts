import assert from "node:assert/strict";
import { test } from "node:test";
import { toRecoveryError } from "./to-recovery-error.ts";

test("what keeps a file from being written is said in words, with its name for a search, and with a way out that is one", () => {
  const of = (code: string) => {
    const error = toRecoveryError(Object.assign(new Error(code), { code }), "/nowhere/x", "write it", [{ why: "free space there" }]);
    return `${error.code}: ${error.detail}; ${error.remedies.map(({ why }) => why).join()}`;
  };
  assert.equal(of("ENOSPC"), "LOCAL_DISK_FULL: could not write it: no space left (ENOSPC); free space there");
  assert.match(of("EDQUOT"), /^LOCAL_DISK_FULL: .*quota.* \(EDQUOT\); free space there$/);
  assert.match(of("EFBIG"), /^LOCAL_FILE_FAILED: .*larger than is allowed there \(EFBIG\); raise the limit of the shell \(ulimit -f\)/);
});
