import assert from "node:assert/strict";
import { X509Certificate, createPrivateKey } from "node:crypto";
import { once } from "node:events";
import { createServer, connect, type TLSSocket } from "node:tls";
import { test } from "node:test";
import { makeSandboxCertificates } from "./sandbox-certificates.ts";

test("makeSandboxCertificates: one authority signs both, names are those of loopback, and two sandboxes share nothing", () => {
  const made = makeSandboxCertificates(Date.now());
  const ca = new X509Certificate(made.ca);
  assert.ok(ca.ca && ca.verify(ca.publicKey));
  for (const { certificate, key } of [made.server, made.client]) {
    const leaf = new X509Certificate(certificate);
    assert.ok(!leaf.ca && leaf.checkIssued(ca) && leaf.verify(ca.publicKey) && leaf.checkPrivateKey(createPrivateKey(key)));
    assert.equal(leaf.checkHost("localhost"), "localhost");
    assert.equal(leaf.checkIP("127.0.0.1"), "127.0.0.1");
  }
  assert.equal(new X509Certificate(made.client.certificate).subject, "O=system:masters\nCN=root");
  assert.ok(!new X509Certificate(made.client.certificate).verify(new X509Certificate(makeSandboxCertificates(Date.now()).ca).publicKey));
});

test("makeSandboxCertificates: TLS in both directions stands on them, and a client of another sandbox is turned away", async (context) => {
  const made = makeSandboxCertificates(Date.now());
  const server = createServer({
    ca: made.ca,
    cert: made.server.certificate,
    key: made.server.key,
    requestCert: true,
    rejectUnauthorized: true,
  });
  server.on("tlsClientError", () => undefined); // the turned away one
  server.on("secureConnection", (socket) => socket.end("served"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => server.close());
  const address = server.address();
  assert.ok(address !== null && typeof address !== "string");
  const ask = async (client: { readonly certificate: string; readonly key: string }): Promise<string> => {
    const socket: TLSSocket = connect({
      host: "127.0.0.1",
      port: address.port,
      ca: made.ca,
      cert: client.certificate,
      key: client.key,
    });
    let text = "";
    for await (const part of socket) text += String(part);
    return text;
  };
  assert.equal(await ask(made.client), "served");
  const other = await ask(makeSandboxCertificates(Date.now()).client).catch(() => "turned away");
  assert.notEqual(other, "served");
});
