/**
 * From a situation to what one host's probes would have reported of it. Every
 * fact here follows from the situation; contradictions are made with the
 * builder's `patch…` methods.
 */
import { asClusterId, asHostName, type ClusterId } from "../../src/model/ids.ts";
import type {
  ApiServerFacts,
  CertificateFacts,
  DataDirFacts,
  EtcdEndpointFacts,
  EtcdStatus,
  HostFacts,
  LoadBalancerFacts,
  ManifestFacts,
  MemberFacts,
  ProcessFacts,
  ReachObservation,
  ServiceFacts,
} from "../../src/model/inventory.ts";
import { known, notKnown, type Observation, type UnknownReason } from "../../src/model/observation.ts";
import { quorumSize } from "../../src/model/quorum.ts";
import { endpointPort, virtualAddress, type HostSituation, type MemberSituation, type Situation } from "./inventory-situation.ts";

export const mainClusterId: ClusterId = asClusterId("cdf818194e3a8c32");
export const foreignClusterId: ClusterId = asClusterId("7e27652122e8b2ae");
const revision = 48_211n;
const raftTerm = 7n;
const raftIndex = 61_873n;

/** May its etcd take part in consensus, whether the operator reaches it or not? */
function participates(host: HostSituation): boolean {
  return (
    host.isAlive &&
    !host.isFresh &&
    host.etcd === "running" &&
    host.kubelet !== "failed" &&
    host.dataDir === "intact" &&
    !host.foreignCluster
  );
}

function memberOf(situation: Situation, host: HostSituation): MemberSituation | undefined {
  return situation.members.find((member) => member.name === host.name);
}

/** The cluster's leader, or undefined when a majority of its registered voters does not take part. */
export function leaderOf(situation: Situation): MemberSituation | undefined {
  const voters = situation.members.filter((member) => !member.isLearner);
  const healthy = voters.filter((voter) => situation.hosts.some((host) => host.name === voter.name && participates(host)));
  if (voters.length === 0 || healthy.length < quorumSize(voters.length)) return undefined;
  return healthy.find((voter) => voter.name === situation.leader) ?? healthy[0];
}

export function hostFacts(situation: Situation, host: HostSituation): HostFacts {
  const at = situation.takenAt;
  const here = <T>(probe: string, value: T): Observation<T> => known(value, { observedAt: at, source: `${probe} ${host.name} ssh` });
  const reason: UnknownReason = host.ssh === "refused" ? "refused" : "unreachable";
  const gap = <T>(probe: string): Observation<T> =>
    notKnown<T>(reason, "no SSH session", { observedAt: at, source: `${probe} ${host.name} ssh` });
  const shown = <T>(probe: string, value: T): Observation<T> => (host.ssh === "ok" ? here(probe, value) : gap(probe));
  const sshErrorCode = {
    ok: undefined,
    unreachable: "SSH_UNREACHABLE",
    refused: "SSH_AUTH_FAILED",
    "host-key-changed": "SSH_HOST_KEY_CHANGED",
  }[host.ssh];
  return {
    name: asHostName(host.name),
    ssh: shown("PB1", { roundTripMs: 1 }),
    ...(sshErrorCode === undefined ? {} : { sshErrorCode }),
    machine: shown("machine", {
      machineId: host.machineId,
      bootId: `${host.machineId.slice(0, 8)}-0000-4000-8000-000000000000`,
      uptimeSeconds: host.uptimeSeconds,
      hostname: host.name,
      addresses: situation.hosts.find((other) => holdsVip(other)) === host ? [host.address, virtualAddress] : [host.address],
      osRelease: "Debian GNU/Linux 12 (bookworm)",
      clockOffsetMs: host.clockOffsetMs,
      swapEnabled: false,
      kubeadmVersion: "v1.34.4",
      kubeletVersion: "v1.34.4",
      containerdVersion: "1.6.20",
      isLabMachine: true,
    }),
    services: shown("services", serviceFacts(host)),
    processes: shown("processes", processFacts(host)),
    etcdDataDir: shown("PB7", dataDirFacts(host)),
    manifests: shown("PB9", host.isFresh ? [] : [...standardManifests(situation, host), ...host.extraManifests]),
    kubernetesFiles: shown("files", {
      adminConf: !host.isFresh,
      superAdminConf: !host.isFresh && host.name === "cp1",
      kubeletConf: !host.isFresh,
      etcdManifest: !host.isFresh,
      apiServerManifest: !host.isFresh,
      clusterCa: !host.isFresh,
    }),
    ...(host.ssh !== "ok" || host.isFresh ? {} : { kubernetesFilesAgeSeconds: 30 * 86_400 }),
    certificates: shown("PB10", host.certificates ?? (host.isFresh ? [] : certificateFacts(host))),
    loadBalancer: shown("PB13", host.loadBalancer ?? loadBalancerFacts(situation, host)),
    etcd: etcdFacts(situation, host),
    apiServer: apiServerFacts(situation, host),
  };
}

