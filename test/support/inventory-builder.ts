/**
 * Realistic inventories in words, for tests of diagnose, plan and cli:
 *
 *   healthyKubeadm3().hostUnreachable("cp2").build()
 *
 * Each word changes the situation and returns a new builder; `build` derives
 * what probes would have seen, with consequences (no quorum: no linearizable
 * reads, API servers not ready, records unknown). By default there is an
 * earlier look with the same facts and last-seen facts of the healthy cluster.
 */
import { defaultPaths, type ClusterConfig } from "../../src/model/cluster-config.ts";
import { asHostName, memberIdOf, type HostName } from "../../src/model/ids.ts";
import type {
  EndpointFacts,
  DataDirFacts,
  HostFacts,
  Inventory,
  KubernetesRecords,
  LoadBalancerFacts,
  ManifestFacts,
} from "../../src/model/inventory.ts";
import { lastSeenOf } from "../../src/model/last-seen-of.ts";
import { summariseLook } from "../../src/model/look-summary.ts";
import { known, notKnown, type Observation, type UnknownReason } from "../../src/model/observation.ts";
import { parseHaproxy } from "../../src/probe/parse-haproxy.ts";
import { parseKeepalived } from "../../src/probe/parse-keepalived.ts";
import {
  authorityFingerprint,
  endpointText,
  hostFacts,
  isApiServerReady,
  leaderOf,
  loadBalancerFacts,
  reachFacts,
} from "./inventory-facts.ts";
import {
  addressOfOrdinal,
  endpointPort,
  healthyHost,
  healthySituation,
  machineIdOfOrdinal,
  virtualAddress,
  type HostSituation,
  type MemberSituation,
  type Situation,
} from "./inventory-situation.ts";
import { movedTo, patchManifests } from "./patch-manifests.ts";

type Patch = (inventory: Inventory) => Inventory;

export function healthyKubeadm3(): InventoryBuilder {
  return healthyKubeadm(3);
}

export function healthyKubeadm(hostCount: number): InventoryBuilder {
  return new InventoryBuilder(healthySituation(hostCount), [], {
    hasEarlierLook: true,
    hasLastSeen: true,
    healthy: healthySituation(hostCount),
  });
}

interface BuilderOptions {
  readonly hasEarlierLook: boolean;
  readonly hasLastSeen: boolean;
  /** As it was when the last-seen facts were kept. */
  readonly healthy: Situation;
}

export class InventoryBuilder {
  readonly #situation: Situation;
  readonly #patches: readonly Patch[];
  readonly #options: BuilderOptions;

  constructor(situation: Situation, patches: readonly Patch[], options: BuilderOptions) {
    this.#situation = situation;
    this.#patches = patches;
    this.#options = options;
  }

