/**
 * The simplified world behind the inventory builder: what is really so, from
 * which `inventory-facts.ts` derives what probes would have seen.
 */
import { memberIdOf, type MemberId } from "../../src/model/ids.ts";
import type { CertificateFacts, LoadBalancerFacts, ManifestFacts } from "../../src/model/inventory.ts";

export interface HostSituation {
  readonly name: string;
  readonly address: string;
  /** How SSH goes from the operator. */
  readonly ssh: "ok" | "unreachable" | "refused" | "host-key-changed";
  /** Other machines reach it even though the operator does not (N08, N09). */
  readonly isAlive: boolean;
  /** No Kubernetes state on the disk: new or wiped machine. */
  readonly isFresh: boolean;
  readonly kubelet: "active" | "inactive" | "failed";
  readonly etcd: "running" | "stopped" | "frozen" | "disk-hung";
  readonly dataDir: "intact" | "absent" | "empty" | "read-only" | "full";
  readonly apiServer: "serving" | "stopped";
  readonly haproxy: "active" | "inactive" | "failed" | "absent";
  readonly keepalived: "active" | "inactive" | "failed" | "absent";
  readonly machineId: string;
  readonly clockOffsetMs: number;
  readonly uptimeSeconds: number;
  readonly fsyncMs: number;
  /** Another cluster id than the rest (E06). */
  readonly foreignCluster: boolean;
  readonly expiredCertificates: boolean;
  readonly extraManifests: readonly ManifestFacts[];
  readonly initialCluster: string | undefined;
  readonly loadBalancer: LoadBalancerFacts | undefined;
  readonly certificates: readonly CertificateFacts[] | undefined;
}

export interface MemberSituation {
  readonly id: MemberId;
  readonly name: string;
  readonly peerUrl: string;
  readonly clientUrl: string;
  readonly isLearner: boolean;
}

export interface NodeSituation {
  readonly name: string;
  readonly address: string;
  readonly machineId: string;
  readonly isControlPlane: boolean;
  /** undefined: follows from the host. */
  readonly ready: "True" | "False" | "Unknown" | undefined;
}

export interface Situation {
  readonly takenAt: string;
  readonly hosts: readonly HostSituation[];
  /** Configured but not part of the cluster. */
  readonly spares: readonly string[];
  readonly members: readonly MemberSituation[];
  readonly nodes: readonly NodeSituation[];
  readonly leader: string;
  readonly masterLeases: readonly string[] | undefined;
  readonly clusterInfoServer: string;
  readonly kubeadmEndpoint: string;
  readonly clusterStatusHosts: readonly string[];
  readonly bootstrapTokenSecondsLeft: number | undefined;
  readonly certificateKeySecondsLeft: number | undefined;
  readonly alarms: readonly { readonly memberName: string; readonly alarm: "NOSPACE" | "CORRUPT" }[];
}

export const virtualAddress = "10.150.0.10";
export const endpointPort = 8443;

export function addressOfOrdinal(ordinal: number): string {
  return `10.150.0.${String(10 + ordinal)}`;
}

export function machineIdOfOrdinal(ordinal: number, generation = 0): string {
  return `${String(ordinal).padStart(2, "0")}${String(generation).padStart(2, "0")}`.padEnd(32, "c");
}

export function healthyHost(ordinal: number): HostSituation {
  return {
    name: `cp${String(ordinal)}`,
    address: addressOfOrdinal(ordinal),
    ssh: "ok",
    isAlive: true,
    isFresh: false,
    kubelet: "active",
    etcd: "running",
    dataDir: "intact",
    apiServer: "serving",
    haproxy: "active",
    keepalived: "active",
    machineId: machineIdOfOrdinal(ordinal),
    clockOffsetMs: ordinal,
    uptimeSeconds: 86_400,
    fsyncMs: 2,
    foreignCluster: false,
    expiredCertificates: false,
    extraManifests: [],
    initialCluster: undefined,
    loadBalancer: undefined,
    certificates: undefined,
  };
}

export function startedMember(ordinal: number): MemberSituation {
  const address = addressOfOrdinal(ordinal);
  return {
    id: memberIdOf(0x8e9e05c52164694dn + BigInt(ordinal)),
    name: `cp${String(ordinal)}`,
    peerUrl: `https://${address}:2380`,
    clientUrl: `https://${address}:2379`,
    isLearner: false,
  };
}

export function healthyNode(ordinal: number): NodeSituation {
  return {
    name: `cp${String(ordinal)}`,
    address: addressOfOrdinal(ordinal),
    machineId: machineIdOfOrdinal(ordinal),
    isControlPlane: true,
    ready: undefined,
  };
}

export function healthySituation(hostCount: number): Situation {
  const ordinals = Array.from({ length: hostCount }, (_, index) => index + 1);
  const server = `${virtualAddress}:${String(endpointPort)}`;
  return {
    takenAt: "2026-11-21T03:00:00.000Z",
    hosts: ordinals.map(healthyHost),
    spares: [],
    members: ordinals.map(startedMember),
    nodes: ordinals.map(healthyNode),
    leader: "cp1",
    masterLeases: undefined,
    clusterInfoServer: server,
    kubeadmEndpoint: server,
    clusterStatusHosts: [],
    bootstrapTokenSecondsLeft: 80_000,
    certificateKeySecondsLeft: undefined,
    alarms: [],
  };
}
