import type { ClusterModel, ModelHost, ModelMember, ModelNode, ServiceUnit } from "./cluster-model.ts";
import type { HostConfig } from "./cluster-config.ts";
import type { ClusterId, HostName } from "./ids.ts";
import { etcdDataOn } from "./etcd-data.ts";
import { hasEtcdAmong, memberMarks } from "./etcd-place.ts";
import type { HostFacts, Inventory, MemberFacts, NodeRecord, ServiceFacts } from "./inventory.ts";
import { joinStateOf } from "./join-under-way.ts";
import { valueOf } from "./observation.ts";

/**
 * The inventory as the simplified cluster that planning simulates. Pure and
 * conservative: `undefined` wherever the probes left a gap or disagree.
 */
export function clusterModelOf(inventory: Inventory): ClusterModel {
  const clusterId = soleClusterId(inventory);
  const list = clusterId === undefined ? undefined : agreedList(inventory.hosts.map((host) => valueOf(host.etcd.membersLinearizable)));
  const members = list?.map((member) => modelMember(inventory, clusterId, member, "votes"));
  const records = valueOf(inventory.kubernetes);
  return {
    cluster: inventory.config.cluster,
    clusterId,
    members,
    believedMembers: members === undefined ? believedMembers(inventory, clusterId) : undefined,
    hosts: inventory.config.hosts.map((config) => modelHost(config, inventory.hosts)),
    nodes: records?.nodes.map(modelNode),
    masterLeases: records?.masterLeases,
    clusterInfoServer: records?.clusterInfo === undefined ? undefined : withoutScheme(records.clusterInfo.server),
    kubeadmEndpoint: records?.kubeadmConfig?.controlPlaneEndpoint,
    snapshots: [],
    verified: undefined,
  };
}

/** Every cluster id that answers, sorted. More than one is a split brain (I-G3). */
export function clusterIdsOf(inventory: Inventory): readonly ClusterId[] {
  const ids = inventory.hosts.flatMap((host) => valueOf(host.etcd.status)?.clusterId ?? []);
  return [...new Set(ids)].sort();
}

/**
 * The configured host that a member lives on: peer URL address AND name must
 * both fit, so that a member is never taken for another one after an address
 * or a name was reused. A member that never started has no name; then the address decides.
 */
export function hostOfMember(inventory: Inventory, member: MemberFacts): HostName | undefined {
  const addresses = member.peerUrls.map(addressOfUrl);
  const fits = inventory.config.hosts.filter((config) => {
    const machine = valueOf(inventory.hosts.find((host) => host.name === config.name)?.machine ?? missing);
    const own = [config.address, ...(machine?.addresses ?? [])];
    const nameFits = member.name === "" || member.name === config.name || member.name === machine?.hostname;
    return nameFits && addresses.some((address) => own.includes(address));
  });
  return fits.length === 1 ? fits[0]?.name : undefined;
}

const missing = { kind: "unknown", reason: "not-asked", detail: "not in the inventory", observedAt: "", source: "" } as const;

function soleClusterId(inventory: Inventory): ClusterId | undefined {
  const ids = clusterIdsOf(inventory);
  return ids.length === 1 ? ids[0] : undefined;
}

/** Lists that differ mean that a change is under way or that somebody lags: then there is no list to plan with. */
function agreedList(lists: readonly (readonly MemberFacts[] | undefined)[]): readonly MemberFacts[] | undefined {
  const known = lists.filter((list) => list !== undefined);
  const texts = new Set(known.map(textOfList));
  return texts.size === 1 ? known[0] : undefined;
}

function textOfList(list: readonly MemberFacts[]): string {
  return list
    .map((member) => [member.id, member.name, [...member.peerUrls].sort().join(","), String(member.isLearner)].join(" "))
    .sort()
    .join("\n");
}

/** "votes": answers a linearizable read. "would vote": answers for itself, which is all that can be seen without quorum. */
type HealthMeaning = "votes" | "would vote";

function believedMembers(inventory: Inventory, clusterId: ClusterId | undefined): readonly ModelMember[] | undefined {
  if (clusterIdsOf(inventory).length > 1) return undefined;
  const answered = inventory.hosts.map((host) => valueOf(host.etcd.membersSerializable));
  const isAnswered = answered.some((list) => list !== undefined);
  const list = isAnswered ? agreedList(answered) : rememberedList(inventory, clusterId);
  return list?.map((member) => modelMember(inventory, clusterId ?? inventory.lastSeen?.clusterId, member, "would vote"));
}

function rememberedList(inventory: Inventory, clusterId: ClusterId | undefined): readonly MemberFacts[] | undefined {
  const lastSeen = inventory.lastSeen;
  if (lastSeen === undefined) return undefined;
  return clusterId === undefined || clusterId === lastSeen.clusterId ? lastSeen.members : undefined;
}

