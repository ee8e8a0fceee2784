import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { createServer as createTcpServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { TestAuthority } from "../../../test/support/etcd-certificates.ts";
import { isRecoveryError } from "../../../test/support/is-recovery-error.ts";
import { webhookReceiver } from "../../../test/support/webhook-receiver.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { isWebhookAddress } from "../../schemas/backup-webhook-schema.ts";
import { postWebhook } from "./webhook.ts";

const quick = { waitsMs: [1, 1] };

async function receiver(
  context: TestContext,
  answer: RequestListener,
): Promise<{ readonly url: string; readonly requests: readonly string[] }> {
  const { origin, requests } = await webhookReceiver(context, answer);
  return { url: `${origin}/hook/t0ken`, requests };
}

test("webhook: one POST of the document, and an answer of 2xx is enough", async (context) => {
  const { url, requests } = await receiver(context, (_request, response) => response.writeHead(204).end());
  await postWebhook({ url }, '{"kind":"BackupRun"}\n', quick);
  assert.deepEqual(requests, ['POST /hook/t0ken application/json {"kind":"BackupRun"}\n']);
});

test("webhook: what is busy is tried again, what refuses or leads away is not, and no text has the address", async (context) => {
  const answers = [503, 429, 200];
  const busy = await receiver(context, (_request, response) => response.writeHead(answers.shift() ?? 500).end());
  await postWebhook({ url: busy.url }, "{}", quick);
  assert.equal(busy.requests.length, 3);
  for (const status of [403, 302]) {
    const refusing = await receiver(context, (_request, response) => response.writeHead(status, { location: busy.url }).end());
    await assert.rejects(postWebhook({ url: refusing.url }, "{}", quick), (error) => {
      assert.ok(error instanceof RecoveryError);
      assert.match(error.detail, new RegExp(`HTTP ${String(status)}`));
      assert.doesNotMatch(`${error.message}${JSON.stringify(error)}`, /t0ken|127\.0\.0\.1/);
      return error.code === "BACKUP_WEBHOOK_FAILED";
    });
    assert.equal(refusing.requests.length, 1);
  }
  assert.equal(busy.requests.length, 3);
  await assert.rejects(postWebhook({ url: "http://127.0.0.1:1/" }, "{}", quick), isRecoveryError("BACKUP_WEBHOOK_FAILED", /3 times/));
});

test("webhook: an answer that changes the protocol, and a connection that ends without one, are failures, and are not waited for", async (context) => {
  for (const answer of ["HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", ""]) {
    const server = createTcpServer((socket) => socket.once("data", () => socket.end(answer)));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    context.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    await assert.rejects(
      postWebhook({ url: `http://127.0.0.1:${String(port)}/` }, "{}", quick),
      isRecoveryError("BACKUP_WEBHOOK_FAILED", /./),
    );
  }
});

test("webhook: a secret address comes from its file, is checked like any, and is never repeated", async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "requorum-webhook-"));
  context.after(() => {
    rmSync(directory, { recursive: true });
  });
  const urlFile = join(directory, "url");
  const { url, requests } = await receiver(context, (_request, response) => response.end());
  writeFileSync(urlFile, `${url}\n`);
  await postWebhook({ urlFile }, "{}", quick);
  assert.equal(requests.length, 1);
  writeFileSync(urlFile, "http://hooks.example/t0ken\n");
  await assert.rejects(postWebhook({ urlFile }, "{}", quick), (error) => {
    assert.ok(error instanceof RecoveryError);
    return error.detail.includes("https://") && !error.detail.includes("t0ken");
  });
  await assert.rejects(postWebhook({ urlFile: join(directory, "none") }, "{}", quick), isRecoveryError("BACKUP_WEBHOOK_FAILED", /ENOENT/));
});

test("webhook: TLS anywhere, without it only to this machine, and no password before an @", () => {
  for (const good of ["https://hooks.example/a?b=c", "http://localhost:9/x", "http://127.0.0.1", "http://[::1]:80/"])
    assert.ok(isWebhookAddress(good), good);
  for (const bad of [
    "http://hooks.example/",
    "http://localhost.example/",
    "http://127.0.0.1.example/",
    "https://u:p@h/",
    "ftp://h/",
    "https://",
  ])
    assert.ok(!isWebhookAddress(bad), bad);
});

test("webhook: a certificate of nobody known is refused at once, whatever the environment says; that of the configured CA is taken", async (context) => {
  const directory = mkdtempSync(join(tmpdir(), "requorum-webhook-"));
  const earlier = process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
  context.after(() => {
    rmSync(directory, { recursive: true });
    if (earlier === undefined) delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    else process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = earlier;
  });
  const authority = await TestAuthority.make(directory, "private-ca");
  const issued = await authority.issue("hook", { names: ["localhost", "127.0.0.1"] });
  let calls = 0;
  const server = createTlsServer({ cert: readFileSync(issued.certificate), key: readFileSync(issued.key) }, (_request, response) => {
    calls += 1;
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  const url = `https://127.0.0.1:${String(address.port)}/`;
  process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
  await assert.rejects(
    postWebhook({ url }, "{}", quick),
    isRecoveryError("BACKUP_WEBHOOK_FAILED", /\((?:UNABLE_TO_VERIFY|SELF_SIGNED)[A-Z_]*\)$/),
  );
  assert.equal(calls, 0);
  await postWebhook({ url, caFile: authority.caFile }, "{}", quick);
  assert.equal(calls, 1);
});
