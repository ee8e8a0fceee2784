import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { createGrpcEtcdDialer } from "../../src/adapters/etcd-grpc/grpc-etcd-dialer.ts";
import { createHttpsKubeApiDialer } from "../../src/adapters/kube-api/https-kube-api-dialer.ts";
import { createSshHostAccess } from "../../src/adapters/ssh/ssh-host-access.ts";
import { NodeCertificates } from "../../src/adapters/system/node-certificates.ts";
import { NodeHashing } from "../../src/adapters/system/node-hashing.ts";
import { SystemClock } from "../../src/adapters/system/system-clock.ts";
import type { ClusterConfig } from "../../src/model/cluster-config.ts";
import { asHostName } from "../../src/model/ids.ts";
import type { Inventory } from "../../src/model/inventory.ts";
import { valueOf } from "../../src/model/observation.ts";
import { probeRound, type ProbePorts } from "../../src/probe/probe-round.ts";
import { readClusterConfig } from "../../src/schemas/config.ts";
import { readInventory, writeInventory } from "../../src/schemas/inventory.ts";
import { LabSession } from "../support/lab-session.ts";

/** A healthy lab that runs already may be lent; nothing in this file breaks it. */
const lent = process.env["REQUORUM_LAB_CONFIG"];
const session = new LabSession("ci-probe");
const roundLimitMs = 20_000;
let config: ClusterConfig;

before(async () => {
  if (lent === undefined) {
    await session.run(["lab", "down", "--name", session.name]);
    await session.lab("up", "--control-planes", "1");
  }
  const path = lent ?? session.config;
  const whole = readClusterConfig(readFileSync(path, "utf8"), path);
  // A spare machine has no etcd to ask, and nothing of it is known that these tests are about.
  config = { ...whole, hosts: whole.hosts.filter((host) => host.roles.includes("control-plane")) };
});
after(async () => {
  if (lent === undefined) await session.lab("down");
});

async function look(asked: ClusterConfig, depth: "status" | "full"): Promise<{ readonly inventory: Inventory; readonly tookMs: number }> {
  const hostAccess = createSshHostAccess(asked, { keepsConnections: false });
  const ports: ProbePorts = {
    hostAccess,
    etcd: createGrpcEtcdDialer({ hostAccess, config: asked }),
    kube: createHttpsKubeApiDialer({ hostAccess, config: asked }),
    clock: new SystemClock(),
    hashing: new NodeHashing(),
    certificates: new NodeCertificates(),
  };
  try {
    const startedMs = performance.now();
    const inventory = await probeRound(ports, asked, { depth, deadlineMs: roundLimitMs, signal: AbortSignal.timeout(roundLimitMs * 2) });
    return { inventory, tookMs: performance.now() - startedMs };
  } finally {
    await Promise.all([ports.etcd.close(), ports.kube.close()]);
    await hostAccess.close();
  }
}

/** Paths of all observations that are unknown. */
function unknownIn(value: unknown, path = ""): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  if ("kind" in value && value.kind === "unknown" && "reason" in value) return [`${path}: ${JSON.stringify(value)}`];
  return Object.entries(value).flatMap(([name, part]) => unknownIn(part, `${path}/${name}`));
}

test("probeRound on the lab: of a healthy cluster everything is known, with facts that fit together", async () => {
  const { inventory } = await look(config, "full");
  assert.deepEqual(unknownIn(inventory), []);
  const records = valueOf(inventory.kubernetes);
  assert.deepEqual(records?.masterLeases, config.hosts.map((host) => host.address).sort());
  assert.equal(records.gaps, undefined);
  assert.equal(records.clusterInfo?.server, config.controlPlaneEndpoint);
  for (const { name, address } of config.hosts) {
    const host = inventory.hosts.find((candidate) => candidate.name === name);
    assert.ok(host !== undefined);
    const [machine, disk] = [valueOf(host.machine), valueOf(host.etcdDataDir)];
    assert.equal(machine?.isLabMachine, true);
    assert.equal(machine.machineId, records.nodes.find((node) => node.name === String(name))?.machineId);
    assert.ok(machine.addresses.includes(address));
    assert.ok(Math.abs(machine.clockOffsetMs) < 1000, "machine and workstation share a clock");
    assert.match(machine.kubeadmVersion ?? "", /^v1\./);
    assert.deepEqual([disk?.hasWal, disk?.hasBackend, disk?.isReadOnlyMount], [true, true, false]);
    assert.ok((disk?.fsyncMs ?? -1) > 0);
    assert.equal(valueOf(host.loadBalancer)?.haproxy?.checksReadyz, true);
    assert.ok((valueOf(host.certificates)?.length ?? 0) > 10);
    assert.equal(
      valueOf(host.etcd.status)?.clusterId,
      valueOf(inventory.hosts.find((one) => one.etcd.status.kind === "known")?.etcd.status ?? host.etcd.status)?.clusterId,
    );
  }
  assert.equal(valueOf(inventory.endpoint)?.holders.length, 1);
});

test("probeRound on the lab: a saved inventory reads back as it was and holds no key", async () => {
  const { inventory } = await look(config, "status");
  const text = writeInventory(inventory);
  assert.deepEqual(JSON.parse(writeInventory(readInventory(text, "saved"))), JSON.parse(text));
  assert.doesNotMatch(text, /PRIVATE KEY|token-secret|LS0tLS1CRUdJTi/);
});

test("probeRound on the lab: two machines that are not there are unreachable within the limit, the others are known", async () => {
  const [first] = config.hosts;
  assert.ok(first !== undefined);
  const network = first.address.replace(/\.\d+$/, "");
  const absent = ["98", "99"].map((octet) => ({ ...first, name: asHostName(`absent${octet}`), address: `${network}.${octet}` }));
  const { inventory, tookMs } = await look({ ...config, hosts: [first, ...absent] }, "status");
  assert.deepEqual(
    inventory.hosts.map((host) => host.sshErrorCode),
    [undefined, "SSH_UNREACHABLE", "SSH_UNREACHABLE"],
  );
  assert.equal(inventory.hosts[0]?.etcd.status.kind, "known");
  // 2 s is the promise on an idle workstation (bench/); here only that nothing waits for the dead.
  assert.ok(tookMs < 6000, `took ${String(Math.round(tookMs))} ms`);
});
