import type { BackupMark, BackupPartKind } from "../../model/backup-set.ts";
import { runsEtcd, type ClusterConfig, type HostConfig } from "../../model/cluster-config.ts";
import type { ErrorCode } from "../../model/error-catalogue.ts";
import type { HostName } from "../../model/ids.ts";
import type { Inventory, LastSeen } from "../../model/inventory.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { collectMachine, type MachineParts } from "../../probe/collect/collect-machine.ts";
import type { CollectedFile } from "../../probe/collect/parse-collected.ts";
import { readClusterRecords } from "../../probe/collect/read-cluster-records.ts";
import { writeInventory } from "../../schemas/inventory.ts";
import { writeLastSeen } from "../../schemas/last-seen.ts";
import type { AppContext } from "../app-ports.ts";

/** Everything of a set but etcd's data: small, and in memory. */
export interface GatheredParts {
  readonly parts: readonly GatheredPart[];
  readonly marks: readonly BackupMark[];
  readonly kubernetesVersion: string | undefined;
}

export interface GatheredPart {
  readonly kind: BackupPartKind;
  /** undefined: of the cluster; then `file.path` is a plain name. */
  readonly host: HostName | undefined;
  readonly file: CollectedFile;
}

/** The machine was not seen at all; with any other error it was, and something there failed. */
const notReached: readonly ErrorCode[] = [
  "SSH_UNREACHABLE",
  "SSH_CONNECTION_LOST",
  "SSH_AUTH_FAILED",
  "SSH_HOST_KEY_CHANGED",
  "REMOTE_TIMEOUT",
];

/** From all machines at once, and from one API server. What cannot be had is a mark. `lastSeen`: what a proof may compare the set with. Rejects only when aborted. */
export async function gatherParts(context: AppContext, inventory: Inventory, lastSeen: LastSeen | undefined): Promise<GatheredParts> {
  const { config, ports, signal } = context;
  const hosts = config.hosts.filter((host) => isCollected(host, config));
  let done = 0;
  const machines = hosts.map(async (host) => {
    const answer = await collectedOf(context, host);
    done += 1;
    context.report({ kind: "count", text: "machines collected", done, total: hosts.length });
    return answer;
  });
  const apiHosts = config.hosts.filter((host) => host.roles.includes("control-plane")).map((host) => host.name);
  const [collected, records] = await Promise.all([
    Promise.all(machines),
    readClusterRecords(ports.kube, ready(apiHosts, inventory), signal),
  ]);
  const apiMarks: BackupMark[] =
    records.via === undefined
      ? [{ code: "API_DOWN", because: `no API server gave the cluster's records: ${records.problems.join("; ") || "none is configured"}` }]
      : records.problems.map((because) => ({ code: "PART_MISSING", because }));
  const modifiedAt = Math.floor(ports.clock.nowMs() / 1000);
  const ofCluster = (kind: BackupPartKind, name: string, content: Uint8Array): GatheredPart => ({
    kind,
    host: undefined,
    file: { path: name, type: "file", target: undefined, mode: 0, uid: 0, gid: 0, modifiedAt, content },
  });
  const text = new TextEncoder();
  return {
    parts: [
      ...collected.flatMap((one) => one.parts),
      ...records.records.map(({ name, content }) => ofCluster("cluster-record", name, content)),
      ofCluster("last-seen", "inventory.json", text.encode(writeInventory(inventory))),
      ...(lastSeen === undefined ? [] : [ofCluster("last-seen", "last-seen.json", text.encode(writeLastSeen(lastSeen)))]),
    ],
    marks: [...collected.flatMap((one) => one.marks), ...apiMarks],
    kubernetesVersion: records.kubernetesVersion ?? highestOf(collected.flatMap(({ apiServerVersion }) => apiServerVersion ?? [])),
  };
}

/** Workers and spares hold nothing that a control plane needs. */
function isCollected(host: HostConfig, config: ClusterConfig): boolean {
  return host.roles.includes("control-plane") || host.roles.includes("load-balancer") || runsEtcd(host, config);
}

/** Who was seen to be ready is asked first. */
function ready(hosts: readonly HostName[], inventory: Inventory): readonly HostName[] {
  const isReady = (name: HostName): boolean => {
    const readyz = inventory.hosts.find((host) => host.name === name)?.apiServer.readyz;
    return readyz?.kind === "known" && readyz.value.httpStatus === 200;
  };
  return [...hosts.filter(isReady), ...hosts.filter((host) => !isReady(host))];
}

interface Collected {
  readonly parts: readonly GatheredPart[];
  readonly marks: readonly BackupMark[];
  readonly apiServerVersion: string | undefined;
}

/** In the middle of an upgrade the newer one reads what the older one wrote. */
function highestOf(versions: readonly string[]): string | undefined {
  const numbers = (version: string): readonly number[] => version.replace(/^v/, "").split(".").map(Number);
  return [...versions].sort((one, other) => {
    const [left, right] = [numbers(one), numbers(other)];
    return [0, 1, 2].map((at) => (right[at] ?? 0) - (left[at] ?? 0)).find((difference) => difference !== 0) ?? 0;
  })[0];
}

async function collectedOf(context: AppContext, host: HostConfig): Promise<Collected> {
  const { config, ports, signal } = context;
  try {
    const found: MachineParts = await collectMachine(ports.hostAccess, config, host, { signal });
    return {
      parts: found.parts.map(({ kind, file }) => ({ kind, host: host.name, file })),
      marks: [
        ...found.missing.map((because) => ({ code: "PART_MISSING" as const, because: `${host.name}: ${because}` })),
        ...found.leftOut.map((because) => ({ code: "FILES_LEFT_OUT" as const, because: `${host.name}: ${because}` })),
      ],
      apiServerVersion: found.apiServerVersion,
    };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof RecoveryError)) throw error;
    const code = notReached.includes(error.code) ? "MACHINE_UNREACHED" : "PART_MISSING";
    return {
      parts: [],
      apiServerVersion: undefined,
      marks: [{ code, because: `${host.name}: nothing was collected there: ${error.detail} (${error.code})` }],
    };
  }
}
