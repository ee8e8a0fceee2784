import assert from "node:assert/strict";
import { test } from "node:test";
import { asHostName } from "../../model/ids.ts";
import { checkServiceAccount } from "./check-service-account.ts";
import type { SetEvidence, TextPart } from "./set-content.ts";

const key = "-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----";

function problemsWith(text: string): readonly string[] {
  const part = { kind: "pki", host: asHostName("cp1"), path: "/etc/kubernetes/pki/sa.key", type: "file" } as TextPart["part"];
  const keys = { publicKeyId: (pem: string) => (pem === key ? "id" : undefined) };
  return checkServiceAccount({ texts: [{ part, text }], parts: [part], keys } as unknown as SetEvidence).problems;
}

test(
  "checkServiceAccount: ends for 1 MiB of beginnings of keys, and a key behind one that was cut off is read",
  { timeout: 60_000 },
  () => {
    const noKey = /sa\.key is no key that can be read/;
    assert.match(problemsWith("-----BEGIN RSA PRIVATE KEY-----".repeat(35_000)).join("\n"), noKey);
    assert.match(problemsWith("-----BEGIN A-----\n-----END ".repeat(35_000)).join("\n"), noKey);
    assert.doesNotMatch(problemsWith(`-----BEGIN RSA PRIVATE KEY-----\nMI\n${key}\n`).join("\n"), noKey);
  },
);
