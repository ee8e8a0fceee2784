import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { FakeEtcdCluster } from "../../test/support/fake-etcd.ts";
import { FakeHostAccess } from "../../test/support/fake-host-access.ts";
import { FakeKubernetes } from "../../test/support/fake-kube-api.ts";
import { NodeCertificates } from "../adapters/system/node-certificates.ts";
import { defaultPaths, type ClusterConfig } from "../model/cluster-config.ts";
import { asHostName, type HostName } from "../model/ids.ts";
import type { Inventory } from "../model/inventory.ts";
import { lastSeenOf } from "../model/last-seen-of.ts";
import { valueOf } from "../model/observation.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import type { EtcdDialer } from "../ports/etcd-client.ts";
import { probeRound, type ProbePorts, type ProbeRoundOptions } from "./probe-round.ts";

const hosts = ["cp1", "cp2", "cp3"].map(asHostName);
const [cp1, cp2, cp3] = hosts as [HostName, HostName, HostName];
const addresses = ["10.150.0.11", "10.150.0.12", "10.150.0.13"];
const realAnswer = readFileSync(new URL("../../test/fixtures/probe/host-answer-cp1.txt", import.meta.url), "utf8");
const base64 = (text: string): string => Buffer.from(text).toString("base64");

const config: ClusterConfig = {
  apiVersion: "requorum/v1",
  cluster: "demo",
  platform: "kubeadm",
  etcdTopology: "stacked",
  controlPlaneEndpoint: "10.150.0.10:8443",
  loadBalancer: "keepalived-haproxy",
  hosts: hosts.map((name, index) => ({ name, address: addresses[index] ?? "", roles: ["control-plane", "etcd"] })),
  ssh: { connectTimeoutMs: 1000 },
  paths: defaultPaths,
  policy: { planLifetimeMs: 900_000 },
};

interface World {
  readonly hostAccess: FakeHostAccess;
  readonly etcd: FakeEtcdCluster;
  readonly kube: FakeKubernetes;
  readonly ports: ProbePorts;
}

/** Three machines that all answer as the lab's cp1 did. */
function healthyWorld(change: Partial<ProbePorts> = {}): World {
  const hostAccess = new FakeHostAccess();
  hostAccess.onScript({ reason: "facts" }, (request) => ({ stdout: realAnswer.replaceAll("0123456789abcdef", request.args?.[0] ?? "") }));
  const etcd = new FakeEtcdCluster({ hosts, addresses });
  for (const address of addresses) etcd.put(`/registry/masterleases/${address}`, "lease");
  const kube = new FakeKubernetes({ hosts });
  hosts.forEach((name, index) => kube.addNode({ name, address: addresses[index] ?? "" }));
  kube.store.put("/api/v1/namespaces/default/endpoints/kubernetes", { subsets: [{ addresses: addresses.map((ip) => ({ ip })) }] });
  kube.addConfigMap("kube-system", "kubeadm-config", {
    ClusterConfiguration: "controlPlaneEndpoint: 10.150.0.10:8443\nkubernetesVersion: v1.34.4\n",
  });
  kube.store.put("/api/v1/namespaces/kube-system/secrets/bootstrap-token-abcdef", {
    type: "bootstrap.kubernetes.io/token",
    data: {
      "token-secret": base64("planted-token-secret"),
      expiration: base64("2999-01-01T00:00:00Z"),
      "usage-bootstrap-authentication": base64("true"),
      "usage-bootstrap-signing": base64("true"),
    },
  });
  const clock = {
    nowIso: () => new Date().toISOString(),
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    sleep: (durationMs: number, signal?: AbortSignal) => wait(durationMs, undefined, signal === undefined ? {} : { signal }),
  };
  const hashing = {
    sha256Hex: (data: string | Uint8Array) => createHash("sha256").update(data).digest("hex"),
    startSha256: () => {
      throw new Error("not used");
    },
    randomHex: (count: number) => randomBytes(count).toString("hex"),
  };
  return {
    hostAccess,
    etcd,
    kube,
    ports: { hostAccess, etcd: etcd.dialer(), kube: kube.dialer(), clock, hashing, certificates: new NodeCertificates(), ...change },
  };
}

function look(world: World, options: Partial<ProbeRoundOptions> = {}): Promise<Inventory> {
  return probeRound(world.ports, config, { depth: "status", deadlineMs: 3000, signal: new AbortController().signal, ...options });
}