function holdsVip(host: HostSituation): boolean {
  return host.isAlive && host.keepalived === "active" && !host.isFresh;
}

function serviceFacts(host: HostSituation): readonly ServiceFacts[] {
  return [
    { unit: "kubelet", activeState: host.isFresh ? "inactive" : host.kubelet, isEnabled: true },
    { unit: "containerd", activeState: "active", isEnabled: true },
    { unit: "haproxy", activeState: host.haproxy, isEnabled: host.haproxy !== "absent" },
    { unit: "keepalived", activeState: host.keepalived, isEnabled: host.keepalived !== "absent" },
    { unit: "etcd", activeState: "absent", isEnabled: false },
  ];
}

function processFacts(host: HostSituation): readonly ProcessFacts[] {
  const list: { readonly name: ProcessFacts["name"]; readonly state: string }[] = [];
  if (!host.isFresh) {
    if (host.etcd !== "stopped" && host.dataDir !== "absent" && host.dataDir !== "empty")
      list.push({ name: "etcd", state: { running: "S", frozen: "T", "disk-hung": "D" }[host.etcd] });
    if (host.apiServer === "serving") list.push({ name: "kube-apiserver", state: "S" });
    list.push({ name: "kube-controller-manager", state: "S" }, { name: "kube-scheduler", state: "S" });
    if (host.kubelet === "active") list.push({ name: "kubelet", state: "S" });
  }
  if (host.haproxy === "active") list.push({ name: "haproxy", state: "S" });
  if (host.keepalived === "active") list.push({ name: "keepalived", state: "S" });
  return list.map((process, index) => ({ ...process, pid: 1000 + index, startedSecondsAgo: 3600 }));
}

function dataDirFacts(host: HostSituation): DataDirFacts {
  const dataDir = host.isFresh ? "absent" : host.dataDir;
  const holdsData = dataDir !== "absent" && dataDir !== "empty";
  const fsyncError = dataDir === "read-only" ? "Read-only file system" : dataDir === "full" ? "No space left on device" : undefined;
  return {
    path: "/var/lib/etcd",
    exists: dataDir !== "absent",
    isEmpty: !holdsData,
    hasWal: holdsData,
    hasBackend: holdsData,
    backendSizeBytes: holdsData ? 12_582_912n : 0n,
    newestFileAt: holdsData ? "2026-11-21T02:59:58.000Z" : "",
    ownerUid: 0,
    isReadOnlyMount: dataDir === "read-only",
    freeBytes: dataDir === "full" ? 0n : 21_474_836_480n,
    freeInodes: 1_300_000n,
    ...(fsyncError === undefined ? { fsyncMs: host.fsyncMs } : { fsyncError }),
    kernelErrors: dataDir === "read-only" ? ["EXT4-fs (loop0): Remounting filesystem read-only"] : [],
  };
}

