import * as z from "zod";
import { asBackupSetId, asHostName, asMemberId, asStepId } from "../model/ids.ts";
import { restoreDoubts } from "../model/restore-doubt.ts";
import { restorableKinds } from "../model/restored-file.ts";
import type { StepArgs, StepKind } from "../model/step.ts";
import { branded, decimalBigint } from "./branded.ts";
import { fileModeSchema, fileStateSchema, restoredFileStateSchema, tagSchema } from "./file-state.ts";

const host = branded(asHostName);
const memberId = branded(asMemberId);
const via = z.array(host);
const through = z.array(z.strictObject({ path: z.string(), tag: tagSchema })).optional();

/** The arguments of every kind of step. The mapped type makes it complete. */
const stepArgs: { readonly [K in StepKind]: z.ZodType<StepArgs[K]> } = {
  "etcd.saveSnapshot": z.strictObject({ host, memberId, artifact: z.string(), minRevision: decimalBigint }),
  "etcd.proveStopped": z.strictObject({ host, memberId }),
  "etcd.stopMember": z.strictObject({ host, memberId }),
  "etcd.removeMember": z.strictObject({ memberId, name: z.string(), peerUrls: z.array(z.string()), via }),
  "etcd.awaitVoter": z.strictObject({ host, peerUrl: z.string(), via }),
  "kubernetes.deleteNode": z.strictObject({ node: z.string(), uid: z.string(), via }),
  "kubernetes.deleteMasterLease": z.strictObject({ address: z.string(), via }),
  "kubernetes.repairClusterInfo": z.strictObject({ server: z.string(), via }),
  "kubernetes.repairKubeadmConfig": z.strictObject({ controlPlaneEndpoint: z.string(), via }),
  "kubernetes.awaitNodeNotReady": z.strictObject({ node: z.string(), via }),
  "kubernetes.awaitNodeReady": z.strictObject({ node: z.string(), via }),
  "loadBalancer.setBackends": z.strictObject({
    host,
    backends: z.array(z.strictObject({ name: z.string(), address: z.string(), port: z.int().min(1).max(65_535) })),
  }),
  "host.moveStateAside": z.strictObject({ host, paths: z.array(z.string()) }),
  "host.restoreFiles": z.strictObject({
    host,
    set: branded(asBackupSetId),
    manifestSha256: tagSchema,
    directories: z.array(z.strictObject({ path: z.string(), mode: fileModeSchema, uid: z.int().min(0), gid: z.int().min(0) })),
    files: z.array(
      z.strictObject({
        path: z.string(),
        kind: z.enum(restorableKinds),
        was: fileStateSchema,
        becomes: restoredFileStateSchema,
        ends: z.strictObject({ becomes: z.string(), was: z.string().optional() }).optional(),
        issued: z
          .strictObject({
            by: z.string(),
            isTrustedOnly: z.literal(true).optional(),
            authority: z.string().optional(),
            notRead: z.string().optional(),
          })
          .optional(),
        shared: z.array(z.strictObject({ path: z.string(), tag: tagSchema.optional(), through })).optional(),
      }),
    ),
    companions: z.array(z.strictObject({ path: z.string(), was: fileStateSchema })),
    authorities: z.array(z.strictObject({ path: z.string(), tag: tagSchema, through })),
    accepts: z.array(
      z.strictObject({
        doubt: z.enum(restoreDoubts),
        because: z.string(),
        files: z.array(
          z.strictObject({
            path: z.string(),
            against: z.array(z.strictObject({ host, path: z.string(), tag: tagSchema })),
            notKnown: z.array(z.string()),
            says: z.string().optional(),
          }),
        ),
      }),
    ),
  }),
  "host.checkPrepared": z.strictObject({ host, kubernetesVersion: z.string(), via }),
  "kubeadm.joinControlPlane": z.strictObject({ host, node: z.string(), address: z.string(), peerUrl: z.string(), via: host }),
  "service.start": z.strictObject({ host, unit: z.enum(["kubelet", "containerd", "haproxy", "keepalived", "etcd"]) }),
  "process.continue": z.strictObject({ host, process: z.literal("etcd") }),
  "cluster.verify": z.strictObject({ voters: z.int().min(0), baselineArtifact: z.string() }),
};

const quorum = z.strictObject({ voters: z.int(), needed: z.int(), healthy: z.int(), faultTolerance: z.int() });
const risk = z.enum(["read-only", "reversible", "destructive"]);

export { risk as stepRiskSchema };

/** A step of a plan. What `args` must look like depends on `kind`. */
export const plannedStepSchema = z
  .strictObject({
    id: branded(asStepId),
    kind: z.enum(Object.keys(stepArgs) as [StepKind, ...StepKind[]]),
    args: z.unknown(),
    host: host.optional(),
    risk,
    describes: z.string(),
    after: z.array(branded(asStepId)),
    quorumAfter: quorum.optional(),
    expectedSeconds: z.number().min(0),
    attemptsMax: z.int().min(1),
    copyBy: branded(asStepId).optional(),
  })
  .transform((step, context) => {
    const args = stepArgs[step.kind].safeParse(step.args);
    if (args.success) return { ...step, args: args.data };
    for (const issue of args.error.issues) context.addIssue({ code: "custom", path: ["args", ...issue.path], message: issue.message });
    return z.NEVER;
  });
