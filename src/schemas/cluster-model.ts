import * as z from "zod";
import { asClusterId, asHostName, asMemberId } from "../model/ids.ts";
import { branded, decimalBigint } from "./branded.ts";
import { fileStateSchema } from "./file-state.ts";

const host = branded(asHostName);
const serviceState = z.enum(["active", "stopped", "absent"]).optional();

const member = z.strictObject({
  id: branded(asMemberId).optional(),
  name: z.string(),
  peerUrls: z.array(z.string()),
  isLearner: z.boolean(),
  isStarted: z.boolean(),
  isHealthy: z.boolean().optional(),
  host: host.optional(),
});

const modelHost = z.strictObject({
  name: host,
  address: z.string(),
  roles: z.array(z.enum(["control-plane", "etcd", "load-balancer", "worker", "spare"])),
  isReachable: z.boolean().optional(),
  machineId: z.string().optional(),
  hasKubernetesState: z.boolean().optional(),
  hasEtcdData: z.boolean().optional(),
  hasStartableEtcdData: z.boolean().optional(),
  hasEtcdManifest: z.boolean().optional(),
  join: z.enum(["running", "recent", "none"]).optional(),
  etcdProcess: z.enum(["running", "stopped", "frozen"]).optional(),
  apiServer: z.enum(["ready", "not-ready", "absent"]).optional(),
  services: z
    .strictObject({ kubelet: serviceState, containerd: serviceState, haproxy: serviceState, keepalived: serviceState, etcd: serviceState })
    .optional(),
  isPrepared: z.boolean().optional(),
  preparationProblems: z.array(z.string()),
  balancerBackends: z.array(z.string()).optional(),
  files: z.array(z.strictObject({ path: z.string(), state: fileStateSchema.optional(), why: z.string().optional() })).optional(),
});

/** The model that a plan starts from. Absent means not known. */
export const clusterModelSchema = z.strictObject({
  cluster: z.string(),
  clusterId: branded(asClusterId).optional(),
  members: z.array(member).optional(),
  believedMembers: z.array(member).optional(),
  hosts: z.array(modelHost),
  nodes: z
    .array(
      z.strictObject({
        name: z.string(),
        uid: z.string().optional(),
        isReady: z.boolean().optional(),
        isControlPlane: z.boolean(),
        internalIp: z.string(),
        machineId: z.string(),
      }),
    )
    .optional(),
  masterLeases: z.array(z.string()).optional(),
  clusterInfoServer: z.string().optional(),
  kubeadmEndpoint: z.string().optional(),
  snapshots: z.array(
    z.strictObject({
      artifact: z.string(),
      sha256: z.string(),
      revision: decimalBigint,
      clusterId: branded(asClusterId),
      sourceMember: branded(asMemberId),
    }),
  ),
  verified: z.strictObject({ ok: z.boolean(), failures: z.array(z.string()) }).optional(),
});
