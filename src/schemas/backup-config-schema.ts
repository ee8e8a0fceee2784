import * as z from "zod";
import { proofLevels } from "../model/backup-set.ts";
import { defaultRetention, defaultSchedule, type BackupConfig } from "../model/cluster-config.ts";
import { asBackupSetId } from "../model/ids.ts";
import { backupWebhookSchema } from "./backup-webhook-schema.ts";

/** The section `backup` of requorum.yaml. Nothing in it is a secret: where secrets are needed, it names a file. */

const path = (meaning: string) =>
  z
    .string()
    .min(1)
    .meta({ description: `${meaning}; relative to this file; ~/ is your home.` });
/** Ten years of daily ones. */
const countMax = 3650;
const sets = (meaning: string, usual: number) =>
  z
    .number()
    .int()
    .min(0)
    .max(countMax)
    .optional()
    .meta({ description: `${meaning} Default: ${String(usual)}.` });

const recipient = z
  .string()
  .regex(/^age1[02-9ac-hj-np-z]{58}$/, { error: "an age recipient (age1…)" })
  .meta({ description: "Who can open the sets: a public key of age, as `age-keygen` prints it." });

const signer = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/, { error: "an Ed25519 public key in base64url (43 characters)" })
  .meta({ description: "Public key of another machine whose sets are trusted, as `requorum backup list` shows it there." });

const bucket = String.raw`[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]`;
const store = z
  .string()
  .regex(new RegExp(String.raw`^(?:s3://${bucket}(?:/[^\0]*)?|ssh://[^\0/]+/[^\0]+|(?![a-z0-9]+://)[^\0]+)$`), {
    error: "a directory, s3://BUCKET/PREFIX or ssh://HOST/PATH",
  })
  .meta({
    description:
      "Where sets are kept: a directory of this machine (relative to this file; ~/ is your home), s3://BUCKET/PREFIX, or ssh://HOST/PATH.",
  });

export const backupSchema = z.strictObject({
  store,
  recipients: z
    .array(recipient)
    .max(20)
    .optional()
    .meta({ description: "For whom sets are encrypted; several, so that one of them may be lost." }),
  passphraseFile: path("A file whose first line is a passphrase that opens the sets, too").optional(),
  signers: z.array(signer).max(100).optional(),
  acceptFrom: z
    .string()
    .regex(/^\d{8}-\d{6}-[0-9a-z]{6}$/)
    .optional()
    .meta({
      description:
        "From this set on the sets are of the true cluster, as after a restore: `requorum backup prune` does not refuse because of what was before.",
    }),
  externalCa: z.boolean().optional().meta({
    description: "The keys of the cluster's CA and of etcd's are kept elsewhere by intention: a set is whole without them. Default: false.",
  }),
  source: z
    .enum(["follower", "leader"])
    .optional()
    .meta({ description: "The member that snapshots are taken of, where there is a choice. Default: follower, which spares the leader." }),
  etcdPrograms: path("The directory with etcd and etcdutl for the sandbox, if they are not on PATH").optional(),
  kubePrograms: path("The directory with kube-apiserver for the sandbox, if it is not on PATH").optional(),
  retention: z
    .strictObject({
      last: sets("So many newest sets are kept.", defaultRetention.last),
      daily: sets("The newest set of each of so many days is kept.", defaultRetention.daily),
      weekly: sets("The newest set of each of so many weeks is kept.", defaultRetention.weekly),
      monthly: sets("The newest set of each of so many months is kept.", defaultRetention.monthly),
      neverBelow: z
        .number()
        .int()
        .min(1)
        .max(countMax)
        .optional()
        .meta({ description: `Never fewer sets than this are left. Default: ${String(defaultRetention.neverBelow)}.` }),
    })
    .optional()
    .meta({ description: "What `requorum backup prune` keeps: a set that any of these keeps is kept." }),
  s3: z
    .strictObject({
      endpoint: z
        .string()
        .regex(/^https?:\/\/[^\s/]+$/, { error: "https://HOST[:PORT]" })
        .optional()
        .meta({ description: "Of an S3-compatible server; left out: Amazon's." }),
      region: z
        .string()
        .regex(/^[a-z0-9-]{1,64}$/, { error: "a region's name" })
        .optional(),
      pathStyle: z
        .boolean()
        .optional()
        .meta({ description: "The bucket is in the path and not in the host name. Default: true with an endpoint." }),
      caFile: path("The CA, in PEM, that signed the endpoint's certificate").optional(),
      objectLockDays: z
        .number()
        .int()
        .min(0)
        .max(countMax)
        .optional()
        .meta({ description: "Objects are locked against deletion for so many days. Default: 0, not at all." }),
    })
    .optional()
    .meta({ description: "Of a store s3://…; credentials are those of the environment or of ~/.aws." }),
  schedule: z
    .strictObject({
      verify: z
        .enum(proofLevels)
        .optional()
        .meta({ description: `The level to which \`backup run\` proves each new set. Default: ${defaultSchedule.verify}.` }),
      reverify: z
        .enum([...proofLevels, "off"])
        .optional()
        .meta({
          description: `The level to which each run proves one older set again, in turns. Default: ${defaultSchedule.reverify}.`,
        }),
      prune: z.enum(["off", "plan", "apply"]).optional().meta({
        description: "After a proven set: plan says what the rules of retention would remove, apply removes it. Default: off.",
      }),
    })
    .optional()
    .meta({ description: "What a scheduled backup (`requorum backup run`, as the timer calls it) does." }),
  metrics: z
    .strictObject({
      textfile: path("A file in the directory of node-exporter's textfile collector").regex(/\.prom$/, {
        error: "a file name ending in .prom",
      }),
    })
    .optional()
    .meta({ description: "Numbers of scheduled backups, for Prometheus: docs/backup-schedule.md." }),
  webhook: backupWebhookSchema.optional(),
});

