/**
 * Turns a simulated cluster back into the world that probes look at, so that
 * a test can plan again from where a plan says that it leads.
 */
import type { ClusterModel, ModelHost } from "../../src/model/cluster-model.ts";
import { memberIdOf } from "../../src/model/ids.ts";
import { InventoryBuilder } from "./inventory-builder.ts";
import {
  healthyHost,
  healthySituation,
  type HostSituation,
  type MemberSituation,
  type NodeSituation,
  type Situation,
} from "./inventory-situation.ts";

export function builderOfModel(model: ClusterModel): InventoryBuilder {
  const situation = situationOfModel(model);
  return model.hosts.reduce(
    (builder, host) =>
      host.isReachable === true && host.balancerBackends !== undefined
        ? builder.balancerBackends(host.name, ...host.balancerBackends.map((backend) => backend.replace(/:[0-9]+$/, "")))
        : builder,
    new InventoryBuilder(situation, [], { hasEarlierLook: true, hasLastSeen: true, healthy: situation }),
  );
}

function situationOfModel(model: ClusterModel): Situation {
  const base = healthySituation(1);
  const members = (model.members ?? []).map((member, index): MemberSituation => {
    const peerUrl = member.peerUrls[0] ?? "";
    return {
      id: member.id ?? memberIdOf(0x7777777777777770n + BigInt(index)),
      name: member.name,
      peerUrl,
      clientUrl: peerUrl.replace("2380", "2379"),
      isLearner: member.isLearner,
    };
  });
  return {
    ...base,
    hosts: model.hosts.map(hostSituation),
    spares: model.hosts.filter((host) => host.roles.includes("spare")).map((host) => host.name as string),
    members,
    nodes: nodesOf(model),
    leader: members.find((member) => !member.isLearner)?.name ?? "",
    masterLeases: model.masterLeases,
    clusterInfoServer: model.clusterInfoServer ?? base.clusterInfoServer,
    kubeadmEndpoint: model.kubeadmEndpoint ?? base.kubeadmEndpoint,
  };
}

/** Without an API server they were not seen, and are still there. */
function nodesOf({ nodes, hosts }: ClusterModel): readonly NodeSituation[] {
  if (nodes === undefined)
    return hosts
      .filter(({ roles }) => roles.includes("control-plane"))
      .map(({ name, address, machineId = "0".repeat(32) }) => ({ name, address, machineId, isControlPlane: true, ready: undefined }));
  return nodes.map(({ name, internalIp, machineId, isControlPlane, isReady }) => ({
    name,
    address: internalIp,
    machineId,
    isControlPlane,
    ready: isReady === true ? "True" : "Unknown",
  }));
}

function hostSituation(host: ModelHost): HostSituation {
  const isFresh = host.hasKubernetesState === false;
  const balancer = host.balancerBackends === undefined ? "absent" : "active";
  return {
    ...healthyHost(1),
    name: host.name,
    address: host.address,
    ssh: host.isReachable === true ? "ok" : "unreachable",
    isAlive: host.isReachable === true,
    isFresh,
    kubelet: host.services?.kubelet === "active" ? "active" : "inactive",
    etcd: host.etcdProcess === "running" ? "running" : host.etcdProcess === "frozen" ? "frozen" : "stopped",
    dataDir: host.hasEtcdData === true ? "intact" : "absent",
    apiServer: host.apiServer === "ready" ? "serving" : "stopped",
    haproxy: balancer,
    keepalived: host.services?.keepalived === "active" ? "active" : "absent",
    machineId: host.machineId ?? "0".repeat(32),
    // Long up: a machine that just came back would be a finding of its own.
    uptimeSeconds: 86_400,
  };
}
