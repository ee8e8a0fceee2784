import { etcdDataOn, judgeEtcdData, type EtcdDataJudgement } from "../model/etcd-data.ts";
import type { DataDirFacts, HostFacts, Inventory } from "../model/inventory.ts";
import { valueOf, type Observation } from "../model/observation.ts";
import type { HostView } from "./situation/host-view.ts";
import type { Situation } from "./situation/situation.ts";

interface Gap {
  readonly what: string;
  readonly probe: string;
  readonly observation: Observation<unknown>;
}

/**
 * In words, what this round could not see and which probe would have shown it.
 * One line per machine and reason, so that a dead machine is one line.
 */
export function unknownLines(situation: Situation): readonly string[] {
  return [
    ...situation.hosts.flatMap((host) => hostLines(host, situation.inventory.hosts)),
    ...missingHosts(situation.inventory),
    ...clusterLines(situation),
  ];
}

function hostLines(host: HostView, hosts: readonly HostFacts[]): readonly string[] {
  const gaps = gapsOf(host);
  const asked = gaps.filter(({ observation }) => observation.kind === "unknown" && observation.reason !== "not-asked");
  // What was not asked follows from an earlier gap, which is told; without one it is told itself.
  // A machine seen without Kubernetes has nothing that could be asked.
  const told = asked.length > 0 ? asked : host.hasKubernetesState === false ? [] : gaps;
  const byReason = new Map<string, Gap[]>();
  for (const gap of told) {
    const why = gap.observation.kind === "unknown" ? `${gap.observation.reason}: ${gap.observation.detail}` : "";
    byReason.set(why, [...(byReason.get(why) ?? []), gap]);
  }
  const unreadable = (host.facts.unreadableCertificates ?? []).map(
    ({ path, problem }) => `${host.name}: certificate ${path} not understood (${problem}); PB10 would show it`,
  );
  const dir = valueOf(host.facts.etcdDataDir);
  // Where others keep their data says nothing of a machine that never runs etcd.
  const mayRunEtcd = host.config.roles.some((role) => role !== "worker" && role !== "load-balancer");
  const judged = mayRunEtcd ? etcdDataOn(host.facts, hosts) : judgeEtcdData(dir);
  const unsure = dir === undefined ? [] : dataLines(host.name, dir, judged);
  return [
    ...unreadable,
    ...unsure,
    ...[...byReason].map(([why, same]) => {
      const probes = [...new Set(same.map(({ probe }) => probe))].join(", ");
      return `${host.name}: ${same.map(({ what }) => what).join(", ")} not observed (${why}); ${probes} would show it`;
    }),
  ];
}

function dataLines(name: string, dir: DataDirFacts, { doubt, remedy, place }: EtcdDataJudgement): readonly string[] {
  if (doubt === undefined) return [];
  // What lies here, then, says nothing of etcd's data.
  if (remedy === "configure" || remedy === "elsewhere") {
    const how = place === undefined ? "a look by hand" : `PB7 with paths.etcdDataDir set to ${place}`;
    return [`${name}: etcd's data not observed (${doubt}); ${how} would show it`];
  }
  if (dir.hasWal && dir.hasBackend && dir.unmountedAt === undefined) return [];
  return [`${name}: whether there is data in ${dir.path} not observed (${doubt}); PB7 would show it once that is settled`];
}

/** Only what applies to a machine of this kind. */
function gapsOf(host: HostView): readonly Gap[] {
  const { facts } = host;
  if (host.config.roles.every((role) => role === "spare"))
    return onlyUnknown([{ what: "the machine", probe: "PB1", observation: facts.ssh }]);
  return onlyUnknown([
    { what: "SSH", probe: "PB1", observation: facts.ssh },
    { what: "machine and clock", probe: "PB10", observation: facts.machine },
    { what: "services", probe: "PB7", observation: facts.services },
    ...(host.shouldRunEtcd || host.shouldRunApiServer ? controlPlaneGaps(facts) : []),
    ...(host.shouldRunEtcd ? etcdGaps(facts) : []),
    ...(host.shouldRunApiServer ? apiServerGaps(facts) : []),
    ...(host.shouldBalance ? [{ what: "balancer", probe: "PB13", observation: facts.loadBalancer }] : []),
  ]);
}

