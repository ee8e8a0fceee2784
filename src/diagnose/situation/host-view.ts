import { runsEtcd, type HostConfig } from "../../model/cluster-config.ts";
import { judgeEtcdData } from "../../model/etcd-data.ts";
import { placeDoubt } from "../../model/etcd-place.ts";
import type { Evidence } from "../../model/finding.ts";
import type { HostName } from "../../model/ids.ts";
import type { HostFacts, Inventory, KubernetesFiles, ReachObservation } from "../../model/inventory.ts";
import { valueOf, type Observation } from "../../model/observation.ts";

/**
 * What the facts allow to say about one machine. Every state has an
 * `unknown`, and nothing here guesses it away.
 */
export interface HostView {
  readonly name: HostName;
  readonly config: HostConfig;
  readonly facts: HostFacts;
  readonly shouldRunEtcd: boolean;
  readonly shouldRunApiServer: boolean;
  readonly shouldBalance: boolean;
  readonly presence: Presence;
  readonly etcd: EtcdState;
  readonly data: DataState;
  /** Against the machine id of the last good look or of the Node object. */
  readonly machine: "same" | "replaced" | "unknown";
  readonly hasKubernetesState: boolean | undefined;
  /** Addresses that stand for this machine; never the shared one. */
  readonly addresses: readonly string[];
}

/**
 * reached: we have a session, or its etcd or API server answered us.
 * alive: we have none, but somebody got an answer from its kernel.
 * silent: at least two vantage points asked, and none got an answer.
 * unseen: fewer than two looked.
 */
export interface Presence {
  readonly kind: "reached" | "alive" | "silent" | "unseen";
  readonly evidence: readonly Evidence[];
}

/** running: the process is there but did not answer us. stopped and frozen are observed, never inferred from silence. */
export type EtcdState = "serving" | "answering" | "running" | "frozen" | "hung" | "stopped" | "unknown";

/** partial: the dir has WAL without backend or the other way round. lost: it was read, and it is certainly without data. */
export type DataState = "intact" | "partial" | "lost" | "unknown";

export function hostViews(inventory: Inventory): readonly HostView[] {
  return inventory.config.hosts.flatMap((config) => {
    const facts = inventory.hosts.find((host) => host.name === config.name);
    return facts === undefined ? [] : [hostView(inventory, config, facts)];
  });
}

function hostView(inventory: Inventory, config: HostConfig, facts: HostFacts): HostView {
  const isControlPlane = config.roles.includes("control-plane");
  const files = valueOf(facts.kubernetesFiles);
  return {
    name: config.name,
    config,
    facts,
    shouldRunEtcd: runsEtcd(config, inventory.config),
    shouldRunApiServer: isControlPlane,
    shouldBalance: inventory.config.loadBalancer === "keepalived-haproxy" && (config.roles.includes("load-balancer") || isControlPlane),
    presence: presenceOf(inventory, facts),
    etcd: etcdStateOf(facts),
    data: dataStateOf(inventory, facts),
    machine: machineIdentityOf(inventory, config, facts),
    hasKubernetesState: files === undefined ? undefined : hasAnyFile(files),
    addresses: addressesOf(inventory, config, facts),
  };
}

function hasAnyFile(files: KubernetesFiles): boolean {
  return files.adminConf || files.superAdminConf || files.kubeletConf || files.etcdManifest || files.apiServerManifest || files.clusterCa;
}

function presenceOf(inventory: Inventory, facts: HostFacts): Presence {
  const answered = answeredObservations(facts);
  if (answered.length > 0) {
    return { kind: "reached", evidence: answered.slice(0, 1).map((observation) => evidenceOf("the machine answered us", observation)) };
  }
  // "refused" comes from the machine's kernel as much as "open" does.
  const attempts = inventory.reach.filter((reach) => reach.to === facts.name && reach.outcome !== "unknown" && reach.from !== facts.name);
  const alive = attempts.filter((reach) => reach.outcome === "open" || reach.outcome === "refused");
  if (alive.length > 0) return { kind: "alive", evidence: alive.map(reachEvidence) };
  const vantages = new Set(attempts.map((reach) => reach.from));
  const evidence = attempts.length > 0 ? attempts.map(reachEvidence) : sshGap(facts);
  return { kind: vantages.size >= 2 ? "silent" : "unseen", evidence };
}

