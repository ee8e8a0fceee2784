import type { ClusterModel, ModelHost } from "../../model/cluster-model.ts";
import type { HostName } from "../../model/ids.ts";
import type { StepContext } from "../step-handler.ts";
import { lookAtEtcd } from "./look-at-etcd.ts";
import { lookAtHost } from "./look-at-host.ts";
import { lookAtApiServer, lookAtMasterLeases, lookAtNodes } from "./look-at-kubernetes.ts";

/** What a step needs to know; everything else stays unknown. */
export interface ModelQuestion {
  /** clusterId and members. */
  readonly etcd?: boolean;
  /** Machines to look at. */
  readonly hosts?: readonly HostName[];
  /** Hosts whose API server is asked for its readiness. */
  readonly apiServers?: readonly HostName[];
  /** Nodes, asked through these. */
  readonly nodesVia?: readonly HostName[];
  /** API server leases, asked through etcd on these. */
  readonly masterLeasesVia?: readonly HostName[];
}

/** Asks all of it at the same time. Never throws for what could not be found out: that is undefined in the model. */
export async function observeModel(context: StepContext, question: ModelQuestion): Promise<ClusterModel> {
  const [etcd, hosts, apiServers, nodes, masterLeases] = await Promise.all([
    question.etcd === true ? lookAtEtcd(context) : undefined,
    Promise.all((question.hosts ?? []).map(async (host) => [host, await lookAtHost(context, host)] as const)),
    Promise.all((question.apiServers ?? []).map(async (host) => [host, await lookAtApiServer(context, host)] as const)),
    question.nodesVia === undefined ? undefined : lookAtNodes(context, question.nodesVia),
    question.masterLeasesVia === undefined ? undefined : lookAtMasterLeases(context, question.masterLeasesVia),
  ]);
  const looks = new Map(hosts);
  const states = new Map(apiServers);
  return {
    ...unknownModel(context),
    clusterId: etcd?.clusterId,
    members: etcd?.members,
    hosts: unknownModel(context).hosts.map((host) => {
      const seen = { ...host, ...looks.get(host.name) };
      return { ...seen, apiServer: states.get(host.name) ?? seen.apiServer };
    }),
    nodes,
    masterLeases,
  };
}

/** The configured machines with nothing known about them. */
export function unknownModel(context: StepContext): ClusterModel {
  return {
    cluster: context.plan.cluster,
    clusterId: undefined,
    members: undefined,
    hosts: context.config.hosts.map((host) => unknownHost(host)),
    nodes: undefined,
    masterLeases: undefined,
    clusterInfoServer: undefined,
    kubeadmEndpoint: undefined,
    snapshots: [],
    verified: undefined,
  };
}

function unknownHost(host: StepContext["config"]["hosts"][number]): ModelHost {
  return {
    name: host.name,
    address: host.address,
    roles: host.roles,
    isReachable: undefined,
    machineId: undefined,
    hasKubernetesState: undefined,
    hasEtcdData: undefined,
    hasEtcdManifest: undefined,
    etcdProcess: undefined,
    apiServer: undefined,
    services: undefined,
    isPrepared: undefined,
    preparationProblems: [],
    balancerBackends: undefined,
  };
}
