import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { getCACertificates, setDefaultCACertificates, TLSSocket } from "node:tls";
import { HttpsKubeApi } from "../../src/adapters/kube-api/https-kube-api.ts";
import { createHttpsKubeApiDialer } from "../../src/adapters/kube-api/https-kube-api-dialer.ts";
import { asHostName } from "../../src/model/ids.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import { TestAuthority, type CertificateFiles } from "../support/etcd-certificates.ts";
import { healthyKubeadm3 } from "../support/inventory-builder.ts";
import { LoopbackHostAccess } from "../support/loopback-host-access.ts";
import { failsWith } from "./etcd-client.contract.ts";

const host = asHostName("cp1");
const { config } = healthyKubeadm3().build();
const read = { method: "GET", path: "/livez", timeoutMs: 5_000 } as const;
let directory: string;
let access: LoopbackHostAccess;
let authority: TestAuthority;
let foreign: TestAuthority;
let administrator: CertificateFiles;
const servers: Server[] = [];

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "requorum-kube-tls-"));
  access = new LoopbackHostAccess(directory);
  [authority, foreign] = [await TestAuthority.make(directory, "kubernetes"), await TestAuthority.make(directory, "foreign")];
  administrator = await authority.issue("administrator", { names: ["administrator"], organization: "system:masters" });
});
after(async () => {
  await access.close();
  for (const server of servers) server.close();
  await rm(directory, { recursive: true });
});

/** A TLS server like an API server, which asks for a client certificate and judges it only after the handshake (401). */
async function serve(certificates: CertificateFiles): Promise<number> {
  const [cert, key, ca] = await Promise.all([readFile(certificates.certificate), readFile(certificates.key), readFile(authority.caFile)]);
  const server = createServer({ cert, key, ca, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    response.statusCode = request.socket instanceof TLSSocket && request.socket.authorized ? 200 : 401;
    response.end();
  });
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return (server.address() as AddressInfo).port;
}

let files = 0;
async function kubeconfig(caFile: string, client: { readonly certificate: string; readonly key: string }): Promise<string> {
  const inBase64 = async (path: string) => (await readFile(path)).toString("base64");
  const path = join(directory, `admin-${String((files += 1))}.conf`);
  await writeFile(
    path,
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "here",
      contexts: [{ name: "here", context: { cluster: "c", user: "u" } }],
      clusters: [{ name: "c", cluster: { server: "https://10.0.0.10:8443", "certificate-authority-data": await inBase64(caFile) } }],
      users: [
        {
          name: "u",
          user: { "client-certificate-data": await inBase64(client.certificate), "client-key-data": await inBase64(client.key) },
        },
      ],
    }),
  );
  return path;
}

async function ask(port: number, kubeconfigPath: string): Promise<number> {
  const dialer = createHttpsKubeApiDialer({
    hostAccess: access,
    config,
    kubeconfigPaths: () => [kubeconfigPath],
    endpoint: () => ({ address: "127.0.0.1", port }),
  });
  try {
    return (await (await dialer.dial(host, { timeoutMs: 5_000 })).request(read)).status;
  } finally {
    await dialer.close();
    assert.equal(access.openForwards, 0);
  }
}

test("HttpsKubeApi: the right certificates on both sides are let in; a client certificate of another CA is an answer, 401", async () => {
  const port = await serve(await authority.issue("kube-apiserver", { names: ["kubernetes"] }));
  assert.equal(await ask(port, await kubeconfig(authority.caFile, administrator)), 200);
  assert.equal(await ask(port, await kubeconfig(authority.caFile, await foreign.issue("foreign-client", { names: ["foreign"] }))), 401);
});

test("HttpsKubeApi: a server of another CA, expired, or named otherwise is KUBE_API_TLS", async () => {
  const path = await kubeconfig(authority.caFile, administrator);
  const wrong = [
    [await foreign.issue("foreign-server", { names: ["kubernetes"] }), /not signed by the CA in the kubeconfig/],
    [await authority.issue("expired-server", { names: ["kubernetes"], isExpired: true }), /has expired/],
    [await authority.issue("elsewhere", { names: ["elsewhere"] }), /is for other names: DNS:elsewhere/],
  ] as const;
  for (const [certificates, words] of wrong) {
    await assert.rejects(ask(await serve(certificates), path), (error: unknown) => {
      failsWith("KUBE_API_TLS", "permanent")(error);
      assert.match(String(error), words);
      return true;
    });
  }
});

test("HttpsKubeApiDialer: a key of another certificate is KUBE_API_TLS without its content; no kubeconfig at all is KUBE_CREDENTIALS_MISSING", async () => {
  const other = await foreign.issue("other-client", { names: ["other"] });
  await assert.rejects(
    ask(1, await kubeconfig(authority.caFile, { certificate: administrator.certificate, key: other.key })),
    (error: unknown) => {
      failsWith("KUBE_API_TLS", "permanent")(error);
      assert.ok(error instanceof RecoveryError && !/BEGIN|PRIVATE/.test(`${error.message}${error.stack ?? ""}`));
      return true;
    },
  );
  await assert.rejects(ask(1, "/nowhere.conf"), failsWith("KUBE_CREDENTIALS_MISSING", "permanent"));
});

test("HttpsKubeApi: without a CA nobody is trusted, whom the machine of the operator trusts neither", async (context) => {
  const port = await serve(await authority.issue("trusted-elsewhere", { names: ["kubernetes"] }));
  const [ca, certificate, key] = await Promise.all(
    [authority.caFile, administrator.certificate, administrator.key].map((path) => readFile(path, "utf8")),
  );
  const own = getCACertificates("default");
  context.after(() => setDefaultCACertificates(own));
  setDefaultCACertificates([ca ?? ""]); // as with NODE_EXTRA_CA_CERTS
  const credentials = { ca: "", certificate: certificate ?? "", key: key ?? "", source: "admin.conf" };
  const target = { address: "127.0.0.1", port };
  const api = new HttpsKubeApi({ host, target, credentials, serverNames: ["kubernetes"], onClose: () => Promise.resolve() });
  context.after(() => api.close());
  await assert.rejects(api.request(read), failsWith("KUBE_API_TLS", "permanent"));
  await assert.rejects(api.request({ ...read, bearerToken: "secret" }), failsWith("KUBE_API_TLS", "permanent"));
});