function standardManifests(situation: Situation, host: HostSituation): readonly ManifestFacts[] {
  const initialCluster =
    host.initialCluster ?? situation.members.map((member) => `${member.name === "" ? "new" : member.name}=${member.peerUrl}`).join(",");
  const digest = (seed: string): string => seed.repeat(64).slice(0, 64);
  return [
    {
      fileName: "etcd.yaml",
      sha256: digest(`e${host.name.slice(-1)}`),
      podName: "etcd",
      etcdFlags: {
        name: host.name,
        dataDir: "/var/lib/etcd",
        dataPlace: { kind: "path", path: "/var/lib/etcd" },
        walPlace: { kind: "path", path: "/var/lib/etcd/member/wal" },
        ports: [2379, 2380],
        initialCluster,
        initialClusterState: host.initialCluster === undefined ? "existing" : "",
        forceNewCluster: false,
      },
    },
    {
      fileName: "kube-apiserver.yaml",
      sha256: digest(`a${host.name.slice(-1)}`),
      podName: "kube-apiserver",
      etcdServers: ["https://127.0.0.1:2379"],
    },
    { fileName: "kube-controller-manager.yaml", sha256: digest("c"), podName: "kube-controller-manager" },
    { fileName: "kube-scheduler.yaml", sha256: digest("d"), podName: "kube-scheduler" },
  ];
}

const leafCertificates = [
  "apiserver",
  "apiserver-etcd-client",
  "apiserver-kubelet-client",
  "front-proxy-client",
  "etcd/server",
  "etcd/peer",
  "etcd/healthcheck-client",
] as const;

/** The same on every machine, another for every authority. */
export function authorityFingerprint(name: string): string {
  return name.replaceAll(/[^a-f0-9]/g, "0").padEnd(64, "a");
}

function certificateFacts(host: HostSituation): readonly CertificateFacts[] {
  const authority = (path: string, name: string): CertificateFacts => ({
    path: `/etc/kubernetes/pki/${path}`,
    subject: `CN=${name}`,
    issuer: `CN=${name}`,
    fingerprint: authorityFingerprint(name),
    notBefore: "2026-01-01T00:00:00.000Z",
    notAfter: "2036-01-01T00:00:00.000Z",
    subjectAltNames: [name],
    isCa: true,
  });
  const leaves = leafCertificates.map((name): CertificateFacts => ({
    path: `/etc/kubernetes/pki/${name}.crt`,
    subject: `CN=${name.replace("etcd/", "")}`,
    issuer: name.includes("etcd") ? "CN=etcd-ca" : "CN=kubernetes",
    fingerprint: `${host.name.slice(-1)}${String(name.length)}`.padEnd(64, "b"),
    notBefore: host.expiredCertificates ? "2025-01-01T00:00:00.000Z" : "2026-06-01T00:00:00.000Z",
    notAfter: host.expiredCertificates ? "2026-01-01T00:00:00.000Z" : "2027-06-01T00:00:00.000Z",
    subjectAltNames: [host.name, host.address, "127.0.0.1"],
    isCa: false,
  }));
  return [
    authority("ca.crt", "kubernetes"),
    authority("etcd/ca.crt", "etcd-ca"),
    authority("front-proxy-ca.crt", "front-proxy-ca"),
    ...leaves,
  ];
}

export function loadBalancerFacts(situation: Situation, host: HostSituation): LoadBalancerFacts {
  const isHolder = situation.hosts.find((other) => holdsVip(other)) === host;
  const backendHosts = situation.hosts.filter((other) => situation.members.some((member) => member.name === other.name));
  const haproxy = {
    path: "/etc/haproxy/haproxy.cfg",
    sha256: "f".repeat(64),
    checksReadyz: true,
    backends: backendHosts.map((other, index) => ({
      name: other.name,
      address: other.address,
      port: 6443,
      state: "unknown" as const,
      line: 30 + index,
    })),
    options: [
      { text: "option httpchk GET /readyz", line: 27 },
      { text: "http-check expect status 200", line: 28 },
    ],
  };
  const keepalived = {
    path: "/etc/keepalived/keepalived.conf",
    virtualRouterId: 151,
    priority: 103 - situation.hosts.indexOf(host),
    state: "BACKUP",
    nopreempt: false,
    virtualAddresses: [virtualAddress],
    scripts: [
      { name: "check_apiserver", script: "/etc/keepalived/check_apiserver.sh", interval: 3, weight: -10, fall: 3, rise: 2, line: 5 },
    ],
  };
  return { ...(host.haproxy === "absent" ? {} : { haproxy }), ...(host.keepalived === "absent" ? {} : { keepalived }), holdsVip: isHolder };
}

