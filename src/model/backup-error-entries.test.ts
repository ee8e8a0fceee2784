import assert from "node:assert/strict";
import { test } from "node:test";
import { errorCatalogue, type ErrorCode } from "./error-catalogue.ts";
import { RecoveryError } from "./recovery-error.ts";

test("backup errors: what a store, a key or a file of settings did says what comes next", () => {
  const codes: readonly ErrorCode[] = [
    "BACKUP_STORE_UNREACHABLE",
    "BACKUP_STORE_FAILED",
    "BACKUP_STORE_INVALID",
    "BACKUP_SET_DAMAGED",
    "BACKUP_KEY_INVALID",
    "BACKUP_KEY_WRONG",
    "CONFIG_INVALID",
  ];
  for (const code of codes) {
    const { remedies } = new RecoveryError(code, { subject: "s", detail: "d" });
    assert.notEqual(remedies.length, 0, `${code}: ${errorCatalogue[code].summary}`);
  }
});
