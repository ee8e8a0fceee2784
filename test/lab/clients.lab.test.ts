import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { createGrpcEtcdDialer } from "../../src/adapters/etcd-grpc/grpc-etcd-dialer.ts";
import { createHttpsKubeApiDialer } from "../../src/adapters/kube-api/https-kube-api-dialer.ts";
import { createSshHostAccess } from "../../src/adapters/ssh/ssh-host-access.ts";
import type { ClusterConfig } from "../../src/model/cluster-config.ts";
import type { HostName } from "../../src/model/ids.ts";
import type { HostAccess } from "../../src/ports/host-access.ts";
import { readClusterConfig } from "../../src/schemas/config.ts";
import { kubeApiContract, type KubeApiSubject } from "../contracts/kube-api.contract.ts";
import { openFrozenPort } from "../support/frozen-socket.ts";
import { LabSession } from "../support/lab-session.ts";

/** A lab that runs already may be lent; nothing in this file breaks it. */
const lent = process.env["REQUORUM_LAB_CONFIG"];
const session = new LabSession("ci-cli");
const call = { timeoutMs: 10_000 };
let config: ClusterConfig;
let hostAccess: HostAccess;
let hosts: readonly [HostName, ...HostName[]];

// The contract's own `before` needs it too, and node:test starts the hooks of one file together.
let prepared: Promise<void> | undefined;
const prepare = (): Promise<void> => (prepared ??= prepareOnce());

async function prepareOnce(): Promise<void> {
  if (lent === undefined) {
    await session.run(["lab", "down", "--name", session.name]);
    await session.lab("up", "--control-planes", "1");
  }
  const path = lent ?? session.config;
  config = readClusterConfig(readFileSync(path, "utf8"), path);
  hostAccess = createSshHostAccess(config, { keepsConnections: false });
  const [first, ...others] = config.hosts.filter((host) => host.roles.includes("control-plane")).map((host) => host.name);
  assert.ok(first !== undefined);
  hosts = [first, ...others];
}

before(prepare);
after(async () => {
  await hostAccess.close();
  if (lent === undefined) await session.lab("down");
});

kubeApiContract("HttpsKubeApi on the lab", async (): Promise<KubeApiSubject> => {
  await prepare();
  const frozen = await openFrozenPort();
  const dialer = createHttpsKubeApiDialer({ hostAccess, config });
  const nobody = createHttpsKubeApiDialer({ hostAccess, config, endpoint: () => ({ address: "127.0.0.1", port: 1 }) });
  const silent = createHttpsKubeApiDialer({
    hostAccess,
    config,
    reach: "direct",
    endpoint: () => ({ address: "127.0.0.1", port: frozen.port }),
  });
  return {
    dialer,
    hosts,
    dialNobody: () => nobody.dial(hosts[0], call),
    dialFrozen: () => silent.dial(hosts[0], call),
    close: async () => {
      await Promise.all([dialer.close(), nobody.close(), silent.close()]);
      await frozen.close();
    },
  };
});

test("HttpsKubeApi on the lab: another server's certificate, and a kubeconfig that is not there", async () => {
  // etcd's port: a TLS server with a certificate of another CA.
  const dialer = createHttpsKubeApiDialer({ hostAccess, config, endpoint: () => ({ address: "127.0.0.1", port: 2379 }) });
  const wrong = await dialer.dial(hosts[0], call);
  await assert.rejects(wrong.request({ method: "GET", path: "/livez", timeoutMs: 5000 }), { code: "KUBE_API_TLS", retry: "permanent" });
  await dialer.close();
  const missing = createHttpsKubeApiDialer({ hostAccess, config, kubeconfigPaths: () => ["/nowhere.conf"] });
  await assert.rejects(missing.dial(hosts[0], call), { code: "KUBE_CREDENTIALS_MISSING" });
  const foreign = createHttpsKubeApiDialer({ hostAccess, config, kubeconfigPaths: () => ["/etc/hostname"] });
  await assert.rejects(foreign.dial(hosts[0], call), { code: "REMOTE_ANSWER_MALFORMED" });
});

test("GrpcEtcdClient on the lab: kubeadm's etcd answers through an SSH forward with its own certificates", async () => {
  const dialer = createGrpcEtcdDialer({ hostAccess, config });
  const statuses = await Promise.all(hosts.map(async (host) => (await dialer.dial(host, call)).status(call)));
  assert.equal(new Set(statuses.map((status) => status.clusterId)).size, 1);
  const client = await dialer.dial(hosts[0], call);
  let keys = 0;
  const { count } = await client.range({ key: "/registry/", isPrefix: true, keysOnly: true, pageSize: 100 }, call, (page) => {
    keys += page.length;
  });
  assert.equal(BigInt(keys), count);
  assert.ok(keys > 100);
  let size = 0;
  for await (const chunk of client.snapshot({ idleTimeoutMs: 10_000, expectedBytes: 100_000_000 })) size += chunk.length;
  assert.equal(size % 512, 32);
  await dialer.close();
});