function memberFacts(situation: Situation): readonly MemberFacts[] {
  return situation.members.map((member) => ({
    id: member.id,
    name: member.name,
    peerUrls: [member.peerUrl],
    clientUrls: member.name === "" ? [] : [member.clientUrl],
    isLearner: member.isLearner,
  }));
}

function etcdFacts(situation: Situation, host: HostSituation): EtcdEndpointFacts {
  const provenance = (probe: string): { readonly observedAt: string; readonly source: string } => ({
    observedAt: situation.takenAt,
    source: `${probe} ${host.name} etcd`,
  });
  const all =
    <T>(reason: UnknownReason, detail: string) =>
    (probe: string): Observation<T> =>
      notKnown<T>(reason, detail, provenance(probe));
  const member = memberOf(situation, host);
  const isUp = host.isAlive && !host.isFresh && host.dataDir !== "absent" && host.dataDir !== "empty";
  if (host.ssh !== "ok" || !isUp || host.etcd !== "running" || member === undefined) {
    const gap =
      host.ssh !== "ok"
        ? all<never>("unreachable", "no way to the endpoint")
        : host.isFresh
          ? all<never>("not-asked", "ETCD_CREDENTIALS_MISSING: none is there")
          : isUp && (host.etcd === "frozen" || host.etcd === "disk-hung")
            ? all<never>("timeout", "no answer in time")
            : all<never>("refused", "connection refused");
    return {
      status: gap("PB2"),
      serializableReadMs: gap("PB3"),
      linearizableReadMs: gap("PB3"),
      membersSerializable: gap("PB4"),
      membersLinearizable: gap("PB4"),
      alarms: gap("PB5"),
    };
  }
  const leader = host.foreignCluster ? member : leaderOf(situation);
  const members = host.foreignCluster ? memberFacts({ ...situation, members: [member] }) : memberFacts(situation);
  const noLeader = all<never>("timeout", "etcdserver: request timed out");
  const hasConsensus = leader !== undefined && !member.isLearner;
  return {
    status: known(statusOf(host, member, leader), provenance("PB2")),
    serializableReadMs: member.isLearner ? all<never>("failed", "rpc not supported for learner")("PB3") : known(2, provenance("PB3")),
    linearizableReadMs: hasConsensus ? known(4, provenance("PB3")) : noLeader("PB3"),
    membersSerializable: known(members, provenance("PB4")),
    membersLinearizable: hasConsensus ? known(members, provenance("PB4")) : noLeader("PB4"),
    alarms: hasConsensus
      ? known(
          situation.alarms.flatMap((alarm) => {
            const raising = situation.members.find((other) => other.name === alarm.memberName);
            return raising === undefined ? [] : [{ memberId: raising.id, alarm: alarm.alarm }];
          }),
          provenance("PB5"),
        )
      : noLeader("PB5"),
  };
}

