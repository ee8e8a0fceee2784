/**
 * The one place of the CLI where adapters are made and put behind ports.
 * It decides nothing but which adapter serves which port.
 */
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import type { AppContext, AppPorts } from "../app/app-ports.ts";
import { createGrpcEtcdDialer } from "../adapters/etcd-grpc/grpc-etcd-dialer.ts";
import { createHttpsKubeApiDialer } from "../adapters/kube-api/https-kube-api-dialer.ts";
import { FileLastSeenStore } from "../adapters/local-fs/file-last-seen-store.ts";
import { FileLocalLock } from "../adapters/local-fs/file-local-lock.ts";
import { FileRunStore } from "../adapters/local-fs/file-run-store.ts";
import { createSshHostAccess } from "../adapters/ssh/ssh-host-access.ts";
import { NodeCertificates } from "../adapters/system/node-certificates.ts";
import { NodeHashing } from "../adapters/system/node-hashing.ts";
import { SystemClock } from "../adapters/system/system-clock.ts";
import { defaultPaths, type BackupConfig, type ClusterConfig, type HostConfig } from "../model/cluster-config.ts";
import { asHostName, type HostName } from "../model/ids.ts";
import { RecoveryError } from "../model/recovery-error.ts";
import type { HostAccess } from "../ports/host-access.ts";
import { shellWord } from "../model/shell-word.ts";
import { backupConfigOf } from "../schemas/backup-config-schema.ts";
import { readClusterConfig } from "../schemas/config.ts";
import { connectTimeoutMsDefault, planLifetimeMsDefault } from "../schemas/config-schema.ts";
import { findConfig, type ConfigSearch } from "./find-config.ts";

/** A configured cluster and the ports that reach it. Whoever opens it closes it. */
export interface OpenCluster {
  readonly config: ClusterConfig;
  readonly configFile: string;
  readonly ports: AppPorts;
  close(): Promise<void>;
}

/** What use cases are given, from an open cluster and the call's own wishes. */
export function appContextOf(
  cluster: OpenCluster,
  call: Pick<AppContext, "program" | "signal" | "report"> & { readonly operator: string },
): AppContext {
  return {
    ports: cluster.ports,
    config: cluster.config,
    operator: { by: call.operator, host: hostname() },
    program: call.program,
    signal: call.signal,
    report: call.report,
  };
}

export async function openCluster(search: ConfigSearch): Promise<OpenCluster> {
  const configFile = await findConfig(search);
  const config = readClusterConfig(await readConfigText(configFile), configFile);
  const wanted = search.global.cluster;
  if (wanted !== undefined && wanted !== config.cluster) {
    throw new RecoveryError("USAGE", {
      subject: "option --cluster",
      detail: `${configFile} is of cluster ${config.cluster}, not ${wanted}`,
      // Whole calls would be given --cluster again, as every hint is.
      remedies: [
        { why: `for cluster ${config.cluster}, give the same call without --cluster ${shellWord(wanted)}` },
        {
          why: `for cluster ${wanted}, name its own file with --config, or let it lie at ${join(search.directories.config, `${wanted}.yaml`)}, where --cluster finds it`,
        },
      ],
    });
  }
  return makePorts(config, configFile, search.directories.state);
}

async function readConfigText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new RecoveryError("LOCAL_FILE_FAILED", { subject: path, detail: "the configuration could not be read", cause });
  }
}

/** One machine that no configuration names, reached as `ssh` reaches it. Whoever opens it closes it. */
export function openUnconfiguredHost(host: {
  readonly address: string;
  readonly user: string | undefined;
  readonly port: number | undefined;
}): { readonly access: HostAccess; readonly host: HostName } {
  const name = asHostName(host.address.includes(":") ? `ip6-${host.address.replaceAll(":", "-")}` : host.address);
  const access = accessToOne({
    name,
    address: host.address,
    roles: [],
    ...(host.user === undefined ? {} : { sshUser: host.user }),
    ...(host.port === undefined ? {} : { sshPort: host.port }),
  });
  return { access, host: name };
}

/** One machine that is none of a cluster. `ssh`: as a configuration has it. */
export function accessToOne(host: HostConfig, ssh: ClusterConfig["ssh"] = noCluster.ssh): HostAccess {
  return createSshHostAccess({ ...noCluster, hosts: [host], ssh });
}

/** For verbs on a store alone, after a disaster that took the configuration too: its cluster has no name, no machine, and no wishes. */
export function openWithoutCluster(store: string, stateDirectory: string): OpenCluster {
  return makePorts({ ...noCluster, backup: settingsAlone(store) }, "", stateDirectory);
}

/** What holds of a store that was typed where nothing is configured; undefined: none was. */
export function settingsAlone(store: string): BackupConfig;
export function settingsAlone(store: string | undefined): BackupConfig | undefined;
export function settingsAlone(store: string | undefined): BackupConfig | undefined {
  return store === undefined ? undefined : backupConfigOf({ store }, (path) => path);
}

const noCluster: ClusterConfig = {
  apiVersion: "requorum/v1",
  cluster: "",
  platform: "kubeadm",
  etcdTopology: "stacked",
  controlPlaneEndpoint: undefined,
  loadBalancer: "none",
  hosts: [],
  ssh: { connectTimeoutMs: connectTimeoutMsDefault },
  paths: defaultPaths,
  policy: { planLifetimeMs: planLifetimeMsDefault },
};

function makePorts(config: ClusterConfig, configFile: string, stateDirectory: string): OpenCluster {
  const hostAccess = createSshHostAccess(config);
  const etcd = createGrpcEtcdDialer({ hostAccess, config });
  const kube = createHttpsKubeApiDialer({ hostAccess, config });
  return {
    config,
    configFile,
    ports: {
      hostAccess,
      etcd,
      kube,
      certificates: new NodeCertificates(),
      runs: new FileRunStore({ stateDirectory, cluster: config.cluster }),
      localLock: new FileLocalLock({ stateDirectory }),
      lastSeen: new FileLastSeenStore({ stateDirectory }),
      clock: new SystemClock(),
      hashing: new NodeHashing(),
    },
    close: async () => {
      await Promise.all([etcd.close(), kube.close()]);
      await hostAccess.close();
    },
  };
}
