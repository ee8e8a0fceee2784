import assert from "node:assert/strict";
import { test } from "node:test";
import { errorCatalogue } from "../../model/error-catalogue.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { toStoreError } from "./ssh-failure.ts";

test("toStoreError: an unknown or changed host key stays that refusal, with its fingerprint and its remedy", () => {
  for (const code of ["SSH_HOST_KEY_CHANGED", "SSH_HOST_KEY_UNKNOWN"] as const) {
    const remedies = [{ why: "after comparing, record the new key", command: "ssh-keyscan nas >> ~/.ssh/known_hosts" }];
    const thrown = new RecoveryError(code, { subject: "host nas", detail: "it offers SHA256:abc (ED25519)", remedies });
    const error = toStoreError(thrown, { place: "ssh://nas/srv", what: "list its objects" });
    assert.ok(error instanceof RecoveryError);
    assert.equal(errorCatalogue[error.code].exit, "refused");
    assert.deepEqual([error.code, error.subject, error.detail], [code, "store ssh://nas/srv", "host nas: it offers SHA256:abc (ED25519)"]);
    assert.deepEqual(
      error.remedies.map(({ command }) => command),
      ["ssh-keyscan nas >> ~/.ssh/known_hosts"],
    );
  }
  const login = new RecoveryError("SSH_AUTH_FAILED", { subject: "host nas", detail: "none of the keys" });
  assert.equal((toStoreError(login, { place: "ssh://nas/srv", what: "list" }) as RecoveryError).code, "BACKUP_STORE_FAILED");
});