function modelMember(inventory: Inventory, clusterId: ClusterId | undefined, member: MemberFacts, meaning: HealthMeaning): ModelMember {
  const host = hostOfMember(inventory, member);
  const facts = inventory.hosts.find((candidate) => candidate.name === host);
  return {
    id: member.id,
    name: member.name,
    peerUrls: member.peerUrls,
    isLearner: member.isLearner,
    // etcd publishes name and client URLs together when a member starts for the first time.
    isStarted: member.name !== "",
    isHealthy: facts === undefined ? undefined : memberHealth(facts, member, clusterId, meaning),
    host,
  };
}

function memberHealth(
  facts: HostFacts,
  member: MemberFacts,
  clusterId: ClusterId | undefined,
  meaning: HealthMeaning,
): boolean | undefined {
  const status = valueOf(facts.etcd.status);
  if (status !== undefined) {
    if (status.memberId !== member.id || (clusterId !== undefined && status.clusterId !== clusterId)) return false;
    // A learner serves no linearizable reads (etcd: "rpc not supported for learner"), so its status has to do.
    if (meaning === "would vote" || member.isLearner || facts.etcd.linearizableReadMs.kind === "known") return true;
  }
  const process = etcdProcess(facts);
  return process === "stopped" || process === "frozen" ? false : undefined;
}

function modelHost(config: HostConfig, hosts: readonly HostFacts[]): ModelHost {
  const facts = hosts.find((host) => host.name === config.name);
  const files = facts === undefined ? undefined : valueOf(facts.kubernetesFiles);
  const data = etcdDataOn(facts, hosts);
  const haproxy = facts === undefined ? undefined : valueOf(facts.loadBalancer)?.haproxy;
  return {
    name: config.name,
    address: config.address,
    roles: config.roles,
    isReachable: facts === undefined ? undefined : isReachable(facts),
    machineId: facts === undefined ? undefined : valueOf(facts.machine)?.machineId,
    hasKubernetesState: files === undefined ? undefined : Object.values(files).some((exists) => exists),
    hasEtcdData: data.hasAny,
    hasStartableEtcdData: data.isStartable,
    hasEtcdManifest:
      files?.etcdManifest === true ? true : hasEtcdAmong(facts === undefined ? undefined : valueOf(facts.manifests), memberMarks(hosts)),
    join: facts === undefined ? undefined : joinStateOf(facts),
    etcdProcess: facts === undefined ? undefined : etcdProcess(facts),
    apiServer: facts === undefined ? undefined : apiServerState(facts),
    services: facts === undefined ? undefined : serviceStates(valueOf(facts.services)),
    isPrepared: undefined,
    preparationProblems: [],
    balancerBackends: haproxy?.backends.map((backend) => `${backend.address}:${String(backend.port)}`),
  };
}

function isReachable(facts: HostFacts): boolean | undefined {
  if (facts.ssh.kind === "known") return true;
  return facts.ssh.reason === "not-asked" ? undefined : false;
}

function etcdProcess(facts: HostFacts): ModelHost["etcdProcess"] {
  const processes = valueOf(facts.processes)?.filter((process) => process.name === "etcd" && process.state !== "Z");
  if (processes === undefined) return undefined;
  if (processes.length === 0) return "stopped";
  // Stopped at the instant of the look and answering all the same: slow, not frozen.
  if (facts.etcd.status.kind === "known") return "running";
  return processes.every((process) => process.state === "T") ? "frozen" : "running";
}

function apiServerState(facts: HostFacts): ModelHost["apiServer"] {
  const readyz = valueOf(facts.apiServer.readyz);
  if (readyz !== undefined) return readyz.httpStatus === 200 ? "ready" : "not-ready";
  const isRunning = valueOf(facts.processes)?.some((process) => process.name === "kube-apiserver");
  if (isRunning !== false) return undefined;
  return valueOf(facts.kubernetesFiles)?.apiServerManifest === false ? "absent" : "not-ready";
}

function serviceStates(services: readonly ServiceFacts[] | undefined): ModelHost["services"] {
  if (services === undefined) return undefined;
  const states: { [unit in ServiceUnit]?: "active" | "stopped" | "absent" } = {};
  for (const service of services) {
    const state = serviceState(service);
    if (state !== undefined) states[service.unit] = state;
  }
  return states;
}

/** A unit that is just starting or stopping is neither. */
function serviceState(service: ServiceFacts): "active" | "stopped" | "absent" | undefined {
  switch (service.activeState) {
    case "active":
      return "active";
    case "inactive":
    case "failed":
      return "stopped";
    case "absent":
      return "absent";
    case "activating":
    case "deactivating":
      return undefined;
  }
}

function modelNode(node: NodeRecord): ModelNode {
  return {
    name: node.name,
    uid: node.uid,
    // "Unknown" is Kubernetes' word for a kubelet that stopped reporting: known not to be Ready.
    isReady: node.ready === "True",
    isControlPlane: node.isControlPlane,
    internalIp: node.internalIp,
    machineId: node.machineId,
  };
}

function addressOfUrl(url: string): string {
  const authority = withoutScheme(url).split("/")[0] ?? "";
  return authority.replace(/:[0-9]+$/, "").replace(/^\[(.*)\]$/, "$1");
}

function withoutScheme(url: string): string {
  return url.replace(/^[a-z]+:\/\//, "").replace(/\/$/, "");
}
