import assert from "node:assert/strict";
import test from "node:test";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { FakeKubernetes } from "../../../test/support/fake-kube-api.ts";
import type { HostConfig } from "../../model/cluster-config.ts";
import { asHostName, asRunId } from "../../model/ids.ts";
import type { KubeApi } from "../../ports/kube-api.ts";
import type { StepContext } from "../step-handler.ts";
import type { Verified } from "./exit-rule.ts";
import { proveWrites } from "./write-proof.ts";

const apiServers = [1, 2].map((ordinal): HostConfig => ({
  name: asHostName(`cp${String(ordinal)}`),
  address: `10.0.0.${String(ordinal)}`,
  roles: ["control-plane"],
}));

/** `refusing`: the API server that has another service-account key, and so takes no token of the others. */
function open(refusing: string | undefined): Verified {
  const kubernetes = new FakeKubernetes({ hosts: apiServers.map((host) => host.name) });
  const dialer = kubernetes.dialer();
  const dial: typeof dialer.dial = async (host, options) => {
    const api = await dialer.dial(host, options);
    const through: KubeApi = {
      host: api.host,
      request: (call) =>
        call.bearerToken !== undefined && host === refusing
          ? Promise.resolve({ status: 401, text: "{}" } as Awaited<ReturnType<KubeApi["request"]>>)
          : api.request(call),
      close: () => api.close(),
    };
    return through;
  };
  const context = {
    ports: { kube: { ...dialer, dial }, clock: new FakeClock() },
    run: asRunId("20261121-030000-abcd"),
    config: { hosts: apiServers },
    signal: new AbortController().signal,
  } as unknown as StepContext;
  return { context, members: [], hosts: [], apiServers };
}

async function tokenRule(refusing: string | undefined): Promise<unknown> {
  const rules = await proveWrites(open(refusing));
  return rules.find(({ rule }) => rule.startsWith("a service account's token"))?.verdict;
}

test("proveWrites: a token that one API server issued must be taken by each of them", async () => {
  assert.deepEqual(await tokenRule(undefined), { kind: "holds" });
  assert.deepEqual(await tokenRule("cp2"), { kind: "fails", because: ["a call with the token to the API server on cp2 was answered 401"] });
});
