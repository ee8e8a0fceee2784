import assert from "node:assert/strict";
import { test } from "node:test";
import { NodeCertificates } from "./node-certificates.ts";

test("NodeCertificates: what is no certificate is an error that does not quote it", () => {
  for (const text of ["", "planted", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]) {
    assert.throws(
      () => new NodeCertificates().readCertificate(text),
      (error: Error & { code?: string }) => error.code === "REMOTE_ANSWER_MALFORMED" && !error.message.includes("planted"),
    );
  }
});
