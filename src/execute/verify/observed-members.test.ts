import assert from "node:assert/strict";
import test from "node:test";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { FakeEtcdCluster } from "../../../test/support/fake-etcd.ts";
import { healthyKubeadm3 } from "../../../test/support/inventory-builder.ts";
import type { HostName } from "../../model/ids.ts";
import type { CallOptions } from "../../ports/etcd-client.ts";
import type { StepContext } from "../step-handler.ts";
import { etcdRules } from "./etcd-rules.ts";
import { lookAtMembers } from "./observed-members.ts";

const { config } = healthyKubeadm3().build();
const hosts = config.hosts.map((host) => host.name);
const clusterOf = (names: readonly HostName[]) =>
  new FakeEtcdCluster({ hosts: names, addresses: config.hosts.filter((host) => names.includes(host.name)).map((host) => host.address) });

function contextOf(plannedId: string, dial: (host: HostName, call: CallOptions) => unknown): StepContext {
  const plan = { fingerprint: { clusterId: plannedId } };
  const ports = { clock: new FakeClock(), etcd: { dial } };
  return { config, plan, ports, signal: new AbortController().signal, report: () => undefined } as unknown as StepContext;
}

test("lookAtMembers: an orphan with a cluster of its own is not asked, even when it answers first", async () => {
  const own = clusterOf(hosts);
  const orphan = clusterOf(hosts.slice(0, 1));
  Object.assign(orphan, { clusterId: "dead" });
  const context = contextOf(own.clusterId, (host, call) => (host === hosts[0] ? orphan : own).dialer().dial(host, call));
  assert.equal((await lookAtMembers(context)).members.length, 3);
});

test("etcdRules: members that agree with each other are still not the plan's cluster", async () => {
  const etcd = clusterOf(hosts);
  const context = contextOf(etcd.clusterId, (host, call) => etcd.dialer().dial(host, call));
  const verified = await lookAtMembers(context);
  const ruleFor = async (through: StepContext) =>
    (await etcdRules({ ...verified, context: through }, 3)).find((one) => one.rule.startsWith("one cluster id"));
  assert.equal((await ruleFor(context))?.verdict.kind, "holds");
  const other = await ruleFor(contextOf("dead", (host, call) => etcd.dialer().dial(host, call)));
  assert.match(JSON.stringify(other?.verdict), /"fails".*the plan is for dead/);
});
