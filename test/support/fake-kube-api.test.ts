import assert from "node:assert/strict";
import { test } from "node:test";
import { asHostName } from "../../src/model/ids.ts";
import type { KubeRequest } from "../../src/ports/kube-api.ts";
import { FakeKubernetes } from "./fake-kube-api.ts";

const cp1 = asHostName("cp1");
const get = (path: string): KubeRequest => ({ method: "GET", path, timeoutMs: 1000 });

test("FakeKubernetes: lists across namespaces, with selectors and pages", async () => {
  const kubernetes = new FakeKubernetes({ hosts: [cp1] });
  kubernetes.addPod("a", "one", { node: "cp1", labels: { app: "x" } });
  kubernetes.addPod("b", "two", { node: "cp2", labels: { app: "x" } });
  kubernetes.addPod("b", "three", { node: "cp2" });
  const api = await kubernetes.dialer().dial(cp1, { timeoutMs: 1000 });
  const names = async (path: string) =>
    (JSON.parse((await api.request(get(path))).text) as { items: { metadata: { name: string } }[] }).items.map(
      (item) => item.metadata.name,
    );
  assert.deepEqual(await names("/api/v1/pods"), ["one", "three", "two"]);
  assert.deepEqual(await names("/api/v1/namespaces/b/pods?labelSelector=app%3Dx"), ["two"]);
  assert.deepEqual(await names("/api/v1/pods?fieldSelector=spec.nodeName%3Dcp2"), ["three", "two"]);
  assert.deepEqual(await names("/api/v1/pods?limit=2"), ["one", "three"]);
});

test("FakeKubernetes: a delete with another uid is refused, a dry run changes nothing", async () => {
  const kubernetes = new FakeKubernetes({ hosts: [cp1] });
  const node = kubernetes.addNode({ name: "cp3", address: "10.0.0.13" });
  const api = await kubernetes.dialer().dial(cp1, { timeoutMs: 1000 });
  const remove = (uid: string, query = "") =>
    api.request({ method: "DELETE", path: `/api/v1/nodes/cp3${query}`, body: { preconditions: { uid } }, timeoutMs: 1000 });
  assert.equal((await remove("another")).status, 409);
  assert.equal((await remove(node.metadata.uid, "?dryRun=All")).status, 200);
  assert.deepEqual(kubernetes.effects, []);
  assert.equal((await remove(node.metadata.uid)).status, 200);
  assert.equal((await api.request(get("/api/v1/nodes/cp3"))).status, 404);
  assert.deepEqual(kubernetes.effects, ["DELETE /api/v1/nodes/cp3"]);
});

test("FakeKubernetes: a stopped server does not answer, an unready one names the failed checks", async () => {
  const kubernetes = new FakeKubernetes({ hosts: [cp1] });
  const api = await kubernetes.dialer().dial(cp1, { timeoutMs: 1000 });
  kubernetes.server(cp1).failedChecks = ["etcd"];
  const answer = await api.request(get("/readyz?verbose"));
  assert.equal(answer.status, 500);
  assert.match(answer.text, /\[-\]etcd failed/);
  kubernetes.server(cp1).process = "stopped";
  await assert.rejects(api.request(get("/livez")), { code: "KUBE_API_UNREACHABLE" });
});
