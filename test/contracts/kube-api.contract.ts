import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { HostName } from "../../src/model/ids.ts";
import type { KubeAnswer, KubeApi, KubeApiDialer, KubeRequest } from "../../src/ports/kube-api.ts";
import { failsWith } from "./etcd-client.contract.ts";

/** A cluster with a Node named as each host. The contract writes config maps named requorum-contract-… into `default`. */
export interface KubeApiSubject {
  readonly dialer: KubeApiDialer;
  readonly hosts: readonly [HostName, ...HostName[]];
  /** Dials so that nobody listens where the API server should be. */
  dialNobody(): Promise<KubeApi>;
  /** Dials an API server that takes connections and never answers. */
  dialFrozen(): Promise<KubeApi>;
  close(): Promise<void>;
}

const timeoutMs = 10_000;
const collection = "/api/v1/namespaces/default/configmaps";
const configMap = (name: string, data: { readonly [key: string]: string }, labels: { readonly [key: string]: string } = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default", labels },
  data,
});

interface Answered {
  readonly items: readonly Answered[];
  readonly metadata: { readonly name: string; readonly uid: string; readonly continue?: string };
  readonly data?: { readonly [key: string]: string };
  readonly reason: string;
  readonly gitVersion: string;
  readonly status: { readonly token: string };
}

