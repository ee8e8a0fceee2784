/**
 * A real API server alone, with objects of more kinds than a cluster has by
 * itself: all of them decoded as they are served, and taken by a fresh one
 * as `snapshot get` prints them.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test, type TestContext } from "node:test";
import { openBolt } from "../../src/formats/bbolt/bolt-file.ts";
import { MemoryByteSource } from "../../src/formats/byte-source.ts";
import { openMvcc } from "../../src/formats/etcd/mvcc/open-mvcc.ts";
import { trailerBytes } from "../../src/formats/etcd/snapshot-trailer.ts";
import { compareDecoded } from "../support/compare-decoded.ts";
import { RealApiServer } from "../support/real-api-server.ts";
import { servedObjects } from "../support/served-objects.ts";

const root = resolve(import.meta.dirname, "../..");
const fixtures = join(root, "test/fixtures/kubernetes");
/** A definition is served some moments after it was made. */
const definitionLimitMs = 30_000;

async function startIn(context: TestContext): Promise<RealApiServer> {
  const server = await RealApiServer.start();
  context.after(() => server.close());
  return server;
}

async function served(server: RealApiServer, path: string): Promise<void> {
  const startedMs = performance.now();
  while ((await server.api.request({ method: "GET", path, timeoutMs: 5_000 })).status !== 200) {
    assert.ok(performance.now() - startedMs < definitionLimitMs, `${path} is not served`);
    await new Promise((done) => setTimeout(done, 200));
  }
}

/** With a request for a certificate that is a real one. */
function actingKinds(directory: string): string {
  const file = join(directory, "acting-kinds.yaml");
  const [key, request] = [join(directory, "request.key"), join(directory, "request.pem")];
  execFileSync("openssl", ["req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-subj", "/CN=none", "-out", request], {
    stdio: "ignore",
  });
  const text = readFileSync(join(fixtures, "acting-kinds.yaml"), "utf8");
  writeFileSync(file, text.replace("REQUEST_OF_A_CERTIFICATE", readFileSync(request).toString("base64")));
  return file;
}

test("a real API server: every object of 50 kinds is decoded as it is served, and a fresh server takes them all from snapshot get", async (context) => {
  const server = await startIn(context);
  await server.kubectl("create", join(fixtures, "many-kinds.yaml"));
  await server.kubectl("create", actingKinds(server.directory));
  await served(server, "/apis/acting.invalid/v1/widgets");
  const widget = join(server.directory, "widget.yaml");
  writeFileSync(
    widget,
    "apiVersion: acting.invalid/v1\nkind: Widget\nmetadata: { name: one, namespace: many-kinds }\nspec: { big: 9007199254740993 }\n",
  );
  await server.kubectl("create", widget);

  const file = await server.snapshot();
  const bytes = readFileSync(file);
  const source = new MemoryByteSource(bytes.subarray(0, bytes.length - trailerBytes), file);
  const found = compareDecoded(source, await servedObjects(server.api, openMvcc(openBolt(source)).revision));
  context.diagnostic(`${String(found.comparedCount)} of ${String(found.storedCount)} objects of ${String(found.kinds.length)} kinds`);
  assert.deepEqual([found.differences, found.notCompared, found.notFound, [...found.allowed.keys()]], [[], [], [], []]);
  assert.ok(found.kinds.length >= 50, found.kinds.join(", "));

  const fresh = await startIn(context);
  const get = (...words: readonly string[]): string => {
    const target = join(fresh.directory, "objects.yaml");
    const text = execFileSync(join(root, "bin/requorum.js"), ["snapshot", "get", file, ...words], { encoding: "utf8", maxBuffer: 1 << 26 });
    writeFileSync(target, text);
    return target;
  };
  await fresh.kubectl("apply", get("customresourcedefinitions.apiextensions.k8s.io"));
  await served(fresh, "/apis/acting.invalid/v1/widgets");
  // What a cluster makes again by itself is taken as well: no controller runs here.
  await fresh.kubectl("apply", get("--all"));
  const wanted = [...(await servedObjects(server.api, 0n)).byIdentity.keys()];
  const taken = (await servedObjects(fresh.api, 0n)).byIdentity;
  assert.deepEqual(
    wanted.filter((identity) => !taken.has(identity)),
    [],
  );
});