type BackupInput = z.infer<typeof backupSchema>;

/** With defaults. `resolve` makes a path that was written in the file absolute (or leaves it below "~/"). */
export function backupConfigOf(input: BackupInput, resolve: (path: string) => string): BackupConfig {
  const { s3 } = input;
  return {
    store: /^[a-z0-9]+:\/\//.test(input.store) ? input.store : resolve(input.store),
    recipients: input.recipients ?? [],
    ...(input.passphraseFile === undefined ? {} : { passphraseFile: resolve(input.passphraseFile) }),
    signers: input.signers ?? [],
    ...(input.acceptFrom === undefined ? {} : { acceptFrom: asBackupSetId(input.acceptFrom) }),
    ...(input.externalCa === undefined ? {} : { externalCa: input.externalCa }),
    source: input.source ?? "follower",
    ...(input.etcdPrograms === undefined ? {} : { etcdPrograms: resolve(input.etcdPrograms) }),
    ...(input.kubePrograms === undefined ? {} : { kubePrograms: resolve(input.kubePrograms) }),
    retention: retentionOf(input.retention ?? {}),
    ...(input.schedule === undefined ? {} : { schedule: scheduleOf(input.schedule) }),
    ...(input.metrics === undefined ? {} : { metrics: { textfile: resolve(input.metrics.textfile) } }),
    ...(input.webhook === undefined ? {} : { webhook: webhookOf(input.webhook, resolve) }),
    ...(s3 === undefined
      ? {}
      : {
          s3: {
            ...(s3.endpoint === undefined ? {} : { endpoint: s3.endpoint }),
            ...(s3.region === undefined ? {} : { region: s3.region }),
            ...(s3.caFile === undefined ? {} : { caFile: resolve(s3.caFile) }),
            pathStyle: s3.pathStyle ?? s3.endpoint !== undefined,
            objectLockDays: s3.objectLockDays ?? 0,
          },
        }),
  };
}

function webhookOf(
  { url, urlFile, caFile }: NonNullable<BackupInput["webhook"]>,
  resolve: (path: string) => string,
): NonNullable<BackupConfig["webhook"]> {
  return {
    ...(url === undefined ? {} : { url }),
    ...(urlFile === undefined ? {} : { urlFile: resolve(urlFile) }),
    ...(caFile === undefined ? {} : { caFile: resolve(caFile) }),
  };
}

function scheduleOf({ verify, reverify, prune }: NonNullable<BackupInput["schedule"]>): NonNullable<BackupConfig["schedule"]> {
  return {
    verify: verify ?? defaultSchedule.verify,
    reverify: reverify ?? defaultSchedule.reverify,
    prune: prune ?? defaultSchedule.prune,
  };
}

function retentionOf(input: NonNullable<BackupInput["retention"]>): BackupConfig["retention"] {
  return {
    last: input.last ?? defaultRetention.last,
    daily: input.daily ?? defaultRetention.daily,
    weekly: input.weekly ?? defaultRetention.weekly,
    monthly: input.monthly ?? defaultRetention.monthly,
    neverBelow: input.neverBelow ?? defaultRetention.neverBelow,
  };
}