function controlPlaneGaps(facts: HostFacts): readonly Gap[] {
  return [
    { what: "processes", probe: "PB7", observation: facts.processes },
    { what: "manifests", probe: "PB9", observation: facts.manifests },
    { what: "Kubernetes files", probe: "PB9", observation: facts.kubernetesFiles },
    { what: "certificates", probe: "PB10", observation: facts.certificates },
  ];
}

function etcdGaps(facts: HostFacts): readonly Gap[] {
  return [
    { what: "etcd data dir", probe: "PB7", observation: facts.etcdDataDir },
    { what: "etcd status", probe: "PB2", observation: facts.etcd.status },
    { what: "serializable read", probe: "PB3", observation: facts.etcd.serializableReadMs },
    { what: "linearizable read", probe: "PB3", observation: facts.etcd.linearizableReadMs },
    { what: "member list", probe: "PB4", observation: facts.etcd.membersSerializable },
    { what: "agreed member list", probe: "PB4", observation: facts.etcd.membersLinearizable },
    { what: "alarms", probe: "PB5", observation: facts.etcd.alarms },
  ];
}

function apiServerGaps(facts: HostFacts): readonly Gap[] {
  return [
    { what: "/livez", probe: "PB11", observation: facts.apiServer.livez },
    { what: "/readyz", probe: "PB11", observation: facts.apiServer.readyz },
    { what: "list through the API server", probe: "PB11", observation: facts.apiServer.listMs },
    { what: "write through the API server", probe: "PB11", observation: facts.apiServer.dryRunWriteMs },
    { what: "identity of kube-system", probe: "PB11", observation: facts.apiServer.kubeSystemUid },
    { what: "API server version", probe: "PB11", observation: facts.apiServer.version },
  ];
}

function onlyUnknown(gaps: readonly Gap[]): readonly Gap[] {
  return gaps.filter(({ observation }) => observation.kind === "unknown");
}

function missingHosts(inventory: Inventory): readonly string[] {
  return inventory.config.hosts
    .filter((config) => !inventory.hosts.some((host) => host.name === config.name))
    .map((config) => `${config.name}: nothing was asked; PB1 would show whether it answers`);
}

function clusterLines(situation: Situation): readonly string[] {
  const { kubernetes, endpoint, config } = situation.inventory;
  const lines: string[] = [];
  if (kubernetes.kind === "unknown")
    lines.push(`Kubernetes records not observed (${kubernetes.reason}: ${kubernetes.detail}); PB12 would show them`);
  else
    for (const gap of kubernetes.value.gaps ?? [])
      lines.push(`Kubernetes record ${gap.record} not observed (${gap.detail}); PB12 would show it`);
  if (endpoint.kind === "unknown" && config.controlPlaneEndpoint !== undefined) {
    lines.push(`control-plane endpoint not observed (${endpoint.reason}: ${endpoint.detail}); PB13 would show it`);
  }
  if (situation.inventory.lastSeen === undefined) {
    lines.push(
      "no facts of an earlier good look are kept, so it is not known whether the history went backwards or a machine was replaced; those of the next good look are kept",
    );
  }
  if (situation.cluster.list === undefined)
    lines.push("the live member list is not known, so the fault tolerance is not known; PB4 would show it");
  else if (!situation.cluster.list.isLinearizable)
    lines.push(`no quorum confirmed the member list; it is the memory of ${situation.cluster.list.from}; PB4 would confirm it`);
  if (situation.quorum.kind === "unseen")
    lines.push(
      "whether a quorum exists is not known: no member answered a linearizable read, and too few were seen to be down; PB3 would show it",
    );
  return lines;
}
