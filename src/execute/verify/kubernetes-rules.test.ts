import assert from "node:assert/strict";
import test from "node:test";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { FakeEtcdCluster } from "../../../test/support/fake-etcd.ts";
import { FakeKubernetes } from "../../../test/support/fake-kube-api.ts";
import type { HostConfig } from "../../model/cluster-config.ts";
import { asHostName } from "../../model/ids.ts";
import type { StepContext } from "../step-handler.ts";
import { kubernetesRules } from "./kubernetes-rules.ts";
import { lookAtMembers } from "./observed-members.ts";

const machine = (name: string, address: string, role: "control-plane" | "etcd"): HostConfig => ({
  name: asHostName(name),
  address,
  roles: [role],
});
const etcdMachines = [1, 2, 3].map((ordinal) => machine(`etcd${String(ordinal)}`, `10.0.1.${String(ordinal)}`, "etcd"));
const controlPlane = [1, 2].map((ordinal) => machine(`cp${String(ordinal)}`, `10.0.0.${String(ordinal)}`, "control-plane"));

/** Two control-plane machines over three etcd machines of their own. */
function open(): { readonly kubernetes: FakeKubernetes; readonly context: StepContext } {
  const kubernetes = new FakeKubernetes({ hosts: controlPlane.map((host) => host.name) });
  for (const host of controlPlane) kubernetes.addNode({ name: host.name, address: host.address });
  kubernetes.setKubernetesEndpoints(controlPlane.map((host) => host.address));
  const etcd = new FakeEtcdCluster({ hosts: etcdMachines.map((host) => host.name), addresses: etcdMachines.map((host) => host.address) });
  const context = {
    ports: { kube: kubernetes.dialer(), etcd: etcd.dialer(), clock: new FakeClock() },
    config: { etcdTopology: "external", hosts: [...controlPlane, ...etcdMachines] },
    plan: { fingerprint: {} },
    signal: new AbortController().signal,
  } as unknown as StepContext;
  return { kubernetes, context };
}

async function failures(context: StepContext): Promise<readonly string[]> {
  const rules = await kubernetesRules(await lookAtMembers(context));
  return rules.flatMap(({ rule, verdict }) =>
    verdict.kind === "holds" ? [] : [`${rule}: ${verdict.kind === "fails" ? verdict.because.join("; ") : verdict.missing.join("; ")}`],
  );
}

test("kubernetesRules: with etcd on machines of its own, the API servers of the control-plane machines are asked", async () => {
  const { context } = open();
  assert.deepEqual(await failures(context), []);
});

test("kubernetesRules: a control-plane machine without a Node, or with one that is not marked as control plane, is no proof", async () => {
  const { kubernetes, context } = open();
  kubernetes.addNode({ name: "cp2", address: "10.0.0.2", isControlPlane: false });
  assert.match((await failures(context)).join(), /^every Node is Ready: no Node of cp2 \(10\.0\.0\.2\) is labelled/);
  kubernetes.store.delete({ base: "/api/v1", namespace: undefined, resource: "nodes", name: "cp1", subresource: undefined });
  assert.match((await failures(context)).join(), /no Node of cp1/);
});
