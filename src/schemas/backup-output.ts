/** The documents of the verbs on backup sets. Sizes in bytes. */
import * as z from "zod";
import { scheduleSummary } from "./backup-schedule-output.ts";
import { decimal, document, markList, passedOver, time, type OutputDocument } from "./output-parts.ts";

const setSummary = z.object({
  id: z.string(),
  createdAt: time,
  createdBy: z.string(),
  program: z.string(),
  cluster: z.string().describe("as configured"),
  clusterId: z.string().nullable().describe("etcd's; null: an offline copy did not tell it"),
  kubernetesVersion: z.string().nullable(),
  etcdVersion: z.string().nullable(),
  form: z.enum(["stream", "data-dir"]).describe("stream: saved from a running member; data-dir: copied from one that does not run"),
  sourceHost: z.string(),
  sourceMember: z.string().nullable(),
  revision: decimal,
  compactRevision: decimal.describe("0: never compacted"),
  totalKeys: z.int(),
  hashKv: z.int().describe("etcd's hashkv at `revision`, of the bytes that were stored"),
  snapshotBytes: decimal,
  storedBytes: decimal.describe("of all packs that it needs; other sets may share them"),
  keyId: z.string().describe("tells data keys apart, and nothing of them"),
  marks: markList,
});

const proof = z
  .object({
    level: z
      .enum(["V0", "V1", "V2", "V3", "V4", "V5"])
      .nullable()
      .describe("the highest that holds, with all before it; null: not even the first"),
    at: time,
    score: z.int().describe("0 to 100: what a restore of it can be trusted with, by what was proven, when, and its marks"),
    because: z.array(z.string()).describe("what was taken off the score, and why"),
    expectedRto: z
      .object({ etcdSeconds: z.number(), apiSeconds: z.number().nullable().describe("null: the API was not started") })
      .nullable()
      .describe("how long a drill took from the first byte until etcd, and the API, answered; null: there was none"),
  })
  .nullable()
  .describe("null: nobody tried");

const standing = z
  .enum(["holds", "fails", "unknown", "unverified"])
  .describe(
    "fails: a level failed and did not hold since, or what the set needs is not in the store; unknown: what is stored or a proof of it could not be read, or the set is not trusted; unverified: nobody tried",
  );
const standingBecause = z.string().describe("why it is not trusted, or why it fails or is not known; empty otherwise");

const ageSeconds = z.int().nullable().describe("null: it is dated in the future, by a clock that was wrong, or this machine's is");

const lost = z
  .object({ id: z.string(), createdAt: time })
  .nullable()
  .describe("the set that was the newest when this machine last looked, and is gone: the store was put back, or emptied; null: none");

export const backupCreatedSchema = z.object({
  ...document("BackupCreated"),
  store: z.string(),
  tookSeconds: z.number(),
  set: setSummary,
  remarks: z
    .array(z.string())
    .describe(
      "what was seen of the store and its other sets, such as one of the future, or what a killed writer left and cannot be removed",
    ),
});

export const backupListSchema = z.object({
  ...document("BackupList"),
  cluster: z.string(),
  store: z.string(),
  lost,
  isStore: z
    .boolean()
    .describe("false: nothing of a store is there: none was begun, it is another place, or a disk that is not mounted; also no sets then"),
  remarks: z
    .array(z.string())
    .describe("what else is not as it should be, such as the file that names the store being gone, or a set that is dated in the future"),
  schedule: scheduleSummary,
  publicKey: z
    .string()
    .nullable()
    .describe("of this machine: what another one puts into `backup.signers` to trust its sets; null: it signed nothing yet, and has none"),
  sets: z
    .array(
      z.discriminatedUnion("state", [
        z.object({
          state: z.enum(["trusted", "untrusted"]).describe("untrusted: signed by a key that is not known here"),
          standing,
          because: standingBecause,
          ageSeconds,
          set: setSummary,
          proof,
        }),
        z.object({ state: z.literal("damaged"), because: z.string(), object: z.string().describe("its name in the store") }),
      ]),
    )
    .describe("newest first, then those that are dated in the future, then the damaged ones"),
});