  build(): Inventory {
    const now = this.#derive(this.#situation);
    const earlier = this.#derive({ ...this.#situation, takenAt: new Date(Date.parse(this.#situation.takenAt) - 10_000).toISOString() });
    const lastSeen = lastSeenOf(derive({ ...this.#options.healthy, takenAt: "2026-11-21T02:30:00.000Z" }), [
      { resource: "configmaps", count: 40 },
      { resource: "pods", count: 24 },
      { resource: "secrets", count: 31 },
    ]);
    return {
      ...now,
      ...(this.#options.hasEarlierLook ? { earlierLook: summariseLook(earlier) } : {}),
      ...(this.#options.hasLastSeen && lastSeen !== undefined ? { lastSeen } : {}),
    };
  }

  #derive(situation: Situation): Inventory {
    return this.#patches.reduce((inventory, patch) => patch(inventory), derive(situation));
  }

  /** No earlier look: nothing may be changed yet (I-G1). */
  firstLook(): InventoryBuilder {
    return new InventoryBuilder(this.#situation, this.#patches, { ...this.#options, hasEarlierLook: false });
  }
  withoutLastSeen(): InventoryBuilder {
    return new InventoryBuilder(this.#situation, this.#patches, { ...this.#options, hasLastSeen: false });
  }
  takenAt(iso: string): InventoryBuilder {
    return this.#with({ takenAt: iso });
  }

  // Machines
  /** Off or gone: neither the operator nor any other machine reaches it. */
  hostUnreachable(name: string): InventoryBuilder {
    return this.#host(name, { ssh: "unreachable", isAlive: false });
  }
  /** Only the operator does not reach it (N08, N09): it goes on working for the others. */
  hostUnreachableFromOperator(name: string): InventoryBuilder {
    return this.#host(name, { ssh: "unreachable" });
  }
  hostKeyChanged(name: string): InventoryBuilder {
    return this.#host(name, { ssh: "host-key-changed" });
  }
  sshRefused(name: string): InventoryBuilder {
    return this.#host(name, { ssh: "refused" });
  }
  /** A new or reinstalled machine under this name and address: other machine id, nothing of Kubernetes on it. */
  freshMachine(name: string): InventoryBuilder {
    return this.#host(name, {
      isFresh: true,
      machineId: machineIdOfOrdinal(this.#ordinalOf(name), 1),
      kubelet: "inactive",
      haproxy: "absent",
      keepalived: "absent",
      etcd: "stopped",
      dataDir: "absent",
      apiServer: "stopped",
      uptimeSeconds: 300,
    });
  }
  /** A further configured machine without Kubernetes, not a member; its ordinal gives its address. */
  spareMachine(name: string, ordinal: number): InventoryBuilder {
    const host: HostSituation = {
      ...healthyHost(ordinal),
      name,
      isFresh: true,
      kubelet: "inactive",
      haproxy: "absent",
      keepalived: "absent",
      etcd: "stopped",
      dataDir: "absent",
      apiServer: "stopped",
      uptimeSeconds: 300,
    };
    return this.#with({ hosts: [...this.#situation.hosts, host], spares: [...this.#situation.spares, name] });
  }
  /** N11: the machine has another address now; its member is still registered with the old one. */
  movedTo(name: string, address: string): InventoryBuilder {
    return this.#host(name, { address });
  }
  rebooted(name: string, secondsAgo: number): InventoryBuilder {
    return this.#host(name, { uptimeSeconds: secondsAgo });
  }
  clockOff(name: string, clockOffsetMs: number): InventoryBuilder {
    return this.#host(name, { clockOffsetMs });
  }
  kubeletStopped(name: string, state: "inactive" | "failed" = "inactive"): InventoryBuilder {
    return this.#host(name, { kubelet: state, etcd: "stopped", apiServer: "stopped" });
  }

  // etcd
  etcdStopped(name: string): InventoryBuilder {
    return this.#host(name, { etcd: "stopped" });
  }
  etcdFrozen(name: string): InventoryBuilder {
    return this.#host(name, { etcd: "frozen" });
  }
  etcdDiskHung(name: string): InventoryBuilder {
    return this.#host(name, { etcd: "disk-hung" });
  }
  etcdDataLost(name: string): InventoryBuilder {
    return this.#host(name, { dataDir: "empty", etcd: "stopped" });
  }
  dataDirReadOnly(name: string): InventoryBuilder {
    return this.#host(name, { dataDir: "read-only", etcd: "stopped" });
  }
  diskFull(name: string): InventoryBuilder {
    return this.#host(name, { dataDir: "full", etcd: "stopped" });
  }
  slowDisk(name: string, fsyncMs: number): InventoryBuilder {
    return this.#host(name, { fsyncMs });
  }
  /** E06: answers alone under another cluster id. */
  foreignCluster(name: string): InventoryBuilder {
    return this.#host(name, { foreignCluster: true });
  }
  /** E12: registered, never started. `peerAddress` is that of an unknown or configured machine. */
  unstartedMember(peerAddress: string, options: { readonly isLearner?: boolean } = {}): InventoryBuilder {
    const member: MemberSituation = {
      id: memberIdOf(0x1111111111111111n + BigInt(this.#situation.members.length)),
      name: "",
      peerUrl: `https://${peerAddress}:2380`,
      clientUrl: "",
      isLearner: options.isLearner ?? false,
    };
    return this.#with({ members: [...this.#situation.members, member] });
  }
  /** A started member that does not vote. Of a configured host, or of none. */
  learner(name: string): InventoryBuilder {
    const address = this.#situation.hosts.find((host) => host.name === name)?.address ?? "10.150.0.99";
    const member: MemberSituation = {
      id: memberIdOf(0x2222222222222222n),
      name,
      peerUrl: `https://${address}:2380`,
      clientUrl: `https://${address}:2379`,
      isLearner: true,
    };
    const hosts = this.#situation.hosts.map((host) =>
      host.name === name ? { ...host, isFresh: false, isAlive: true, etcd: "running" as const, dataDir: "intact" as const } : host,
    );
    return this.#with({ hosts, members: [...this.#situation.members.filter((other) => other.name !== name), member] });
  }
  /** The membership no longer has it; what runs on the machine is left as it is. */
  memberRemoved(name: string): InventoryBuilder {
    return this.#with({ members: this.#situation.members.filter((member) => member.name !== name) });
  }
  /** E02: somebody moved etcd.yaml out of the static-pod directory. */
  etcdManifestMoved(name: string): InventoryBuilder {
    return this.#host(name, { etcd: "stopped" }).patchHost(name, (host) => ({
      ...host,
      manifests:
        host.manifests.kind === "known"
          ? { ...host.manifests, value: host.manifests.value.filter((manifest) => manifest.etcdFlags === undefined) }
          : host.manifests,
      kubernetesFiles:
        host.kubernetesFiles.kind === "known"
          ? { ...host.kubernetesFiles, value: { ...host.kubernetesFiles.value, etcdManifest: false } }
          : host.kubernetesFiles,
    }));
  }
  /** N08: it runs, but its peer port is blocked in both directions: no leader, no linearizable read. */
  peerPortBlocked(name: string): InventoryBuilder {
    const provenance = { observedAt: this.#situation.takenAt, source: `PB3 ${name} etcd` };
    const gap = notKnown<never>("timeout", "etcdserver: request timed out", provenance);
    return this.patchHost(name, (host) => ({
      ...host,
      etcd: {
        ...host.etcd,
        linearizableReadMs: gap,
        membersLinearizable: gap,
        alarms: gap,
        status:
          host.etcd.status.kind === "known"
            ? { ...host.etcd.status, value: { ...host.etcd.status.value, leaderId: undefined, errors: ["etcdserver: no leader"] } }
            : host.etcd.status,
      },
    })).patch((inventory) => ({
      ...inventory,
      reach: inventory.reach.map((reach) =>
        reach.port === "etcd-peer" && reach.from !== "operator" && (reach.from === name || reach.to === name)
          ? { ...reach, outcome: "timeout" }
          : reach,
      ),
    }));
  }
  /** P01: the process runs, and every TLS handshake with it fails. */
  etcdRefusesTls(name: string): InventoryBuilder {
    return this.#etcdGap(name, "refused", "tls: certificate has expired");
  }
  /** The process runs, and no answer of it came within the limit, as when the machine is loaded. */
  etcdLate(name: string): InventoryBuilder {
    return this.#etcdGap(name, "timeout", "no answer within 1200 ms");
  }
  /** The process runs, and nothing listens yet. */
  etcdNotListening(name: string): InventoryBuilder {
    return this.#etcdGap(name, "refused", "ETCD_UNREACHABLE: connect ECONNREFUSED");
  }
  #etcdGap(name: string, reason: UnknownReason, detail: string): InventoryBuilder {
    return this.patchHost(name, (host) => ({
      ...host,
      etcd: Object.fromEntries(
        Object.keys(host.etcd).map((probe) => [
          probe,
          notKnown<never>(reason, detail, { observedAt: this.#situation.takenAt, source: `${probe} ${name} etcd` }),
        ]),
      ) as unknown as HostFacts["etcd"],
    }));
  }
  /** The finished replacement on another machine: member, Node and records are those of `newName`. */
  replacedBy(name: string, newName: string): InventoryBuilder {
    const address = this.#addressOf(newName);
    const member: MemberSituation = {
      id: memberIdOf(0x3333333333333333n),
      name: newName,
      peerUrl: `https://${address}:2380`,
      clientUrl: `https://${address}:2379`,
      isLearner: false,
    };
    const joined = { ...healthyHost(1), name: newName, address, machineId: this.#hostOf(newName).machineId };
    return this.#with({
      hosts: this.#situation.hosts.map((host) => (host.name === newName ? joined : host)),
      members: [...this.#situation.members.filter((other) => other.name !== name), member],
      nodes: [
        ...this.#situation.nodes.filter((node) => node.name !== name),
        { name: newName, address, machineId: joined.machineId, isControlPlane: true, ready: undefined },
      ],
    });
  }
  /** N04: local reads answer, reads through the quorum hang. */
  hungRead(name: string): InventoryBuilder {
    const gap = notKnown<never>("timeout", "no answer in time", { observedAt: this.#situation.takenAt, source: `PB3 ${name} etcd` });
    return this.patchHost(name, (host) => ({ ...host, etcd: { ...host.etcd, linearizableReadMs: gap, membersLinearizable: gap } }));
  }
  /** K01, E07: what the cluster says its revision is. */
  revision(revision: number): InventoryBuilder {
    const earlier = this.#options.healthy.takenAt;
    return this.patch((inventory) =>
      inventory.takenAt < earlier
        ? inventory
        : {
            ...inventory,
            hosts: inventory.hosts.map((host) =>
              host.etcd.status.kind === "known"
                ? {
                    ...host,
                    etcd: {
                      ...host.etcd,
                      status: { ...host.etcd.status, value: { ...host.etcd.status.value, revision: BigInt(revision) } },
                    },
                  }
                : host,
            ),
          },
    );
  }
  leader(name: string): InventoryBuilder {
    return this.#with({ leader: name });
  }
  alarm(name: string, alarm: "NOSPACE" | "CORRUPT"): InventoryBuilder {
    return this.#with({ alarms: [...this.#situation.alarms, { memberName: name, alarm }] });
  }
  etcdVersion(version: string): InventoryBuilder {
    return this.patchEachHost((host) =>
      host.etcd.status.kind === "known"
        ? { ...host, etcd: { ...host.etcd, status: { ...host.etcd.status, value: { ...host.etcd.status.value, version } } } }
        : host,
    );
  }

  // Kubernetes
  apiServerStopped(name: string): InventoryBuilder {
    return this.#host(name, { apiServer: "stopped" });
  }
  nodeDeleted(name: string): InventoryBuilder {
    return this.#with({ nodes: this.#situation.nodes.filter((node) => node.name !== name) });
  }
  nodeNotReady(name: string): InventoryBuilder {
    return this.#with({ nodes: this.#situation.nodes.map((node) => (node.name === name ? { ...node, ready: "False" } : node)) });
  }
  masterLeases(...addresses: string[]): InventoryBuilder {
    return this.#with({ masterLeases: addresses });
  }
  clusterInfoServer(server: string): InventoryBuilder {
    return this.#with({ clusterInfoServer: server });
  }
  kubeadmEndpoint(endpoint: string): InventoryBuilder {
    return this.#with({ kubeadmEndpoint: endpoint });
  }
  clusterStatusHosts(...names: string[]): InventoryBuilder {
    return this.#with({ clusterStatusHosts: names });
  }
  bootstrapToken(secondsLeft: number | undefined): InventoryBuilder {
    return this.#with({ bootstrapTokenSecondsLeft: secondsLeft });
  }
  certificateKey(secondsLeft: number | undefined): InventoryBuilder {
    return this.#with({ certificateKeySecondsLeft: secondsLeft });
  }
  certificatesExpired(name: string): InventoryBuilder {
    return this.#host(name, { expiredCertificates: true });
  }
  certificatesEnd(name: string, notAfter: string): InventoryBuilder {
    return this.patchHost(name, (host) =>
      host.certificates.kind === "known"
        ? {
            ...host,
            certificates: {
              ...host.certificates,
              value: host.certificates.value.map((certificate) => (certificate.isCa ? certificate : { ...certificate, notAfter })),
            },
          }
        : host,
    );
  }
  /** H07 */
  forceNewCluster(name: string): InventoryBuilder {
    return this.patchHost(name, (host) =>
      host.manifests.kind === "known"
        ? {
            ...host,
            manifests: {
              ...host.manifests,
              value: host.manifests.value.map((manifest) =>
                manifest.etcdFlags === undefined ? manifest : { ...manifest, etcdFlags: { ...manifest.etcdFlags, forceNewCluster: true } },
              ),
            },
          }
        : host,
    );
  }
  /** Emptied by `kubeadm reset`: the same machine, nothing of Kubernetes left. */
  kubeadmReset(name: string): InventoryBuilder {
    return this.#host(name, { isFresh: true, kubelet: "inactive", etcd: "stopped", dataDir: "absent", apiServer: "stopped" });
  }
  /** A03: what kubeadm init leaves, or A03 after an upgrade. */
  selfOnlyInitialCluster(name: string): InventoryBuilder {
    return this.#host(name, { initialCluster: `${name}=https://${this.#addressOf(name)}:2380` });
  }
  extraManifest(name: string, manifest: ManifestFacts): InventoryBuilder {
    return this.#host(name, { extraManifests: [...this.#hostOf(name).extraManifests, manifest] });
  }

  // Balancer
  haproxyStopped(name: string): InventoryBuilder {
    return this.#host(name, { haproxy: "inactive" });
  }
  keepalivedStopped(name: string): InventoryBuilder {
    return this.#host(name, { keepalived: "inactive" });
  }
  withoutBalancer(): InventoryBuilder {
    return this.#with({ hosts: this.#situation.hosts.map((host) => ({ ...host, haproxy: "absent", keepalived: "absent" })) });
  }
  /** L06: the path is never asked for. */
  haproxyWithoutReadyz(name: string): InventoryBuilder {
    return this.loadBalancer(name, (facts) =>
      facts.haproxy === undefined ? facts : { ...facts, haproxy: { ...facts.haproxy, checksReadyz: false } },
    );
  }
  loadBalancer(name: string, change: (facts: LoadBalancerFacts) => LoadBalancerFacts): InventoryBuilder {
    const host = this.#hostOf(name);
    return this.#host(name, { loadBalancer: change(host.loadBalancer ?? loadBalancerFacts(this.#situation, host)) });
  }
  haproxyOption(name: string, text: string, line: number): InventoryBuilder {
    return this.loadBalancer(name, (facts) =>
      facts.haproxy === undefined
        ? facts
        : { ...facts, haproxy: { ...facts.haproxy, options: [...facts.haproxy.options, { text, line }] } },
    );
  }
  balancerBackends(name: string, ...addresses: string[]): InventoryBuilder {
    return this.loadBalancer(name, (facts) =>
      facts.haproxy === undefined
        ? facts
        : {
            ...facts,
            haproxy: {
              ...facts.haproxy,
              backends: addresses.map((address, index) => ({
                name: `server${String(index)}`,
                address,
                port: 6443,
                state: "unknown",
                line: 30 + index,
              })),
            },
          },
    );
  }
  /** The facts that the real parser reads from this text. */
  haproxyText(name: string, text: string): InventoryBuilder {
    return this.loadBalancer(name, (facts) => ({
      ...facts,
      haproxy: parseHaproxy(text, { path: "/etc/haproxy/haproxy.cfg", sha256: "f".repeat(64), apiServerPort: 6443 }),
    }));
  }
  keepalivedText(name: string, text: string): InventoryBuilder {
    return this.loadBalancer(name, (facts) => ({ ...facts, keepalived: parseKeepalived(text, "/etc/keepalived/keepalived.conf") }));
  }
  keepalived(name: string, change: Partial<NonNullable<LoadBalancerFacts["keepalived"]>>): InventoryBuilder {
    return this.loadBalancer(name, (facts) =>
      facts.keepalived === undefined ? facts : { ...facts, keepalived: { ...facts.keepalived, ...change } },
    );
  }
  /** L01 */
  vipHeldBy(...names: string[]): InventoryBuilder {
    return this.patchEachHost((host) =>
      host.loadBalancer.kind === "known"
        ? { ...host, loadBalancer: { ...host.loadBalancer, value: { ...host.loadBalancer.value, holdsVip: names.includes(host.name) } } }
        : host,
    ).patch((inventory) =>
      inventory.endpoint.kind === "known"
        ? {
            ...inventory,
            endpoint: {
              ...inventory.endpoint,
              value: {
                ...inventory.endpoint.value,
                holders: names.map(asHostName),
                arpMacs: names.map((_, index) => `02:00:00:00:00:0${String(index + 1)}`),
              },
            },
          }
        : inventory,
    );
  }

  // Anything else
  patch(change: Patch): InventoryBuilder {
    return new InventoryBuilder(this.#situation, [...this.#patches, change], this.#options);
  }
  patchHost(name: string, change: (host: HostFacts) => HostFacts): InventoryBuilder {
    return this.patchEachHost((host) => (host.name === name ? change(host) : host));
  }
  /** What the machine said of its etcd data dir, changed. */
  dataDirFacts(name: string, change: Partial<DataDirFacts>): InventoryBuilder {
    return this.patchHost(name, (host) =>
      host.etcdDataDir.kind === "unknown"
        ? host
        : { ...host, etcdDataDir: { ...host.etcdDataDir, value: { ...host.etcdDataDir.value, ...change } } },
    );
  }
  /** The volume of etcd's data has this host path. */
  etcdVolumeAt(name: string, path: string): InventoryBuilder {
    return patchManifests(this, movedTo(path), name);
  }
  patchEachHost(change: (host: HostFacts) => HostFacts): InventoryBuilder {
    return this.patch((inventory) => ({ ...inventory, hosts: inventory.hosts.map(change) }));
  }
  config(change: Partial<ClusterConfig>): InventoryBuilder {
    return this.patch((inventory) => ({ ...inventory, config: { ...inventory.config, ...change } }));
  }

  #with(change: Partial<Situation>): InventoryBuilder {
    return new InventoryBuilder({ ...this.#situation, ...change }, this.#patches, this.#options);
  }
  #host(name: string, change: Partial<HostSituation>): InventoryBuilder {
    this.#hostOf(name);
    return this.#with({ hosts: this.#situation.hosts.map((host) => (host.name === name ? { ...host, ...change } : host)) });
  }
  #hostOf(name: string): HostSituation {
    const host = this.#situation.hosts.find((candidate) => candidate.name === name);
    if (host === undefined) throw new Error(`the builder has no host ${name}`);
    return host;
  }
  #addressOf(name: string): string {
    return this.#hostOf(name).address;
  }
  #ordinalOf(name: string): number {
    return this.#situation.hosts.indexOf(this.#hostOf(name)) + 1;
  }
}

export { addressOfOrdinal };

function derive(situation: Situation): Inventory {
  return {
    apiVersion: "requorum/v1",
    kind: "Inventory",
    takenAt: situation.takenAt,
    config: configOf(situation),
    hosts: situation.hosts.map((host) => hostFacts(situation, host)),
    reach: reachFacts(situation),
    kubernetes: recordsOf(situation),
    endpoint: endpointOf(situation),
  };
}

function configOf(situation: Situation): ClusterConfig {
  return {
    apiVersion: "requorum/v1",
    cluster: "demo",
    platform: "kubeadm",
    etcdTopology: "stacked",
    controlPlaneEndpoint: endpointText,
    loadBalancer: "keepalived-haproxy",
    hosts: situation.hosts.map((host) => ({
      name: asHostName(host.name),
      address: host.address,
      roles: situation.spares.includes(host.name) ? ["spare"] : ["control-plane"],
    })),
    ssh: { connectTimeoutMs: 1500 },
    paths: defaultPaths,
    policy: { planLifetimeMs: 900_000 },
  };
}

function recordsOf(situation: Situation): Observation<KubernetesRecords> {
  const provenance = { observedAt: situation.takenAt, source: "PB12" };
  const via = situation.hosts.find((host) => host.ssh === "ok" && !host.foreignCluster && isApiServerReady(situation, host));
  if (via === undefined) return notKnown("unreachable", "no API server answered", provenance);
  const servingAddresses = situation.hosts.filter((host) => isApiServerReady(situation, host)).map((host) => host.address);
  return known(
    {
      via: asHostName(via.name),
      nodes: situation.nodes.map((node) => {
        const host = situation.hosts.find((candidate) => candidate.name === node.name);
        const isUp = host !== undefined && host.isAlive && !host.isFresh && host.kubelet === "active";
        return {
          name: node.name,
          uid: `node-${node.name}`,
          ready: node.ready ?? (isUp ? "True" : "Unknown"),
          isControlPlane: node.isControlPlane,
          internalIp: node.address,
          kubeletVersion: "v1.34.4",
          machineId: node.machineId,
        };
      }),
      kubernetesEndpoints: situation.masterLeases ?? servingAddresses,
      masterLeases: situation.masterLeases ?? servingAddresses,
      clusterInfo: { server: situation.clusterInfoServer, caFingerprint: authorityFingerprint("kubernetes") },
      kubeadmConfig: {
        controlPlaneEndpoint: situation.kubeadmEndpoint,
        kubernetesVersion: "v1.34.4",
        clusterStatusHosts: situation.clusterStatusHosts,
      },
      etcdMirrorPods: situation.nodes
        .filter((node) => node.isControlPlane)
        .map((node) => ({ name: `etcd-${node.name}`, node: node.name, advertiseUrl: `https://${node.address}:2379`, phase: "Running" })),
      bootstrapTokenSecondsLeft: situation.bootstrapTokenSecondsLeft,
      certificateKeySecondsLeft: situation.certificateKeySecondsLeft,
    },
    { ...provenance, source: `PB12 ${via.name} kube-apiserver` },
  );
}

function endpointOf(situation: Situation): Observation<EndpointFacts> {
  const provenance = { observedAt: situation.takenAt, source: "PB13" };
  const askers = situation.hosts.filter((host) => host.ssh === "ok");
  if (askers.length === 0) return notKnown("unreachable", "no machine could be asked", provenance);
  const holder = situation.hosts.find((host) => host.isAlive && !host.isFresh && host.keepalived === "active");
  const hasReadyBackend = situation.hosts.some((host) => isApiServerReady(situation, host));
  const outcome: EndpointFacts["answers"][number]["outcome"] =
    holder === undefined
      ? "unreachable"
      : holder.haproxy !== "active"
        ? "refused"
        : hasReadyBackend && leaderOf(situation) !== undefined
          ? "ok"
          : "bad-answer";
  const holders: readonly HostName[] = holder === undefined || holder.ssh !== "ok" ? [] : [asHostName(holder.name)];
  return known(
    {
      address: virtualAddress,
      port: endpointPort,
      answers: askers.map((host) => ({ from: asHostName(host.name), outcome })),
      holders,
      arpMacs: holder === undefined ? [] : ["02:00:00:00:00:01"],
    },
    provenance,
  );
}