function hostOf(inventory: Inventory, name: HostName): Inventory["hosts"][number] {
  const host = inventory.hosts.find((candidate) => candidate.name === name);
  assert.ok(host !== undefined);
  return host;
}

function killHost({ hostAccess, etcd, kube }: World, name: HostName): void {
  hostAccess.failWith(name, () => new RecoveryError("SSH_UNREACHABLE", { subject: `host ${name}`, detail: "no route to host" }));
  etcd.killHost(name);
  const server = kube.server(name);
  server.isHostReachable = false;
  server.process = "stopped";
}

test("probeRound: a healthy cluster is known in full", async () => {
  const inventory = await look(healthyWorld());
  const unknown = inventory.hosts.flatMap((host) =>
    Object.entries({ ...host, ...host.etcd, ...host.apiServer })
      .filter(([, value]) => typeof value === "object" && "kind" in value && value.kind === "unknown")
      .map(([name]) => `${host.name} ${name}`),
  );
  assert.deepEqual(unknown, []);
  const host = hostOf(inventory, cp1);
  assert.equal(valueOf(host.manifests)?.length, 4);
  assert.equal(valueOf(host.loadBalancer)?.haproxy?.checksReadyz, true);
  assert.equal(valueOf(host.loadBalancer)?.holdsVip, true);
  assert.equal(valueOf(host.etcd.membersLinearizable)?.length, 3);
  assert.deepEqual(valueOf(host.apiServer.readyz), { httpStatus: 200, failedChecks: [] });
  const records = valueOf(inventory.kubernetes);
  assert.deepEqual(
    records?.nodes.map((node) => node.name),
    ["cp1", "cp2", "cp3"],
  );
  assert.deepEqual(records.masterLeases, addresses);
  assert.deepEqual(records.kubernetesEndpoints, addresses);
  assert.equal(records.kubeadmConfig?.kubernetesVersion, "v1.34.4");
  assert.ok((records.bootstrapTokenSecondsLeft ?? 0) > 1e9);
  assert.deepEqual([records.clusterInfo, records.certificateKeySecondsLeft, records.gaps], [undefined, undefined, undefined]);
  assert.equal(valueOf(inventory.endpoint)?.answers[0]?.outcome, "ok");
});

test("probeRound: no secret of the cluster is in the inventory", async () => {
  const inventory = await look(healthyWorld());
  assert.doesNotMatch(
    JSON.stringify(inventory, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value)),
    /planted|token-secret/,
  );
});

test("probeRound: two dead machines are unknown, not healthy and not dead, and cost the third nothing", async () => {
  const world = healthyWorld();
  killHost(world, cp2);
  killHost(world, cp3);
  const inventory = await look(world);
  const dead = hostOf(inventory, cp2);
  assert.equal(dead.sshErrorCode, "SSH_UNREACHABLE");
  for (const observation of [dead.ssh, dead.machine, dead.etcdDataDir, dead.etcd.status, dead.apiServer.livez])
    assert.ok(observation.kind === "unknown" && observation.reason === "unreachable");
  const alive = hostOf(inventory, cp1);
  assert.equal(alive.machine.kind, "known");
  assert.equal(alive.etcd.status.kind, "known");
  assert.equal(alive.etcd.linearizableReadMs.kind, "unknown");
  assert.ok(
    inventory.reach.some(
      (entry) => entry.from === "operator" && entry.to === cp2 && entry.port === "ssh" && entry.outcome === "unreachable",
    ),
  );
});

test("probeRound: a machine without certificates is not asked, and its etcd's silence is handled everywhere", async () => {
  const world = healthyWorld();
  const dialer = world.etcd.dialer();
  const bare: EtcdDialer = {
    dial: (host, options) =>
      host === cp2
        ? Promise.reject(new RecoveryError("ETCD_CREDENTIALS_MISSING", { subject: "host cp2", detail: "none is there" }))
        : dialer.dial(host, options),
    close: () => dialer.close(),
  };
  const inventory = await look({ ...world, ports: { ...world.ports, etcd: bare } });
  const { status } = hostOf(inventory, cp2).etcd;
  assert.ok(status.kind === "unknown" && status.reason === "not-asked");
  assert.deepEqual(valueOf(inventory.kubernetes)?.masterLeases, addresses);
});