export const backupSetSchema = z.object({
  ...document("BackupSet"),
  store: z.string(),
  state: z.enum(["trusted", "untrusted"]).describe("untrusted: signed by a key that is not known here"),
  standing,
  because: standingBecause,
  ageSeconds,
  manifestSha256: z.string(),
  signers: z.array(z.string()).describe("public keys whose signature fits"),
  set: setSummary,
  members: z.array(z.object({ id: z.string(), name: z.string(), isLearner: z.boolean(), peerUrls: z.array(z.string()) })),
  contents: z.array(
    z.object({
      kind: z.string(),
      host: z.string().nullable().describe("null: of the cluster"),
      count: z.int(),
    }),
  ),
  objects: z.array(z.object({ resource: z.string(), count: z.int() })).describe("live objects"),
  recipients: z.array(z.string()).describe("who can open it"),
  opensWithPassphrase: z.boolean(),
  packs: z.int(),
  proof,
  files: z
    .array(
      z.object({
        kind: z.string(),
        host: z.string(),
        path: z.string(),
        type: z.enum(["file", "symlink"]),
        target: z.string().nullable().describe("of a symlink"),
        sizeBytes: z.int(),
        mode: z.string().describe("octal: 0600"),
        modifiedAt: time,
      }),
    )
    .nullable()
    .describe("of the machine that --host named; null: none was named"),
  passedOver,
});

export const backupUnsealedSchema = z.object({
  ...document("BackupUnsealed"),
  store: z.string(),
  set: z.string(),
  cluster: z.string(),
  marks: markList,
  directory: z.string(),
  cleared: z.array(z.string()).describe("directories with secrets in clear that killed runs had left beside it, and that were removed"),
  leftovers: z.array(z.string()).describe("the same, which stay, as somebody may be at work on them"),
  notes: z.array(z.string()).describe("links that were not made, as they led to nothing in the set, and files that lie elsewhere"),
  files: z.array(
    z.object({
      path: z.string().describe("below the directory"),
      kind: z.string(),
      host: z.string().nullable().describe("null: of the cluster"),
      sizeBytes: decimal,
      sha256: z.string(),
    }),
  ),
  passedOver,
});

const level = z.enum(["V0", "V1", "V2", "V3", "V4", "V5"]);

export const backupVerificationSchema = z.object({
  ...document("BackupVerification"),
  store: z.string(),
  id: z.string(),
  set: setSummary.nullable().describe("null: its manifest cannot be read"),
  wanted: level.describe("the highest level that was asked for"),
  isDrill: z.boolean(),
  level: level.nullable().describe("the highest that holds, with all before it; null: not even V0"),
  levels: z
    .array(
      z.object({
        level,
        verdict: z.enum(["holds", "fails", "not-tried", "unknown"]),
        because: z.array(z.string()).describe("the reasons; where it holds, what was compared"),
        tookSeconds: z.number(),
      }),
    )
    .describe("all six, in order"),
  drill: z
    .object({ etcdSeconds: z.number(), apiSeconds: z.number().nullable() })
    .nullable()
    .describe("of a drill: from the first byte that was fetched until etcd, and the API, answered, without the checks between"),
  sandbox: z.string().nullable().describe("how it was kept apart; null: none was made"),
  proof: z.string().nullable().describe("its name in the store; null: it could not be written"),
  proofProblem: z.string().nullable(),
  passedOver,
});

const statusBackup = z
  .object({
    id: z.string(),
    createdAt: time,
    ageSeconds,
    standing,
    because: z.string().describe("why it fails; empty otherwise"),
    level: level.nullable().describe("null: nothing is proven of it"),
    score: z.int().describe("0 to 100, see `backup list`"),
    expectedRtoSeconds: z.int().nullable().describe("of the last drill of it"),
    marks: z.array(z.string()),
  })
  .nullable();

