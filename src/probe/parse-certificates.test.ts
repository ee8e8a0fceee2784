import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { NodeCertificates } from "../adapters/system/node-certificates.ts";
import { parseCertificates } from "./parse-certificates.ts";
import { parseHostAnswer } from "./parse-host-answer.ts";

const answer = parseHostAnswer(
  readFileSync(new URL("../../test/fixtures/probe/host-answer-cp1.txt", import.meta.url), "utf8"),
  "0123456789abcdef",
);
const text = answer.get("certificates")?.text ?? "";
const reader = new NodeCertificates();

test("parseCertificates: all certificates of a real kubeadm machine", () => {
  const { certificates, unreadable } = parseCertificates(text, reader);
  assert.deepEqual(unreadable, []);
  assert.equal(certificates.length, 17);
  const server = certificates.find((certificate) => certificate.path === "/etc/kubernetes/pki/etcd/server.crt");
  assert.equal(server?.issuer, "CN=etcd-ca");
  assert.ok(server.subjectAltNames.includes("10.150.0.11"));
  assert.match(server.fingerprint, /^[0-9a-f]{64}$/);
  assert.match(server.notAfter, /^\d{4}-\d\d-\d\dT/);
  assert.equal(certificates.find((certificate) => certificate.path === "/etc/kubernetes/pki/ca.crt")?.isCa, true);
  assert.equal(
    certificates.find((certificate) => certificate.path === "/etc/kubernetes/admin.conf")?.subject,
    "O=kubeadm:cluster-admins, CN=kubernetes-admin",
  );
});

test("parseCertificates: a damaged file is named and the others are kept", () => {
  const damaged = `path /a.crt\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\npath /b.crt\n${text.slice(text.indexOf("-----BEGIN"))}`;
  const { certificates, unreadable } = parseCertificates(damaged, reader);
  assert.deepEqual(
    unreadable.map((entry) => entry.path),
    ["/a.crt"],
  );
  assert.equal(certificates.length, 17);
  assert.deepEqual(parseCertificates("path /empty.crt\n", reader).unreadable.length, 1);
});

test("parseCertificates: a private key in the answer drops the answer", () => {
  assert.throws(
    () => parseCertificates("path /a\n-----BEGIN PRIVATE KEY-----\nplanted\n-----END PRIVATE KEY-----\n", reader),
    (error: Error) => !error.message.includes("planted"),
  );
});
