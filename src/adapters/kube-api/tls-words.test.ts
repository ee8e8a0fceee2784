import assert from "node:assert/strict";
import { test } from "node:test";
import { tlsWords } from "./tls-words.ts";

const openssl = (reason: string, number: string): string =>
  `40CD010B7D7F0000:error:${number}:SSL routines:tls_validate_record_header:${reason}:../deps/openssl/openssl/ssl/record/tlsany_meth.c:77:\n`;

// Codes and texts as Node 24.21 gave them.
const cases: readonly (readonly [code: string, text: string, expected: RegExp])[] = [
  [
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    "self-signed certificate; if the root CA is installed locally, try running Node.js with --use-system-ca",
    /^the server's certificate is not signed by the CA in the kubeconfig$/,
  ],
  [
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "unable to verify the first certificate; if the root CA is installed locally, try running Node.js with --use-system-ca",
    /^the server's certificate is not signed by the CA in the kubeconfig$/,
  ],
  ["CERT_HAS_EXPIRED", "certificate has expired", /^the server's certificate has expired$/],
  [
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "Hostname/IP does not match certificate's altnames: Host: kubernetes. is not in the cert's altnames: DNS:elsewhere, IP Address:10.0.0.9",
    /^the server's certificate is for other names: DNS:elsewhere, IP Address:10\.0\.0\.9$/,
  ],
  [
    "ERR_TLS_CERT_ALTNAME_INVALID",
    `Hostname/IP does not match certificate's altnames: Host: kubernetes. is not in the cert's altnames: ${"DNS:x, ".repeat(9999)}`,
    /^the server's certificate is for other names: (?:DNS:x, ){42}DNS:x,…$/,
  ],
  [
    "ERR_TLS_CERT_ALTNAME_INVALID",
    "Hostname/IP does not match certificate's altnames: Cert does not contain a DNS name",
    /^the server's certificate is for other names$/,
  ],
  [
    "EPROTO",
    `write EPROTO ${openssl("wrong version number", "0A00010B")}`,
    /^what answers there does not speak TLS \(wrong version number\)$/,
  ],
  ["EPROTO", `write EPROTO ${openssl("data length too long", "0A000092")}`, /^what answers there does not speak TLS/],
  [
    "EPROTO",
    `write EPROTO ${openssl("tlsv1 alert protocol version", "0A00042E")}`,
    /^the server refused the TLS handshake \(tlsv1 alert protocol version\)$/,
  ],
  [
    "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
    openssl("tlsv13 alert certificate required", "0A00045C"),
    /^the server does not accept our client certificate \(tlsv13 alert certificate required\)$/,
  ],
  ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", openssl("tlsv1 alert unknown ca", "0A000418"), /does not accept our client certificate/],
  ["ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE", openssl("sslv3 alert bad certificate", "0A000412"), /does not accept our client certificate/],
  ["EPROTO", "write EPROTO", /^the TLS handshake failed$/],
];

for (const [code, text, expected] of cases) {
  test(`tlsWords: ${code} "${text.trim().slice(0, 120)}" in our words`, () => {
    const words = tlsWords(new Error(text), code);
    assert.match(words, expected);
    assert.doesNotMatch(words, /Node|\.\.\/deps|0A0|[^ -~…]/);
  });
}