/** In the document of `status`. */
export const statusBackups = z
  .object({
    store: z.string(),
    isSeen: z.boolean().describe("false: the store could not be looked at; then both are not known"),
    newest: statusBackup.describe("the newest set of this cluster that is signed by a known key; null: there is none"),
    lastProven: statusBackup.describe("the newest that is proven to V2 at least"),
    lost,
    passedOver: passedOver.describe(
      "sets that are not `newest` though their date is later: of the future, or signed by a key that is not known here",
    ),
    schedule: scheduleSummary,
  })
  .nullable()
  .describe("null: no backups are configured");

export const backupKeySchema = z.object({
  ...document("BackupKey"),
  recipient: z.string().describe("the public half, for `backup.recipients`"),
  file: z.string().describe("where the secret half lies"),
});

const certificateLine = z.object({
  subject: z.string(),
  issuer: z.string(),
  serial: z.string().nullable(),
  notAfter: time,
  publicKeyId: z.string().nullable().describe("sha256 of the public key"),
});
const fileState = z
  .object({
    kind: z.enum(["absent", "file", "symlink", "other"]),
    mode: z.string().nullable().describe("octal"),
    uid: z.int().nullable(),
    gid: z.int().nullable(),
    words: z.string().nullable().describe("why it is not replaced"),
  })
  .nullable();
const sides = z.object({ now: z.string().nullable(), becomes: z.string().nullable() });

export const backupRestoreSchema = z.object({
  ...document("BackupRestore"),
  set: z.string(),
  setCreatedAt: z.string(),
  setAgeSeconds: ageSeconds.describe("when the plan was made; null: the set is dated in the future"),
  setMarks: z.array(z.object({ code: z.string(), because: z.string() })).describe("what was known against the set when it was made"),
  host: z.string(),
  files: z.array(
    z.object({
      path: z.string(),
      kind: z.string(),
      change: z.enum(["same", "differs", "missing", "only-on-machine", "not-replaceable", "unknown"]),
      contentDiffers: z.boolean(),
      now: fileState.describe("on the machine; null: not known"),
      becomes: fileState.describe("in the set; null: it is not in the set"),
      certificates: z.object({ now: z.array(certificateLine), becomes: z.array(certificateLine) }),
      publicKey: sides.describe("of a key: sha256 of its public half"),
      target: sides.describe("of a link: where it leads to"),
      diff: z
        .array(z.object({ kind: z.enum(["same", "removed", "added", "gap"]), text: z.string() }))
        .nullable()
        .describe("of configuration; null: content of this kind is not shown"),
    }),
  ),
  unseen: z.array(z.string()).describe("why more may be on the machine than is listed"),
  toTakeEffect: z.array(z.string()).describe("what must be done by hand afterwards"),
  plan: z.unknown().describe("the document Plan"),
  passedOver,
});

export const backupOutputDocuments: { readonly [kind: string]: OutputDocument } = {
  BackupCreated: { verbs: ["backup create"], words: "The set that was made.", schema: backupCreatedSchema },
  BackupKey: { verbs: ["backup keygen"], words: "A new key pair, without its secret half.", schema: backupKeySchema },
  BackupList: { verbs: ["backup list"], words: "All sets of a store.", schema: backupListSchema },
  BackupUnsealed: { verbs: ["backup unseal"], words: "The files of a set, as they were written.", schema: backupUnsealedSchema },
  BackupSet: { verbs: ["backup show"], words: "What the manifest of a set says.", schema: backupSetSchema },
  BackupRestore: {
    verbs: ["backup restore"],
    words: "Files of a set beside those of a machine, and the plan that puts them back; while nothing is carried out.",
    schema: backupRestoreSchema,
  },
  BackupVerification: {
    verbs: ["backup verify", "backup drill"],
    words: "What was proven of a set, level by level.",
    schema: backupVerificationSchema,
  },
};
