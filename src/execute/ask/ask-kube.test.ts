import assert from "node:assert/strict";
import test from "node:test";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { FakeKubernetes } from "../../../test/support/fake-kube-api.ts";
import { asHostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { StepContext } from "../step-handler.ts";
import { acceptedJson, request, withReadyKube } from "./ask-kube.ts";

const hosts = [asHostName("cp1"), asHostName("cp2")];
const nodePath = "/api/v1/nodes/cp1";

function open(): { readonly kubernetes: FakeKubernetes; readonly context: StepContext } {
  const kubernetes = new FakeKubernetes({ hosts });
  kubernetes.addNode({ name: "cp1", address: "10.0.0.1" });
  const context = {
    ports: { kube: kubernetes.dialer(), clock: new FakeClock() },
    signal: new AbortController().signal,
  } as unknown as StepContext;
  return { kubernetes, context };
}

test("withReadyKube: an API server that is not ready is passed over; nobody ready is KUBE_API_REFUSED, naming all", async () => {
  const { kubernetes, context } = open();
  kubernetes.server(asHostName("cp1")).failedChecks = ["etcd"];
  assert.equal(await withReadyKube(context, hosts, (api) => Promise.resolve(api.host)), "cp2");
  kubernetes.server(asHostName("cp2")).failedChecks = ["etcd"];
  let asked = 0;
  await assert.rejects(
    withReadyKube(context, hosts, () => Promise.resolve(asked++)),
    { code: "KUBE_API_REFUSED", subject: "API servers on cp1, cp2", retry: "permanent" },
  );
  assert.equal(asked, 0, "a server that is not ready was given the question");
});

test("withReadyKube: a server that cannot be reached does not hide that another one is ready, and is the error when none is", async () => {
  const { kubernetes, context } = open();
  kubernetes.server(asHostName("cp1")).process = "stopped";
  assert.equal(await withReadyKube(context, hosts, (api) => Promise.resolve(api.host)), "cp2");
  kubernetes.server(asHostName("cp2")).process = "stopped";
  await assert.rejects(
    withReadyKube(context, hosts, () => Promise.resolve()),
    { code: "KUBE_API_UNREACHABLE" },
  );
});

test("acceptedJson: a refused write is KUBE_API_REFUSED with status and reason, and only an overloaded server may be asked again", async () => {
  const { kubernetes, context } = open();
  const remove = async (status: number, reason: string) => {
    kubernetes.failNext("DELETE", nodePath, { status, reason });
    return withReadyKube(context, hosts, async (api) =>
      acceptedJson(await request(api, context, { method: "DELETE", path: nodePath }), "delete Node cp1"),
    );
  };
  const refused = (retry: string, words: RegExp) => (error: unknown) => {
    assert.ok(error instanceof RecoveryError);
    assert.deepEqual([error.code, error.retry, error.subject], ["KUBE_API_REFUSED", retry, "delete Node cp1"]);
    assert.match(error.detail, words);
    return true;
  };
  await assert.rejects(remove(403, "Forbidden"), refused("permanent", /status 403 \(Forbidden/));
  await assert.rejects(remove(429, "TooManyRequests"), refused("transient", /status 429/));
  await assert.rejects(remove(500, "InternalError"), refused("transient", /status 500/));
  assert.deepEqual(
    kubernetes.effects.filter((effect) => effect.startsWith("DELETE")),
    [],
  );
});