export function kubeApiContract(name: string, makeSubject: () => Promise<KubeApiSubject>): void {
  let subject: KubeApiSubject;
  let api: KubeApi;
  const send = (method: KubeRequest["method"], path: string, more: Partial<KubeRequest> = {}): Promise<KubeAnswer> =>
    api.request({ method, path, timeoutMs, ...more });
  // The parts that the contract looks at; each answer has some of them.
  const parsed = (answer: KubeAnswer): Answered => JSON.parse(answer.text) as Answered;
  const remove = (object: string) => send("DELETE", `${collection}/${object}`);

  before(async () => {
    subject = await makeSubject();
    api = await subject.dialer.dial(subject.hosts[0], { timeoutMs });
  });
  after(async () => {
    await subject.close();
  });

  test(`${name}: every API server is alive, ready check by check, and knows its version`, async () => {
    for (const host of subject.hosts) {
      const one = await subject.dialer.dial(host, { timeoutMs });
      assert.equal(one.host, host);
      assert.equal((await one.request({ method: "GET", path: "/livez", timeoutMs })).status, 200);
      const ready = await one.request({ method: "GET", path: "/readyz?verbose", timeoutMs });
      assert.equal(ready.status, 200);
      assert.match(ready.text, /^\[\+\]etcd ok$/m);
      assert.match(parsed(await one.request({ method: "GET", path: "/version", timeoutMs })).gitVersion, /^v1\.\d+\.\d+/);
      await one.close();
    }
  });

  test(`${name}: nodes are listed, also in pages`, async () => {
    const all = parsed(await send("GET", "/api/v1/nodes")).items.map((item) => item.metadata.name);
    for (const host of subject.hosts) assert.ok(all.includes(host));
    const found: string[] = [];
    let next = "";
    for (let page = 0; page < 100; page += 1) {
      const answer = parsed(await send("GET", `/api/v1/nodes?limit=1&continue=${encodeURIComponent(next)}`));
      assert.equal(answer.items.length, 1);
      found.push(...answer.items.map((item) => item.metadata.name));
      next = answer.metadata.continue ?? "";
      if (next === "") break;
    }
    assert.deepEqual(found.sort(), all.sort());
  });

  test(`${name}: an error status is an answer`, async () => {
    const answer = await send("GET", `${collection}/requorum-contract-not-there`);
    assert.equal(answer.status, 404);
    assert.equal(parsed(answer).reason, "NotFound");
  });

  test(`${name}: an object is made once, found by its label, patched and deleted`, async () => {
    const object = "requorum-contract-one";
    await remove(object);
    assert.equal(
      (await send("POST", collection, { body: configMap(object, { a: "1", b: "2" }, { "requorum-contract": "one" }) })).status,
      201,
    );
    const again = await send("POST", collection, { body: configMap(object, {}) });
    assert.deepEqual([again.status, parsed(again).reason], [409, "AlreadyExists"]);
    const selected = parsed(await send("GET", "/api/v1/configmaps?labelSelector=requorum-contract%3Done"));
    assert.deepEqual(
      selected.items.map((item) => item.metadata.name),
      [object],
    );
    const patch = await send("PATCH", `${collection}/${object}`, {
      contentType: "application/merge-patch+json",
      body: { data: { a: null, c: "3 – ü" } },
    });
    assert.deepEqual([patch.status, parsed(patch).data], [200, { b: "2", c: "3 – ü" }]);
    assert.equal((await remove(object)).status, 200);
    assert.equal((await send("GET", `${collection}/${object}`)).status, 404);
  });

  test(`${name}: a dry run is answered like the real thing and changes nothing`, async () => {
    const object = "requorum-contract-dry";
    await remove(object);
    assert.equal((await send("POST", `${collection}?dryRun=All`, { body: configMap(object, { a: "1" }) })).status, 201);
    assert.equal((await send("GET", `${collection}/${object}`)).status, 404);
  });

  test(`${name}: a stale replacement and a delete for another uid are conflicts`, async () => {
    const object = "requorum-contract-conflict";
    await remove(object);
    const made = parsed(await send("POST", collection, { body: configMap(object, { a: "1" }) }));
    assert.equal((await send("PUT", `${collection}/${object}`, { body: { ...made, data: { a: "2" } } })).status, 200);
    assert.equal((await send("PUT", `${collection}/${object}`, { body: { ...made, data: { a: "3" } } })).status, 409);
    const preconditions = { uid: "00000000-0000-4000-8000-0000000000ff" };
    assert.equal((await send("DELETE", `${collection}/${object}`, { body: { preconditions } })).status, 409);
    assert.equal((await send("DELETE", `${collection}/${object}`, { body: { preconditions: { uid: made.metadata.uid } } })).status, 200);
  });

  test(`${name}: a bearer token is used instead of the certificate, and a wrong one is refused`, async () => {
    assert.equal((await send("GET", "/api/v1/nodes", { bearerToken: "not-a-token" })).status, 401);
    const issued = await send("POST", "/api/v1/namespaces/default/serviceaccounts/default/token", {
      body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 600 } },
    });
    assert.equal(issued.status, 201);
    const bearerToken = parsed(issued).status.token;
    assert.notEqual((await send("GET", "/version", { bearerToken })).status, 401);
  });

  test(`${name}: requests run side by side`, async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => send("GET", "/version")));
    assert.ok(answers.every((answer) => answer.status === 200));
  });

  test(`${name}: an answer larger than its limit is an error, and the next request works`, async () => {
    await assert.rejects(send("GET", "/api/v1/nodes", { answerBytesMax: 100 }), failsWith("REMOTE_OUTPUT_TOO_LARGE"));
    assert.equal((await send("GET", "/version")).status, 200);
  });

  test(`${name}: a request that is given up before it is sent is INTERRUPTED`, async () => {
    await assert.rejects(
      send("DELETE", `${collection}/requorum-contract-one`, { signal: AbortSignal.abort() }),
      failsWith("INTERRUPTED", "transient"),
    );
  });

  test(`${name}: where nobody listens it is KUBE_API_UNREACHABLE, and a write was never sent`, async () => {
    const nobody = await subject.dialNobody();
    await assert.rejects(nobody.request({ method: "GET", path: "/livez", timeoutMs }), failsWith("KUBE_API_UNREACHABLE", "transient"));
    await assert.rejects(
      nobody.request({ method: "POST", path: collection, body: {}, timeoutMs }),
      failsWith("KUBE_API_UNREACHABLE", "transient"),
    );
    await nobody.close();
  });

  test(`${name}: a server that never answers is KUBE_API_UNREACHABLE at the deadline`, async () => {
    const frozen = await subject.dialFrozen();
    const startedAt = performance.now();
    await assert.rejects(frozen.request({ method: "GET", path: "/livez", timeoutMs: 400 }), failsWith("KUBE_API_UNREACHABLE", "transient"));
    assert.ok(performance.now() - startedAt < 2000);
    await frozen.close();
  });

  test(`${name}: a closed client refuses to be used, and closing twice is harmless`, async () => {
    await api.close();
    await api.close();
    await assert.rejects(send("GET", "/version"), /after close/);
  });
}