function answeredObservations(facts: HostFacts): readonly Observation<unknown>[] {
  return [facts.ssh, facts.etcd.status, facts.etcd.linearizableReadMs, facts.apiServer.livez, facts.apiServer.readyz].filter(
    (observation) => observation.kind === "known",
  );
}

function sshGap(facts: HostFacts): readonly Evidence[] {
  return facts.ssh.kind === "unknown" ? [evidenceOf(`SSH: ${facts.ssh.detail}`, facts.ssh)] : [];
}

export function reachEvidence(reach: ReachObservation): Evidence {
  const outcome: Readonly<Record<ReachObservation["outcome"], string>> = {
    open: "is open",
    refused: "refuses, so the machine's kernel answers",
    timeout: "does not answer in time",
    unreachable: "is unreachable",
    unknown: "is unknown",
  };
  const from = reach.from === "operator" ? "this workstation" : reach.from;
  return {
    what: `${reach.port} of ${reach.to} ${outcome[reach.outcome]} from ${from}`,
    observedAt: reach.observedAt,
    source: `PB1 ${reach.from}`,
  };
}

function etcdStateOf(facts: HostFacts): EtcdState {
  const process = valueOf(facts.processes)?.find((candidate) => candidate.name === "etcd");
  if (facts.etcd.linearizableReadMs.kind === "known") return "serving";
  // Stopped at the instant of the look and answering all the same: slow, not frozen.
  if (process !== undefined && /^[Tt]/.test(process.state) && facts.etcd.status.kind === "unknown") return "frozen";
  if (process?.state.startsWith("D") === true) return "hung";
  if (facts.etcd.status.kind === "known") return "answering";
  if (process !== undefined && !/^[ZX]/.test(process.state)) return "running";
  return facts.processes.kind === "known" ? "stopped" : "unknown";
}

function dataStateOf(inventory: Inventory, facts: HostFacts): DataState {
  const dir = valueOf(facts.etcdDataDir);
  if (dir === undefined || dir.readError !== undefined) return "unknown";
  const place = placeDoubt(facts, inventory.hosts);
  if (place !== undefined && place.isPlaceSure !== true) return "unknown";
  if (!dir.exists || dir.isNewborn === true || (!dir.hasWal && !dir.hasBackend))
    return judgeEtcdData(dir).isStartable === false ? "lost" : "unknown";
  return dir.hasWal && dir.hasBackend ? "intact" : "partial";
}

function machineIdentityOf(inventory: Inventory, config: HostConfig, facts: HostFacts): HostView["machine"] {
  const observed = valueOf(facts.machine)?.machineId;
  if (observed === undefined || observed === "") return "unknown";
  const remembered = [
    inventory.lastSeen?.hosts.find((host) => host.name === config.name)?.machineId,
    valueOf(inventory.kubernetes)?.nodes.find((node) => node.name === config.name || node.internalIp === config.address)?.machineId,
  ].filter((machineId) => machineId !== undefined && machineId !== "");
  if (remembered.length === 0) return "unknown";
  return remembered.includes(observed) ? "same" : "replaced";
}

function addressesOf(inventory: Inventory, config: HostConfig, facts: HostFacts): readonly string[] {
  const shared = valueOf(inventory.endpoint)?.address ?? inventory.config.controlPlaneEndpoint?.replace(/:\d+$/, "");
  const remembered = inventory.lastSeen?.hosts.find((host) => host.name === config.name)?.address;
  const all = [config.address, ...(valueOf(facts.machine)?.addresses ?? []), ...(remembered === undefined ? [] : [remembered])];
  return [...new Set(all)].filter((address) => address !== shared || address === config.address);
}

/** One observation as evidence, with its own time and source. */
export function evidenceOf(what: string, observation: Observation<unknown>): Evidence {
  return { what, observedAt: observation.observedAt, source: observation.source };
}