test("probeRound: a port where nobody listens is refused when the machine itself says so, not unreachable", async () => {
  const world = healthyWorld();
  const dialer = world.etcd.dialer();
  // Through an SSH forward the client only sees its connection end.
  const cut: EtcdDialer = {
    dial: async (host, options) => {
      const client = await dialer.dial(host, options);
      if (host === cp1)
        client.status = () =>
          Promise.reject(new RecoveryError("ETCD_UNREACHABLE", { subject: "etcd on cp1", detail: "socket disconnected" }));
      return client;
    },
    close: () => dialer.close(),
  };
  const withOwn = (outcome: string) => realAnswer.replace("cp2 ssh open", `cp2 ssh open\ncp1 etcd-client ${outcome}`);
  const statusWith = async (outcome: string) => {
    world.hostAccess.onScript({ host: cp1, reason: "facts" }, (request) => ({
      stdout: withOwn(outcome).replaceAll("0123456789abcdef", request.args?.[0] ?? ""),
    }));
    return hostOf(await look({ ...world, ports: { ...world.ports, etcd: cut } }), cp1).etcd.status;
  };
  const [refused, open] = [await statusWith("refused"), await statusWith("open")];
  assert.ok(refused.kind === "unknown" && refused.reason === "refused");
  assert.ok(open.kind === "unknown" && open.reason === "unreachable");
});

test("probeRound: a member that listens elsewhere than its machine's configured address is looked for there, too", async () => {
  const world = healthyWorld();
  const earlier = await look(world);
  killHost(world, cp2);
  world.hostAccess.onScript({ host: cp1, reason: "facts" }, (request) => {
    const alias = request.args?.find((word) => word.endsWith("=10.150.0.12=2380"))?.split("=")[0] ?? "nobody";
    const seen = `${alias} etcd-peer open\n${alias} ssh timeout`;
    return { stdout: realAnswer.replace("cp2 ssh open", seen).replaceAll("0123456789abcdef", request.args?.[0] ?? "") };
  });
  const renumbered = { ...config, hosts: config.hosts.map((host) => (host.name === cp2 ? { ...host, address: "192.168.7.12" } : host)) };
  const options = { depth: "status", deadlineMs: 3000, signal: new AbortController().signal } as const;
  const inventory = await probeRound(world.ports, renumbered, { ...options, earlier });
  const heard = inventory.reach.filter((reach) => reach.from === cp1 && reach.to === cp2 && reach.outcome === "open");
  assert.deepEqual(
    heard.map((reach) => reach.port),
    ["etcd-peer"],
  );
  // Where the addresses are the configured ones, nobody is looked for twice.
  await look(world, { earlier });
  assert.ok(!world.hostAccess.calls.at(-1)?.request.args?.some((word) => word.startsWith("@member")));
});

test("probeRound: an adapter that never answers is given up at the deadline", async () => {
  const stuck: EtcdDialer = { dial: () => new Promise(() => undefined), close: () => Promise.resolve() };
  // Where it is not given up, this waits until the runner ends it.
  const inventory = await look(healthyWorld({ etcd: stuck }), { deadlineMs: 400 });
  const { status } = hostOf(inventory, cp1).etcd;
  assert.ok(status.kind === "unknown" && status.reason === "timeout");
  assert.equal(hostOf(inventory, cp1).machine.kind, "known");
});

test("probeRound: a login that takes all of its time leaves the script all of its own", async () => {
  for (const [depth, loginMs] of [
    ["status", 4000],
    ["full", 12_000],
  ] as const) {
    const world = healthyWorld();
    await look(world, { depth, deadlineMs: 30_000 });
    const { args = [], timeoutMs } = world.hostAccess.calls[0]?.request ?? assert.fail("no machine was asked");
    const scriptMs = Number(args[1]) * 10;
    assert.ok(
      scriptMs >= 3000 && timeoutMs >= loginMs + scriptMs,
      `${depth}: ${String(timeoutMs)} ms for a script of ${String(scriptMs)} ms`,
    );
  }
});

