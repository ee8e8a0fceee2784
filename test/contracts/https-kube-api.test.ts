import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import type { IncomingMessage, RequestListener } from "node:http";
import { createServer } from "node:https";
import { createServer as createPlainServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, afterEach, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { TLSSocket, type TlsOptions } from "node:tls";
import { HttpsKubeApi, type HttpsKubeApiOptions } from "../../src/adapters/kube-api/https-kube-api.ts";
import { asHostName } from "../../src/model/ids.ts";
import { RecoveryError } from "../../src/model/recovery-error.ts";
import { TestAuthority } from "../support/etcd-certificates.ts";
import { openFrozenPort } from "../support/frozen-socket.ts";
import { failsWith } from "./etcd-client.contract.ts";

const get = { method: "GET", path: "/livez", timeoutMs: 5_000 } as const;
const post = { method: "POST", path: "/api/v1/namespaces", body: { kind: "Namespace" }, timeoutMs: 5_000 } as const;
let directory: string;
let authority: TestAuthority;
let pem: { readonly ca: string; readonly cert: string; readonly key: string };
const endings: (() => Promise<void>)[] = [];

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "requorum-kube-https-"));
  authority = await TestAuthority.make(directory, "kubernetes");
  const files = await authority.issue("both-sides", { names: ["kubernetes"] });
  const [ca, cert, key] = await Promise.all([files.ca, files.certificate, files.key].map((file) => readFile(file, "utf8")));
  assert.ok(ca !== undefined && cert !== undefined && key !== undefined);
  pem = { ca, cert, key };
});
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});
after(() => rm(directory, { recursive: true }));

/** A client that the test's end closes. */
function client(target: HttpsKubeApiOptions["target"]): HttpsKubeApi {
  const credentials = { ca: pem.ca, certificate: pem.cert, key: pem.key, source: "admin.conf" };
  const onClose = () => Promise.resolve();
  const api = new HttpsKubeApi({ host: asHostName("cp1"), target, credentials, serverNames: ["kubernetes"], onClose });
  endings.push(() => api.close());
  return api;
}

interface Served {
  readonly target: { readonly address: string; readonly port: number };
  /** TLS connections of all time, and all that stand, also without a handshake. */
  readonly secured: readonly TLSSocket[];
  readonly standing: ReadonlySet<Socket>;
}

async function serve(answer: RequestListener, options: { readonly address?: string; readonly tls?: TlsOptions } = {}): Promise<Served> {
  const server = createServer({ ...pem, requestCert: true, rejectUnauthorized: false, ...options.tls }, answer);
  const [secured, address]: [TLSSocket[], string] = [[], options.address ?? "127.0.0.1"];
  server.on("secureConnection", (socket) => secured.push(socket));
  const standing = connectionsOf(server);
  await new Promise<void>((listening) => server.listen(0, address, listening));
  return { target: { address, port: (server.address() as AddressInfo).port }, secured, standing };
}

function connectionsOf(server: Server): ReadonlySet<Socket> {
  const standing = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    standing.add(socket);
    socket.on("close", () => standing.delete(socket)).on("error", () => undefined); // clients go as they like
  });
  endings.push(() => {
    for (const socket of standing) socket.destroy();
    return new Promise((closed) => server.close(() => closed()));
  });
  return standing;
}

/** Answers the first request of each connection; the second one ends it. */
function firstOnly(seen: IncomingMessage[]): RequestListener {
  const known = new Set<Socket>();
  return (request, response) => {
    seen.push(request);
    if (known.has(request.socket)) request.socket.destroy();
    else response.end("first");
    known.add(request.socket);
  };
}

async function soon(isSo: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !isSo(); waited += 5) {
    assert.ok(waited < 2_000, what);
    await sleep(5);
  }
}

test("HttpsKubeApi: requests one after another share a connection, side by side there are four, and no session is resumed", async () => {
  const { target, secured } = await serve((request, response) => {
    if (request.url === "/livez") response.end("ok");
    else setTimeout(() => response.end("ok"), 10);
  });
  const api = client(target);
  for (let round = 0; round < 5; round += 1) assert.deepEqual(await api.request(get), { status: 200, text: "ok" });
  assert.equal(secured.length, 1);
  await Promise.all(Array.from({ length: 12 }, () => api.request({ ...get, path: "/slow" })));
  assert.equal(secured.length, 4);
  assert.ok(secured.every((socket) => !socket.isSessionReused()));
});

