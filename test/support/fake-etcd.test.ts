import assert from "node:assert/strict";
import { test } from "node:test";
import { asHostName } from "../../src/model/ids.ts";
import { FakeEtcdCluster } from "./fake-etcd.ts";

const hosts = ["cp1", "cp2", "cp3"].map(asHostName);
const [cp1, cp2, cp3] = [asHostName("cp1"), asHostName("cp2"), asHostName("cp3")];
const soon = { timeoutMs: 1000 };

test("FakeEtcdCluster: a lost leader is replaced while quorum holds, and not after", async () => {
  const cluster = new FakeEtcdCluster({ hosts });
  assert.equal(cluster.leaderId, cluster.memberOn(cp1).id);
  cluster.killHost(cp1);
  assert.equal(cluster.leaderId, cluster.memberOn(cp2).id);
  cluster.setProcess(cp2, "stopped");
  const client = await cluster.dialer().dial(cp3, soon);
  assert.equal((await client.status(soon)).leaderId, undefined);
  await assert.rejects(client.memberList({ linearizable: true }, soon), { code: "ETCD_NO_LEADER" });
  assert.equal((await client.memberList({ linearizable: false }, soon)).members.length, 3);
});

test("FakeEtcdCluster: a cut before the effect and a cut after it look the same to the caller", async () => {
  const cluster = new FakeEtcdCluster({ hosts });
  cluster.killHost(cp3);
  const client = await cluster.dialer().dial(cp2, soon);
  const lost = cluster.memberOn(cp3).id;
  cluster.failNext("memberRemove", "cut-before-effect");
  await assert.rejects(client.memberRemove(lost, soon), { code: "ETCD_UNREACHABLE", retry: "unknown-outcome" });
  assert.equal(cluster.members.length, 3);
  cluster.failNext("memberRemove", "cut-after-effect", { host: cp2 });
  await assert.rejects(client.memberRemove(lost, soon), { code: "ETCD_UNREACHABLE", retry: "unknown-outcome" });
  assert.deepEqual(cluster.effects, [`memberRemove ${lost}`]);
});

test("FakeEtcdCluster: an isolated member keeps serving what it knew", async () => {
  const cluster = new FakeEtcdCluster({ hosts });
  cluster.put("/registry/a", "1");
  cluster.isolate(cp3);
  cluster.put("/registry/a", "2");
  const client = await cluster.dialer().dial(cp3, soon);
  const values: string[] = [];
  await client.range({ key: "/registry/", isPrefix: true, isSerializable: true }, soon, (page) => {
    values.push(...page.map((entry) => Buffer.from(entry.value).toString()));
  });
  assert.deepEqual(values, ["1"]);
});
