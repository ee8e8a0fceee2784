import * as z from "zod";
import { asClusterId, asHostName, asMemberId } from "../model/ids.ts";
import type { Inventory } from "../model/inventory.ts";
import { branded } from "./branded.ts";
import { parseJson, textOfJson } from "./json-text.ts";
import {
  apiServerSchema,
  certificateSchema,
  dataDirSchema,
  etcdEndpointSchema,
  kubernetesFilesSchema,
  loadBalancerSchema,
  machineSchema,
  manifestSchema,
  processSchema,
  serviceSchema,
} from "./host-facts.ts";
import { lastSeenSchema } from "./last-seen.ts";
import { observed } from "./observation.ts";

/** A saved inventory (`diagnose --save`): somebody else can diagnose it without the cluster. */
const host = branded(asHostName);

const hostConfig = z.object({
  name: host,
  address: z.string(),
  roles: z.array(z.enum(["control-plane", "etcd", "load-balancer", "worker", "spare"])),
  sshAddress: z.string().optional(),
  sshUser: z.string().optional(),
  sshPort: z.number().optional(),
  sshJump: z.string().optional(),
});

const config = z.object({
  apiVersion: z.literal("requorum/v1"),
  cluster: z.string(),
  platform: z.enum(["kubeadm", "kubespray", "openshift"]),
  etcdTopology: z.enum(["stacked", "external"]),
  controlPlaneEndpoint: z.string().optional(),
  loadBalancer: z.enum(["keepalived-haproxy", "kube-vip", "external", "none"]),
  hosts: z.array(hostConfig),
  ssh: z.object({ configFile: z.string().optional(), connectTimeoutMs: z.number() }),
  paths: z.object({ etcdDataDir: z.string(), pkiDir: z.string(), manifestsDir: z.string() }),
  policy: z.object({ planLifetimeMs: z.number() }),
});

const hostFacts = z.object({
  name: host,
  ssh: observed(z.object({ roundTripMs: z.number() })),
  sshErrorCode: z.string().optional(),
  machine: observed(machineSchema),
  services: observed(z.array(serviceSchema)),
  otherEtcdUnits: z.array(z.string()).optional(),
  processes: observed(z.array(processSchema)),
  etcdDataDir: observed(dataDirSchema),
  manifests: observed(z.array(manifestSchema)),
  kubernetesFiles: observed(kubernetesFilesSchema),
  kubernetesFilesAgeSeconds: z.number().optional(),
  certificates: observed(z.array(certificateSchema)),
  unreadableCertificates: z.array(z.object({ path: z.string(), problem: z.string() })).optional(),
  loadBalancer: observed(loadBalancerSchema),
  etcd: etcdEndpointSchema,
  apiServer: apiServerSchema,
});

const kubernetes = z.object({
  via: host,
  nodes: z.array(
    z.object({
      name: z.string(),
      uid: z.string(),
      ready: z.enum(["True", "False", "Unknown"]),
      isControlPlane: z.boolean(),
      internalIp: z.string(),
      kubeletVersion: z.string(),
      machineId: z.string(),
    }),
  ),
  kubernetesEndpoints: z.array(z.string()),
  masterLeases: z.array(z.string()).optional(),
  clusterInfo: z.object({ server: z.string(), caFingerprint: z.string() }).optional(),
  kubeadmConfig: z
    .object({ controlPlaneEndpoint: z.string(), kubernetesVersion: z.string(), clusterStatusHosts: z.array(z.string()) })
    .optional(),
  etcdMirrorPods: z.array(z.object({ name: z.string(), node: z.string(), advertiseUrl: z.string(), phase: z.string() })),
  bootstrapTokenSecondsLeft: z.number().optional(),
  certificateKeySecondsLeft: z.number().optional(),
  gaps: z
    .array(
      z.object({
        record: z.enum([
          "masterLeases",
          "clusterInfo",
          "kubeadmConfig",
          "etcdMirrorPods",
          "bootstrapTokenSecondsLeft",
          "certificateKeySecondsLeft",
        ]),
        detail: z.string(),
      }),
    )
    .optional(),
});

const endpoint = z.object({
  address: z.string(),
  port: z.number(),
  answers: z.array(z.object({ from: host, outcome: z.enum(["ok", "refused", "timeout", "unreachable", "bad-answer"]) })),
  holders: z.array(host),
  arpMacs: z.array(z.string()),
});

const look = z.object({
  takenAt: z.string(),
  hosts: z.array(z.object({ name: host, sshReachable: z.boolean(), etcdAnswers: z.boolean(), dataDirPresent: z.boolean().optional() })),
  clusterIds: z.array(branded(asClusterId)),
  memberIds: z.array(branded(asMemberId)),
  leaderId: branded(asMemberId).optional(),
});

const inventorySchema = z.object({
  apiVersion: z.literal("requorum/v1"),
  kind: z.literal("Inventory"),
  takenAt: z.iso.datetime({ offset: true }),
  config,
  hosts: z.array(hostFacts),
  reach: z.array(
    z.object({
      from: z.union([z.literal("operator"), host]),
      to: host,
      port: z.enum(["ssh", "etcd-client", "etcd-peer", "kube-apiserver", "icmp"]),
      outcome: z.enum(["open", "refused", "timeout", "unreachable", "unknown"]),
      observedAt: z.string(),
    }),
  ),
  kubernetes: observed(kubernetes),
  endpoint: observed(endpoint),
  earlierLook: look.optional(),
  lastSeen: lastSeenSchema.optional(),
});

/** INVENTORY_FILE_INVALID says where in `name` and what was expected. */
export function readInventory(text: string, name: string): Inventory {
  return parseJson(text, inventorySchema, { code: "INVENTORY_FILE_INVALID", subject: name }) as Inventory;
}

export function writeInventory(inventory: Inventory): string {
  return `${textOfJson(inventory, 1)}\n`;
}