function statusOf(host: HostSituation, member: MemberSituation, leader: MemberSituation | undefined): EtcdStatus {
  return {
    clusterId: host.foreignCluster ? foreignClusterId : mainClusterId,
    memberId: member.id,
    leaderId: leader?.id,
    raftTerm: host.foreignCluster ? 2n : raftTerm,
    raftIndex: host.foreignCluster ? 120n : raftIndex,
    appliedIndex: host.foreignCluster ? 120n : raftIndex,
    revision: host.foreignCluster ? 98n : revision,
    dbSizeBytes: 12_582_912n,
    dbSizeInUseBytes: 9_437_184n,
    isLearner: member.isLearner,
    version: "3.6.16",
    storageVersion: "3.6.0",
    errors: leader === undefined ? ["etcdserver: no leader"] : [],
  };
}

/** Does this host's API server answer /readyz with 200? */
export function isApiServerReady(situation: Situation, host: HostSituation): boolean {
  if (!host.isAlive || host.isFresh || host.apiServer !== "serving") return false;
  if (host.foreignCluster) return true;
  const member = memberOf(situation, host);
  return participates(host) && member !== undefined && leaderOf(situation) !== undefined;
}

function apiServerFacts(situation: Situation, host: HostSituation): ApiServerFacts {
  const provenance = { observedAt: situation.takenAt, source: `PB11 ${host.name} kube-apiserver` };
  const isListening = host.isAlive && !host.isFresh && host.apiServer === "serving";
  if (host.ssh !== "ok" || !isListening) {
    const gap =
      host.ssh === "ok" && host.isFresh
        ? notKnown<never>("not-asked", "KUBE_CREDENTIALS_MISSING: none is there", provenance)
        : host.ssh === "ok"
          ? notKnown<never>("refused", "connection refused", provenance)
          : notKnown<never>("unreachable", "no way to the endpoint", provenance);
    return { livez: gap, readyz: gap, listMs: gap, dryRunWriteMs: gap, kubeSystemUid: gap, version: gap };
  }
  const isReady = isApiServerReady(situation, host);
  const failed = notKnown<never>("timeout", "no answer in time", provenance);
  return {
    livez: known(isReady ? { httpStatus: 200, failedChecks: [] } : { httpStatus: 500, failedChecks: ["etcd"] }, provenance),
    readyz: known(
      isReady ? { httpStatus: 200, failedChecks: [] } : { httpStatus: 500, failedChecks: ["etcd", "etcd-readiness"] },
      provenance,
    ),
    listMs: isReady ? known(9, provenance) : failed,
    dryRunWriteMs: isReady ? known(14, provenance) : failed,
    kubeSystemUid: isReady
      ? known(host.foreignCluster ? "99999999-0000-4000-8000-000000000000" : "11111111-0000-4000-8000-000000000000", provenance)
      : failed,
    version: known("v1.34.4", provenance),
  };
}

const ports = ["ssh", "etcd-client", "etcd-peer", "kube-apiserver"] as const;

/** PB1: from the operator, and from every machine that could be asked. */
export function reachFacts(situation: Situation): readonly ReachObservation[] {
  const observedAt = situation.takenAt;
  const askers = situation.hosts.filter((host) => host.ssh === "ok");
  return situation.hosts.flatMap((to) => [
    ...ports.map((port): ReachObservation => ({
      from: "operator",
      to: asHostName(to.name),
      port,
      outcome: to.ssh === "unreachable" ? "timeout" : portOutcome(to, port),
      observedAt,
    })),
    ...askers
      .filter((from) => from !== to)
      .flatMap((from) =>
        ports.map((port): ReachObservation => ({
          from: asHostName(from.name),
          to: asHostName(to.name),
          port,
          outcome: portOutcome(to, port),
          observedAt,
        })),
      ),
  ]);
}

function portOutcome(to: HostSituation, port: (typeof ports)[number]): ReachObservation["outcome"] {
  if (!to.isAlive) return "timeout";
  if (port === "ssh") return "open";
  if (to.isFresh) return "refused";
  if (port === "kube-apiserver") return to.apiServer === "serving" ? "open" : "refused";
  return to.etcd === "stopped" || to.dataDir === "absent" || to.dataDir === "empty" ? "refused" : "open";
}

export const endpointText = `${virtualAddress}:${String(endpointPort)}`;
