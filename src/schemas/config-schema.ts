import * as z from "zod";
import { clusterNameForm, clusterNameWords, defaultPaths } from "../model/cluster-config.ts";
import { backupSchema } from "./backup-config-schema.ts";
import { isAddress, splitEndpoint } from "./network-address.ts";

/**
 * requorum.yaml as it is written. Names are those of model/cluster-config.ts;
 * what has a default may be left out. docs/requorum.schema.json is generated
 * from this.
 */

/**
 * 1.3 s: on any network that carries etcd (round trips of some milliseconds)
 * a machine that has not even said its SSH version by then is not answering,
 * also if the first packet was lost, which is sent again after a second; and
 * the first verdict on a dead machine must come within 2 s.
 */
export const connectTimeoutMsDefault = 1300;
/** An hour: what was agreed at the start of an incident call still is what everybody remembers. */
export const planLifetimeMsDefault = 3_600_000;

export const platforms = ["kubeadm", "kubespray", "openshift"] as const;
export const etcdTopologies = ["stacked", "external"] as const;
export const loadBalancers = ["keepalived-haproxy", "kube-vip", "external", "none"] as const;
export const hostRoles = ["control-plane", "etcd", "load-balancer", "worker", "spare"] as const;

const absolutePath = (meaning: string) =>
  z
    .string()
    .regex(/^\/[^\0]*$/, { error: "an absolute path" })
    .meta({ description: meaning });
const milliseconds = (least: number, most: number, meaning: string) => z.number().int().min(least).max(most).meta({ description: meaning });

/** One jump host, of ssh -J. */
const hop = String.raw`(?:[A-Za-z0-9_][A-Za-z0-9._-]*@)?(?:[A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?`;

const host = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/, { error: "a host name (letters, digits, dots and hyphens)" })
    .meta({ description: "The machine's name, unique in this file. Where your SSH configuration knows it, ssh is called with it." }),
  address: z
    .string()
    .refine(isAddress, { error: "an IP address or a DNS name, without a port" })
    .meta({ description: "IP address or DNS name that the cluster's own traffic uses." }),
  roles: z.array(z.enum(hostRoles)).min(1).optional().meta({ description: "What the machine is for. Default: control-plane." }),
  sshAddress: z
    .string()
    .refine(isAddress, { error: "an IP address or a DNS name, without a port" })
    .optional()
    .meta({ description: "Where sshd listens, if not at address." }),
  sshUser: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9._@\\-]{0,63}$/, { error: "a user name" })
    .optional()
    .meta({ description: "User to log in as; default: as your SSH configuration says." }),
  sshPort: z.number().int().min(1).max(65535).optional().meta({ description: "Port of sshd." }),
  sshJump: z
    .string()
    // ssh makes a shell command of it (older ones without looking at it): nothing but names, addresses and ports.
    .regex(new RegExp(`^(?=.{1,255}$)${hop}(?:,${hop})*$`), { error: "what ssh -J takes: [user@]host[:port][,…]" })
    .optional()
    .meta({ description: "Jump hosts, as for ssh -J." }),
});

export const configSchema = z
  .strictObject({
    apiVersion: z.literal("requorum/v1"),
    cluster: z
      .string()
      .regex(clusterNameForm, { error: clusterNameWords })
      .meta({ description: "The cluster's name: you type it to consent, and its records are kept under it." }),
    platform: z.enum(platforms).optional().meta({ description: "How the cluster was made. Default: kubeadm." }),
    etcdTopology: z
      .enum(etcdTopologies)
      .optional()
      .meta({ description: "stacked: etcd on the control-plane machines; external: on machines with the role etcd. Default: stacked." }),
    controlPlaneEndpoint: z
      .string()
      .refine((text) => splitEndpoint(text) !== undefined, { error: "ADDRESS:PORT, such as 10.0.0.10:6443 or [fd00::10]:6443" })
      .optional()
      .meta({ description: "Where clients reach the API: virtual address or load balancer, with port." }),
    loadBalancer: z.enum(loadBalancers).optional().meta({ description: "What stands behind the control-plane endpoint. Default: none." }),
    hosts: z.array(host).min(1).max(1000).meta({ description: "Every machine that requorum may look at." }),
    ssh: z
      .strictObject({
        configFile: z
          .string()
          .min(1)
          .optional()
          .meta({ description: "A file for ssh -F instead of your own configuration; relative to this file; ~/ is your home." }),
        connectTimeoutMs: milliseconds(
          100,
          60_000,
          `How long a machine may take to answer at all. Default: ${String(connectTimeoutMsDefault)}.`,
        ).optional(),
      })
      .optional(),
    paths: z
      .strictObject({
        etcdDataDir: absolutePath(
          `On the machine: the hostPath of etcd's volume, which --data-dir, a path in the container, need not be. Default: ${defaultPaths.etcdDataDir}`,
        ).optional(),
        pkiDir: absolutePath(`Default: ${defaultPaths.pkiDir}`).optional(),
        manifestsDir: absolutePath(`Default: ${defaultPaths.manifestsDir}`).optional(),
      })
      .optional()
      .meta({ description: "Where things are on the machines." }),
    policy: z
      .strictObject({
        planLifetimeMs: milliseconds(
          60_000,
          86_400_000, // the checker takes no longer one (I-G1)
          `How old a plan may be when it is applied. Default: ${String(planLifetimeMsDefault)}.`,
        ).optional(),
      })
      .optional(),
    backup: backupSchema
      .optional()
      .meta({ description: "Backup sets of this cluster: where they are kept and for whom they are encrypted." }),
  })
  .meta({ title: "requorum.yaml", description: "One Kubernetes cluster whose control plane requorum looks after." });

export type ConfigInput = z.infer<typeof configSchema>;

/** The JSON Schema for editors, as published in docs/requorum.schema.json. */
export function configJsonSchemaText(): string {
  return `${JSON.stringify(z.toJSONSchema(configSchema, { io: "input" }), null, 2)}\n`;
}
