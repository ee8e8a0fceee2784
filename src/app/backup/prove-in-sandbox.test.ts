import assert from "node:assert/strict";
import { test } from "node:test";
import type { SealedFacts } from "../../model/sealed-facts.ts";
import { wantedKms } from "./prove-in-sandbox.ts";

const sealed: SealedFacts = { sealedCount: 3, triedCount: 0, openedCount: 0, kmsCount: 3, reasons: [], secrets: [], resources: [] };
const fact = { host: undefined, path: "/enc.yaml", keys: [], kmsNames: ["vault"], problem: undefined };

test("V5: what a KMS plugin sealed is tried by no API server, also where the configuration that names it was not collected", () => {
  const none = { facts: [], keys: [], text: undefined };
  assert.match(wantedKms({ encryption: none, sealed }) ?? "", /sealed by a KMS plugin, and no encryption configuration/);
  assert.equal(wantedKms({ encryption: none, sealed: { ...sealed, kmsCount: 0 } }), undefined);
  assert.match(wantedKms({ encryption: { facts: [fact], keys: [], text: "kind: EncryptionConfiguration" }, sealed }) ?? "", /\(vault\)/);
});
