import assert from "node:assert/strict";
import { test } from "node:test";
import { RecoveryError } from "../model/recovery-error.ts";
import { readEncryptionConfiguration } from "./encryption-configuration.ts";

const secret = Buffer.alloc(32, 7).toString("base64");

test("readEncryptionConfiguration: keys in the order of the file, KMS plugins by name", () => {
  const text = `
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources: [secrets, "*.apps"]
    providers:
      - kms: {apiVersion: v2, name: vault, endpoint: "unix:///x"}
      - aescbc:
          keys:
            - {name: key2, secret: ${secret}}
            - {name: key1, secret: ${secret}}
      - secretbox: {keys: [{name: box, secret: ${secret}}]}
      - identity: {}
`;
  const facts = readEncryptionConfiguration(text, "enc.yaml");
  assert.deepEqual(
    facts.keys.map((key) => [key.provider, key.name, key.secret.length]),
    [
      ["aescbc", "key2", 32],
      ["aescbc", "key1", 32],
      ["secretbox", "box", 32],
    ],
  );
  assert.deepEqual(facts.kmsNames, ["vault"]);
  assert.deepEqual(facts.resources, ["secrets", "*.apps"]);
});

test("readEncryptionConfiguration: what is wrong is said with line and column, and no secret is quoted", () => {
  const config = (value: string) =>
    `kind: EncryptionConfiguration\napiVersion: v1\nresources:\n- providers:\n  - secretbox:\n      keys:\n      - name: a\n        secret: ${value}\n`;
  const failure = (text: string): string => {
    try {
      readEncryptionConfiguration(text, "enc.yaml");
    } catch (error) {
      assert.ok(error instanceof RecoveryError);
      assert.equal(error.code, "ENCRYPTION_CONFIG_INVALID");
      return error.message;
    }
    return assert.fail("it was taken");
  };
  assert.match(failure(config("c2VjcmV0")), /enc\.yaml:8:17: the secret of key "a" has 6 bytes; secretbox takes 32/);
  assert.doesNotMatch(failure(config("c2VjcmV0")), /c2Vj/);
  assert.match(failure(config("hunter2!")), /is not base64/);
  assert.doesNotMatch(failure(config('"hunter2 \n  - : {')), /hunter2/);
  assert.match(failure("kind: Secret\napiVersion: v1\nresources: []\n"), /not an EncryptionConfiguration: kind/);
});
