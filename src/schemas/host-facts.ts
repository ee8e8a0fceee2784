import * as z from "zod";
import { asClusterId, asMemberId } from "../model/ids.ts";
import { branded, decimalBigint } from "./branded.ts";
import { observed } from "./observation.ts";

/** Schemas of what probes report about one host; the types are in model/inventory.ts. */
const memberId = branded(asMemberId);

export const machineSchema = z.object({
  machineId: z.string(),
  bootId: z.string(),
  uptimeSeconds: z.number(),
  hostname: z.string(),
  addresses: z.array(z.string()),
  osRelease: z.string(),
  clockOffsetMs: z.number(),
  swapEnabled: z.boolean(),
  kubeadmVersion: z.string().optional(),
  kubeletVersion: z.string().optional(),
  containerdVersion: z.string().optional(),
  isLabMachine: z.boolean(),
});

export const serviceSchema = z.object({
  unit: z.enum(["kubelet", "containerd", "haproxy", "keepalived", "etcd"]),
  activeState: z.enum(["active", "activating", "deactivating", "inactive", "failed", "absent"]),
  isEnabled: z.boolean(),
});

export const processSchema = z.object({
  name: z.enum(["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kubeadm", "haproxy", "keepalived"]),
  pid: z.number(),
  state: z.string(),
  startedSecondsAgo: z.number(),
});

export const dataDirSchema = z.object({
  path: z.string(),
  exists: z.boolean(),
  isEmpty: z.boolean(),
  hasFiles: z.boolean().optional(),
  mayBeData: z.string().optional(),
  readError: z.string().optional(),
  hasWal: z.boolean(),
  hasBackend: z.boolean(),
  isNewborn: z.boolean().optional(),
  backendSizeBytes: decimalBigint,
  newestFileAt: z.string(),
  ownerUid: z.number(),
  isReadOnlyMount: z.boolean(),
  mountPoint: z.string().optional(),
  mountPointBefore: z.string().optional(),
  unmountedAt: z.string().optional(),
  mountsGap: z.string().optional(),
  freeBytes: decimalBigint,
  freeInodes: decimalBigint,
  fsyncMs: z.number().optional(),
  fsyncError: z.string().optional(),
  kernelErrors: z.array(z.string()),
  kernelErrorsGap: z.string().optional(),
});

const hostPlace = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("path"), path: z.string() }),
  z.object({ kind: z.literal("untold"), why: z.string() }),
]);

export const manifestSchema = z.object({
  fileName: z.string(),
  sha256: z.string(),
  podName: z.string(),
  etcdFlags: z
    .object({
      name: z.string(),
      dataDir: z.string(),
      walDir: z.string().optional(),
      dataPlace: hostPlace.optional(),
      walPlace: hostPlace.optional(),
      ports: z.array(z.number()).optional(),
      isAtUsualPorts: z.literal(true).optional(),
      initialCluster: z.string(),
      initialClusterState: z.string(),
      forceNewCluster: z.boolean(),
    })
    .optional(),
  etcdServers: z.array(z.string()).optional(),
  encryptionConfigPath: z.string().optional(),
  problem: z.string().optional(),
  mayKeepDataIn: z.array(z.string()).optional(),
  mayBeEtcds: z.literal(true).optional(),
});

export const kubernetesFilesSchema = z.object({
  adminConf: z.boolean(),
  superAdminConf: z.boolean(),
  kubeletConf: z.boolean(),
  etcdManifest: z.boolean(),
  apiServerManifest: z.boolean(),
  clusterCa: z.boolean(),
});

export const certificateSchema = z.object({
  path: z.string(),
  subject: z.string(),
  issuer: z.string(),
  fingerprint: z.string(),
  notBefore: z.string(),
  notAfter: z.string(),
  subjectAltNames: z.array(z.string()),
  isCa: z.boolean(),
});

const haproxy = z.object({
  path: z.string(),
  sha256: z.string(),
  backends: z.array(
    z.object({ name: z.string(), address: z.string(), port: z.number(), state: z.enum(["up", "down", "unknown"]), line: z.number() }),
  ),
  options: z.array(z.object({ text: z.string(), line: z.number() })),
  checksReadyz: z.boolean(),
});

const keepalived = z.object({
  path: z.string(),
  virtualRouterId: z.number().optional(),
  priority: z.number().optional(),
  state: z.string(),
  nopreempt: z.boolean(),
  virtualAddresses: z.array(z.string()),
  unicastPeers: z.array(z.string()).optional(),
  instanceCount: z.number().optional(),
  scripts: z.array(
    z.object({
      name: z.string(),
      script: z.string(),
      interval: z.number(),
      weight: z.number().optional(),
      fall: z.number(),
      rise: z.number(),
      line: z.number(),
    }),
  ),
});

export const loadBalancerSchema = z.object({ haproxy: haproxy.optional(), keepalived: keepalived.optional(), holdsVip: z.boolean() });

export const memberSchema = z.object({
  id: memberId,
  name: z.string(),
  peerUrls: z.array(z.string()),
  clientUrls: z.array(z.string()),
  isLearner: z.boolean(),
});

const status = z.object({
  clusterId: branded(asClusterId),
  memberId,
  leaderId: memberId.optional(),
  raftTerm: decimalBigint,
  raftIndex: decimalBigint,
  appliedIndex: decimalBigint,
  revision: decimalBigint,
  dbSizeBytes: decimalBigint,
  dbSizeInUseBytes: decimalBigint,
  isLearner: z.boolean(),
  version: z.string(),
  storageVersion: z.string(),
  errors: z.array(z.string()),
});

export const etcdEndpointSchema = z.object({
  status: observed(status),
  serializableReadMs: observed(z.number()),
  linearizableReadMs: observed(z.number()),
  membersSerializable: observed(z.array(memberSchema)),
  membersLinearizable: observed(z.array(memberSchema)),
  alarms: observed(z.array(z.object({ memberId, alarm: z.enum(["NOSPACE", "CORRUPT", "NONE"]) }))),
});

const answer = z.object({ httpStatus: z.number(), failedChecks: z.array(z.string()) });

export const apiServerSchema = z.object({
  livez: observed(answer),
  readyz: observed(answer),
  listMs: observed(z.number()),
  dryRunWriteMs: observed(z.number()),
  kubeSystemUid: observed(z.string()),
  version: observed(z.string()),
});