test("HttpsKubeApi: every method's body arrives whole with its type; the Host header names the server", async () => {
  const seen: [string | undefined, string | undefined, string | undefined, string][] = [];
  const { target } = await serve((request, response) => {
    const { host, "content-type": type } = request.headers;
    void text(request).then((body) => {
      seen.push([request.method, type, host, body]);
      response.end();
    });
  });
  const api = client(target);
  await api.request({ ...post, method: "DELETE", body: { kind: "ü" } });
  await api.request({ ...post, method: "PATCH", contentType: "application/merge-patch+json", body: {} });
  await api.request({ method: "DELETE", path: "/x", timeoutMs: 5_000 });
  await api.request({ method: "POST", path: "/x", timeoutMs: 5_000 });
  const host = `127.0.0.1:${String(target.port)}`;
  assert.deepEqual(seen, [
    ["DELETE", "application/json", host, '{"kind":"ü"}'],
    ["PATCH", "application/merge-patch+json", host, "{}"],
    ["DELETE", undefined, host, ""],
    ["POST", undefined, host, ""],
  ]);
});

test("HttpsKubeApi: a bearer token travels on connections of its own, without the client certificate", async () => {
  const seen: [string | undefined, boolean][] = [];
  const { target } = await serve((request, response) => {
    assert.ok(request.socket instanceof TLSSocket);
    seen.push([request.headers.authorization, Object.keys(request.socket.getPeerCertificate()).length > 0]);
    response.end();
  });
  const api = client(target);
  await api.request(get);
  await api.request({ ...get, bearerToken: "secret" });
  await api.request(get);
  assert.deepEqual(seen, [
    [undefined, true],
    ["Bearer secret", false],
    [undefined, true],
  ]);
});

test("HttpsKubeApi: a kept connection that the server closed just then does not fail a GET; a write is not sent again", async () => {
  const seen: IncomingMessage[] = [];
  const { target, secured } = await serve(firstOnly(seen));
  const api = client(target);
  await api.request(get);
  assert.equal((await api.request(get)).text, "first");
  assert.equal(seen.length, 3);
  await assert.rejects(api.request(post), failsWith("KUBE_API_UNREACHABLE", "unknown-outcome"));
  assert.deepEqual([seen.length, secured.length], [4, 2]);
});

test("HttpsKubeApi: a GET outlives the loss of all four kept connections, and a server that hangs up on each request is an error", async () => {
  let isServing = true;
  const lost = new Set<Socket>();
  const { target, secured } = await serve((request, response) => {
    if (isServing) setTimeout(() => response.end("ok"), 20);
    else if (lost.has(request.socket)) request.socket.destroy();
    else response.end("new");
  });
  const api = client(target);
  await Promise.all(Array.from({ length: 4 }, () => api.request(get)));
  isServing = false;
  for (const socket of secured) lost.add(socket);
  assert.equal((await api.request(get)).text, "new");
  assert.equal(secured.length, 5);
  let asked = 0;
  const broken = await serve((request) => {
    asked += 1;
    request.socket.destroy();
  });
  await assert.rejects(client(broken.target).request(get), failsWith("KUBE_API_UNREACHABLE", "transient"));
  assert.equal(asked, 1);
});

test("HttpsKubeApi: in a TLS handshake that hangs, caller and deadline release every request at once, and a write was not sent", async () => {
  const server = createPlainServer((socket) => socket.resume());
  const standing = connectionsOf(server);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const api = client({ address: "127.0.0.1", port: (server.address() as AddressInfo).port });
  const caller = new AbortController();
  const given = Array.from({ length: 6 }, () =>
    assert.rejects(api.request({ ...post, signal: caller.signal }), failsWith("INTERRUPTED", "transient")),
  );
  await soon(() => standing.size === 4, "four connections");
  let startedAt = performance.now();
  caller.abort();
  await Promise.all(given);
  assert.ok(performance.now() - startedAt < 100);
  startedAt = performance.now();
  const late = Array.from({ length: 6 }, () =>
    assert.rejects(api.request({ ...post, timeoutMs: 100 }), failsWith("KUBE_API_UNREACHABLE", "transient")),
  );
  await Promise.all(late);
  assert.ok(performance.now() - startedAt < 400);
  await soon(() => standing.size === 0, "no connection is left behind");
});

test("HttpsKubeApi: a write that is not answered in time may have been made; one that still waits for its turn was not", async () => {
  const { target } = await serve(() => undefined);
  const api = client(target);
  const ahead = Array.from({ length: 4 }, () =>
    assert.rejects(api.request({ ...post, timeoutMs: 300 }), failsWith("KUBE_API_UNREACHABLE", "unknown-outcome")),
  );
  const waiting = assert.rejects(api.request({ ...post, timeoutMs: 200 }), failsWith("KUBE_API_UNREACHABLE", "transient"));
  await Promise.all([...ahead, waiting]);
  const caller = new AbortController();
  const interrupted = assert.rejects(api.request({ ...post, signal: caller.signal }), failsWith("INTERRUPTED", "unknown-outcome"));
  setTimeout(() => caller.abort(), 100);
  await interrupted;
});

