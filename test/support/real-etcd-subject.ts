import { Client, credentials } from "@grpc/grpc-js";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { alarmRequest, alarmResponse } from "../../src/adapters/etcd-grpc/etcd-messages.ts";
import { createGrpcEtcdDialer, type GrpcEtcdDialerOptions } from "../../src/adapters/etcd-grpc/grpc-etcd-dialer.ts";
import { defaultPaths, type ClusterConfig } from "../../src/model/cluster-config.ts";
import { asHostName, asMemberId, type HostName } from "../../src/model/ids.ts";
import type { EtcdClientSubject } from "../contracts/etcd-client.contract.ts";
import { etcdUnaryCall } from "./etcd-unary-call.ts";
import { LoopbackHostAccess } from "./loopback-host-access.ts";
import { RealEtcd } from "./real-etcd.ts";

const hosts: readonly [HostName, HostName, HostName] = [asHostName("cp1"), asHostName("cp2"), asHostName("cp3")];

/** A configuration whose hosts all have the address 127.0.0.1. */
export function loopbackConfig(names: readonly HostName[]): ClusterConfig {
  return {
    apiVersion: "requorum/v1",
    cluster: "loopback",
    platform: "kubeadm",
    etcdTopology: "stacked",
    controlPlaneEndpoint: undefined,
    loadBalancer: "none",
    hosts: names.map((name) => ({ name, address: "127.0.0.1", roles: ["control-plane", "etcd"] })),
    ssh: { connectTimeoutMs: 1000 },
    paths: defaultPaths,
    policy: { planLifetimeMs: 3_600_000 },
  };
}

/** Options of a dialer for these real etcd processes, through local Unix sockets in place of SSH. */
export function dialerOptions(etcd: RealEtcd, access: LoopbackHostAccess): GrpcEtcdDialerOptions {
  return {
    hostAccess: access,
    config: loopbackConfig(etcd.members.map((member) => member.host).concat(asHostName("cp4"))),
    certificatePaths: () => [etcd.client],
    endpoint: (host) => ({ address: "127.0.0.1", port: etcd.member(host.name).clientPort }),
  };
}

/** The contract's cluster, as real etcd processes of one version. */
export async function realEtcdSubject(version: string): Promise<EtcdClientSubject> {
  const etcd = await RealEtcd.start({ memberCount: 3, version });
  const access = new LoopbackHostAccess(etcd.directory);
  const dialer = createGrpcEtcdDialer(dialerOptions(etcd, access));
  let initialCluster = "";
  return {
    dialer,
    hosts,
    put: async (key, value) => {
      await etcd.etcdctl(hosts[0], ["put", key, value]);
    },
    raiseAlarm: (host) => raiseAlarm(etcd, host),
    disarmAlarms: async () => {
      await etcd.etcdctl(hosts[0], ["alarm", "disarm"]);
    },
    addLearner: async (host) => {
      await etcd.prepareMember(host);
      const printed = await addLearner(etcd, host);
      initialCluster = /ETCD_INITIAL_CLUSTER="(.*)"/.exec(printed)?.[1] ?? "";
      return asMemberId(/Member\s+([0-9a-f]+) added/.exec(printed)?.[1] ?? "");
    },
    startLearner: (host) => etcd.startProcess(host, { state: "existing", initialCluster }),
    freeze: (host) => etcd.freeze(host),
    thaw: (host) => {
      etcd.continue(host);
      return Promise.resolve();
    },
    kill: (host) => etcd.kill(host),
    close: async () => {
      await dialer.close();
      await access.close();
      await etcd.close();
    },
  };
}

/** etcd refuses ("unhealthy cluster") until all peers have been connected for 5 s. */
async function addLearner(etcd: RealEtcd, host: HostName): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await etcd.etcdctl(hosts[0], ["member", "add", host, "--learner", `--peer-urls=${etcd.peerUrl(host)}`]);
    } catch (error) {
      if (attempt >= 20) throw error;
      await sleep(1000);
    }
  }
}

/** No official program raises an alarm, but the API does: action ACTIVATE (1), alarm NOSPACE (1). */
async function raiseAlarm(etcd: RealEtcd, host: HostName): Promise<void> {
  const { ca, certificate, key } = etcd.client;
  const client = new Client(
    `ipv4:127.0.0.1:${String(etcd.member(host).clientPort)}`,
    credentials.createSsl(await readFile(ca), await readFile(key), await readFile(certificate)),
    { "grpc.ssl_target_name_override": "localhost" },
  );
  const list = await etcd.etcdctl(hosts[0], ["member", "list"]);
  const memberId = BigInt(`0x${new RegExp(`^([0-9a-f]+), started, ${host},`, "m").exec(list)?.[1] ?? ""}`);
  try {
    await etcdUnaryCall(client, {
      method: "Maintenance/Alarm",
      types: [alarmRequest, alarmResponse],
      request: { action: 1, memberId, alarm: 1 },
      timeoutMs: 10_000,
    });
  } finally {
    client.close();
  }
}