test("probeRound: a truncated answer leaves only its missing sections unknown", async () => {
  const world = healthyWorld();
  const cut = realAnswer.indexOf("begin certificates");
  world.hostAccess.onScript({ host: cp2, reason: "facts" }, (request) => ({
    stdout: realAnswer.slice(0, cut).replaceAll("0123456789abcdef", request.args?.[0] ?? ""),
  }));
  const host = hostOf(await look(world), cp2);
  assert.ok(host.certificates.kind === "unknown" && host.certificates.reason === "malformed");
  assert.equal(host.services.kind, "known");
  // The end of the machine's time is behind the cut: its clock cannot be compared.
  assert.equal(host.ssh.kind, "known");
});

test("probeRound: a script that is not understood at all makes the machine's facts malformed, its etcd is known all the same", async () => {
  const world = healthyWorld();
  world.hostAccess.onScript({ host: cp2, reason: "facts" }, { stdout: "This account is currently not available.\n", exitCode: 1 });
  const host = hostOf(await look(world), cp2);
  assert.ok(host.machine.kind === "unknown" && host.machine.reason === "malformed");
  assert.equal(host.etcd.status.kind, "known");
});

test("probeRound: a changed host key is told from an unreachable machine", async () => {
  const world = healthyWorld();
  world.hostAccess.failWith(cp3, () => new RecoveryError("SSH_HOST_KEY_CHANGED", { subject: "host cp3", detail: "another key" }));
  const inventory = await look(world);
  const host = hostOf(inventory, cp3);
  assert.equal(host.sshErrorCode, "SSH_HOST_KEY_CHANGED");
  assert.ok(host.ssh.kind === "unknown" && host.ssh.reason === "refused");
  assert.ok(
    inventory.reach.some((entry) => entry.from === "operator" && entry.to === cp3 && entry.port === "ssh" && entry.outcome === "open"),
  );
});

test("probeRound: records come from an API server that is ready, and without any they are unknown", async () => {
  const world = healthyWorld();
  world.kube.server(cp1).failedChecks = ["etcd"];
  world.kube.server(cp2).process = "stopped";
  const inventory = await look(world);
  assert.equal(valueOf(inventory.kubernetes)?.via, cp3);
  assert.deepEqual(valueOf(hostOf(inventory, cp1).apiServer.readyz)?.failedChecks, ["etcd"]);
  const { livez } = hostOf(inventory, cp2).apiServer;
  assert.ok(livez.kind === "unknown" && livez.reason === "refused");
  for (const name of hosts) world.kube.server(name).process = "stopped";
  assert.equal((await look(world)).kubernetes.kind, "unknown");
});

test("probeRound: a record that may not be read is a gap, not an absence", async () => {
  const world = healthyWorld();
  world.kube.failNext("GET", "/api/v1/namespaces/kube-public/configmaps/cluster-info", { status: 403, reason: "Forbidden" });
  const records = valueOf((await look(world)).kubernetes);
  assert.deepEqual(
    records?.gaps?.map((gap) => gap.record),
    ["clusterInfo"],
  );
  assert.match(records.gaps.at(0)?.detail ?? "", /403 Forbidden/);
});

test("probeRound: nodes that cannot be read make the records unknown", async () => {
  const world = healthyWorld();
  world.kube.failNext("GET", "/api/v1/nodes", { status: 500, reason: "InternalError" }, { times: 10 });
  assert.equal((await look(world)).kubernetes.kind, "unknown");
});

test("probeRound: the earlier look and the last-seen facts travel with the inventory", async () => {
  const world = healthyWorld();
  const earlier = await look(world);
  const lastSeen = lastSeenOf(earlier);
  assert.ok(lastSeen !== undefined);
  const inventory = await look(world, { earlier, lastSeen });
  assert.equal(inventory.earlierLook?.takenAt, earlier.takenAt);
  assert.equal(inventory.earlierLook.memberIds.length, 3);
  assert.equal(inventory.lastSeen?.members.length, 3);
});

test("probeRound: connections are closed when the round is over, and nothing was changed", async () => {
  const world = healthyWorld();
  await look(world, { depth: "full" });
  await wait(5);
  assert.equal(world.etcd.openClients.size, 0);
  assert.deepEqual([world.etcd.effects, world.kube.effects], [[], []]);
  assert.ok(world.hostAccess.calls.every((call) => !call.request.changesThings));
});

test("probeRound: an aborted round rejects with the reason", async () => {
  const reason = new Error("stopped by the operator");
  await assert.rejects(look(healthyWorld(), { signal: AbortSignal.abort(reason) }), reason);
});