test("HttpsKubeApi: after requests that were given up, also while they waited, the next ones are answered", async () => {
  let isServing = false;
  const { target, standing } = await serve((_request, response) => {
    if (isServing) response.end("ok");
  });
  const api = client(target);
  await Promise.all(
    Array.from({ length: 12 }, () => assert.rejects(api.request({ ...get, timeoutMs: 100 }), failsWith("KUBE_API_UNREACHABLE"))),
  );
  isServing = true;
  await Promise.all(Array.from({ length: 12 }, async () => assert.equal((await api.request(get)).text, "ok")));
  assert.ok(standing.size <= 4, String(standing.size));
});

test("HttpsKubeApi: an answer that is cut off, or none at all, is KUBE_API_UNREACHABLE, and none is asked for without end", async () => {
  let asked = 0;
  const { target } = await serve((request, response) => {
    asked += 1;
    if (request.url === "/cut") {
      response.writeHead(200, { "content-length": 100 });
      response.write("half", () => request.socket.destroy());
    } else if (request.url === "/switch") {
      request.socket.end("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
    } else if (request.url === "/noise") {
      request.socket.end("this is not HTTP\r\n\r\n");
    } else response.end("ok");
  });
  const api = client(target);
  for (const [path, times] of [
    ["/cut", 1],
    ["/switch", 2], // to Node a connection that is lost, and it was a kept one
    ["/noise", 1],
  ] as const) {
    await api.request(get); // so that there is a kept connection
    asked = 0;
    await assert.rejects(api.request({ ...get, path }), failsWith("KUBE_API_UNREACHABLE", "transient"), path);
    assert.equal(asked, times, path);
  }
});

test("HttpsKubeApi: a read whose second try finds nobody says that there was no connection", async () => {
  const server = createServer({ ...pem, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    if (request.url === "/livez") {
      response.end("ok");
      return;
    }
    server.close();
    request.socket.destroy();
  });
  connectionsOf(server);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const api = client({ address: "127.0.0.1", port: (server.address() as AddressInfo).port });
  await api.request(get); // so that there is a kept connection
  await assert.rejects(api.request({ ...get, path: "/version" }), (error: unknown) => {
    failsWith("KUBE_API_UNREACHABLE", "transient")(error);
    assert.match(String(error), /GET \/version: no connection: connect ECONNREFUSED /);
    return true;
  });
});

test("HttpsKubeApi: close() ends every connection and every request, also those that wait, and opens none", async () => {
  let asked = 0;
  const { target, standing, secured } = await serve((request, response) => {
    if (request.url === "/livez") response.end();
    else asked += 1;
  });
  const api = client(target);
  await api.request({ ...get, bearerToken: "secret" });
  const caught = Array.from({ length: 9 }, () => assert.rejects(api.request(post), failsWith("KUBE_API_UNREACHABLE")));
  await soon(() => asked === 4, "four are asked");
  await api.close();
  await Promise.all(caught);
  await soon(() => standing.size === 0, "every connection ends");
  await sleep(50);
  assert.deepEqual([standing.size, secured.length, asked], [0, 5, 4]);
});

test("HttpsKubeApi: a server with a wrong certificate never sees a request, so a write was not sent", async () => {
  const elsewhere = await authority.issue("elsewhere", { names: ["elsewhere"] });
  const [cert, key] = [await readFile(elsewhere.certificate, "utf8"), await readFile(elsewhere.key, "utf8")];
  let asked = 0;
  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    const { target } = await serve(() => (asked += 1), { tls: { cert, key, maxVersion } });
    await assert.rejects(client(target).request({ ...post, bearerToken: "secret" }), failsWith("KUBE_API_TLS", "permanent"));
  }
  await sleep(20);
  assert.equal(asked, 0);
});

test("HttpsKubeApi: an API server on an IPv6 address", async () => {
  const { target } = await serve((_request, response) => response.end("six"), { address: "::1" });
  assert.equal((await client(target).request(get)).text, "six");
});

test("HttpsKubeApi: who listens for something else, or nobody, is told apart, and a write was not sent", async () => {
  const plain = createPlainServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  connectionsOf(plain);
  await new Promise<void>((listening) => plain.listen(0, "127.0.0.1", listening));
  const notTls = client({ address: "127.0.0.1", port: (plain.address() as AddressInfo).port });
  await assert.rejects(notTls.request(post), (error: unknown) => {
    failsWith("KUBE_API_TLS", "permanent")(error);
    assert.match(String(error), /: what answers there does not speak TLS \(wrong version number\) \(EPROTO\)$/);
    return true;
  });
  const gone = await openFrozenPort();
  await gone.close();
  const nowhere = [
    { socketPath: join(directory, "gone.sock") },
    { address: "127.0.0.1", port: gone.port },
    { address: "localhost", port: gone.port },
  ];
  for (const target of nowhere) {
    await assert.rejects(client(target).request(post), (error: unknown) => {
      failsWith("KUBE_API_UNREACHABLE", "transient")(error);
      assert.ok(error instanceof RecoveryError);
      assert.match(error.detail, /no connection: connect E(?:NOENT|CONNREFUSED) /);
      return true;
    });
  }
});
