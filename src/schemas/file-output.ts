/** The documents of the verbs on files: snapshots, databases, data dirs. Sizes in bytes. */
import * as z from "zod";
import { decimal, document, type OutputDocument } from "./output-parts.ts";

const form = z
  .enum(["snapshot", "database", "data-dir"])
  .describe("snapshot: ends with its own sha256; database: the bbolt file alone; data-dir: of an etcd member");
const problems = z.array(z.object({ offset: z.int().nullable().describe("bytes from the start of the file"), what: z.string() }));
const keySize = z.object({
  key: z.string(),
  isLive: z.boolean(),
  bytes: z.int(),
  revisions: z.int().describe("that are still in the file"),
  revisionBytes: z.int().describe("of all of them together"),
});

const logLoss = z
  .object({
    kind: z
      .enum(["missing", "broken", "behind", "does-not-fit", "not-applicable", "beside"])
      .describe(
        "missing: no log; broken: damage, or missing segments; behind: it ends before what was committed or before the database; does-not-fit: it begins too late or is of another history; not-applicable: entries that requorum cannot apply; beside: only the database of a data dir was given, and its log holds more",
      ),
    problems: z.array(z.string()),
    throughIndex: decimal.describe("up to this raft index everything is there"),
    missingThrough: decimal.nullable().describe("the highest entry above that of which is known; there may have been more"),
    unreadBytes: z.int().describe("of the log, which cannot be read"),
  })
  .nullable()
  .describe("of a data dir, or the database in one: what of its log is not in what was read; null: nothing");

const metaDamage = z
  .object({
    offset: z.int().describe("of the damaged page"),
    what: z.string(),
    isInLog: z.boolean().describe("the log of the data dir gives a lost commit again: nothing is missing in what was read"),
  })
  .nullable()
  .describe("one of the two meta pages of the database is damaged, and its last commit may be lost; null: both are whole");

const remarks = z.array(z.string()).describe("of a data dir: what is worth to be known, and costs nothing, as what was passed over in it");

export const snapshotInspectionSchema = z.object({
  ...document("SnapshotInspection"),
  file: z.string(),
  form,
  fileSizeBytes: z.int(),
  sha256: z.object({
    present: z.boolean().describe("the file ends with the sha256 that etcd appends to a snapshot"),
    valid: z.boolean().nullable(),
    stated: z.string().nullable(),
  }),
  hash: z.string().describe("hex, as `etcdutl snapshot status` prints it"),
  hashDecimal: z.int().describe("the same as a number, as `etcdutl snapshot status -w json` prints it"),
  revision: decimal,
  totalKeys: z.int().describe("live keys: `totalKey` of etcd 3.6 and later"),
  totalEntries: z.int().describe("entries of all buckets: `totalKey` of etcd 3.4 and 3.5"),
  totalSizeBytes: z.int().describe("pages in use or free"),
  freeSizeBytes: z.int(),
  storageVersion: z.string().nullable().describe("kept since etcd 3.6"),
  schemaVersion: z.string().describe("the minor version whose buckets these are"),
  clusterVersion: z.string().nullable(),
  consistentIndex: decimal.nullable(),
  term: decimal.nullable(),
  compactRevision: decimal.nullable(),
  scheduledCompactRevision: decimal.nullable().describe("begun and maybe not ended"),
  members: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      peerUrls: z.array(z.string()),
      clientUrls: z.array(z.string()),
      isLearner: z.boolean(),
    }),
  ),
  removedMembers: z.int(),
  leases: z.int(),
  alarms: z.array(z.object({ memberId: z.string(), alarm: z.string() })),
  auth: z.object({ isEnabled: z.boolean(), users: z.array(z.string()), roles: z.array(z.string()) }),
  registryPrefix: z.string().nullable().describe("what the API server's keys begin with"),
  byResource: z.array(
    z.object({
      resource: z.string().describe("as kubectl names it, or the prefix of keys that are none of Kubernetes"),
      objects: z.int(),
      bytes: z.int(),
      revisions: z.int(),
      revisionBytes: z.int(),
    }),
  ),
  largest: z.array(keySize),
  growers: z.array(keySize).describe("keys with the most bytes over all their revisions"),
  structure: z.object({ verdict: z.enum(["good", "damaged"]), problemCount: z.int(), problems }),
  metaDamage: metaDamage.describe(
    "one of the two meta pages is damaged: a problem of `structure`, too, unless isInLog; null: both are whole",
  ),
  unknownBuckets: z.array(z.string()),
  log: z
    .object({
      lastIndex: decimal,
      recordedCommit: decimal.describe("the commit index that the log recorded; it lags"),
      entries: z.int().describe("above the database's consistent index"),
      revision: decimal.describe("after the replay"),
      uncertainEntries: z.int().describe("above the recorded commit index: acknowledged or not is unknown"),
      uncertainRevisions: decimal,
      notReplayed: z.int().describe("entries that requorum cannot apply"),
    })
    .nullable()
    .describe("of a data dir: what a start would replay over the database, which all other fields describe alone"),
  logLoss,
  remarks,
});

const fileCheck = z.object({
  file: z.string(),
  form,
  verdict: z
    .enum(["good", "damaged", "incomplete"])
    .describe("incomplete: nothing wrong was seen, and a part that belongs to it could not be judged; exit code 3"),
  checks: z.array(
    z.object({
      name: z.enum(["sha256", "structure", "schema", "records", "objects", "log"]),
      verdict: z
        .enum(["good", "damaged", "absent", "skipped", "unjudged"])
        .describe(
          "absent: there is nothing to compare with; skipped: an earlier damage is in the way; unjudged: it may be sound, and requorum cannot tell",
        ),
      detail: z.string(),
      problems,
    }),
  ),
  revision: decimal.nullable().describe("of the database alone: of a data dir without its log"),
  startRevision: decimal
    .nullable()
    .describe("what an etcd would start with: of a data dir the one after its log, of a file its own; null where not all is good"),
  totalKeys: z.int().nullable().describe("of the database alone"),
  remarks,
});

export const snapshotChecksSchema = z.object({
  ...document("SnapshotChecks"),
  files: z.array(
    z.object({
      file: z.string(),
      check: fileCheck.nullable().describe("null: it was not read"),
      error: z.object({ code: z.string(), detail: z.string() }).nullable().describe("why it was not read"),
    }),
  ),
});

const fileSha256 = z
  .object({ present: z.boolean(), valid: z.boolean().nullable() })
  .nullable()
  .describe("of the content, as etcd appends it to a snapshot; valid is null where there is none; null of a data dir");

const restoredMember = z.object({ id: z.string(), name: z.string(), peerUrls: z.array(z.string()) });

export const snapshotRestoreSchema = z.object({
  ...document("SnapshotRestore"),
  source: z.string(),
  dataDir: z.string(),
  member: restoredMember,
  clusterId: z.string(),
  clusterToken: z.string().describe("for the restores of the other members"),
  members: z.array(restoredMember).describe("all members of the new cluster; each needs its own restore"),
  sourceRevision: decimal,
  revision: decimal.describe("what the restored cluster starts with"),
  revisionBump: decimal.nullable(),
  storageVersion: z.string().nullable(),
  authIsEnabled: z.boolean().describe("as in the source: clients need a user and a password"),
  metaDamage,
  sha256: z.object({ present: z.boolean(), valid: z.boolean().nullable() }),
  databaseSizeBytes: z.int(),
  replayedEntries: z.int().describe("of a data dir's log"),
  uncertainEntries: z.int().describe("above the recorded commit index: acknowledged or not is unknown"),
  uncertainAreIncluded: z.boolean(),
  logLoss,
  leftovers: z.array(z.string()).describe("beside it: what a restore that was killed has left, or one that runs now is writing"),
});

export const snapshotHashKvSchema = z.object({
  ...document("SnapshotHashKv"),
  file: z.string(),
  form,
  sha256: fileSha256,
  logLoss,
  metaDamage,
  etcdVersion: z.string().describe("whose rules were followed"),
  hash: z.int(),
  revision: decimal,
  compactRevision: decimal.describe("-1: never compacted"),
  isComparable: z.boolean().describe("false at exactly the compact revision, where a running etcd answers with another number"),
});

const logPosition = z.object({ index: decimal, term: decimal.nullable() });

export const snapshotRankingSchema = z.object({
  ...document("SnapshotRanking"),
  isOneCluster: z.boolean().nullable().describe("null: of one or more it is not known; false: their order says nothing"),
  ranks: z
    .array(
      z.object({
        path: z.string(),
        memberId: z.string().nullable(),
        clusterId: z.string().nullable().describe("of a file: that of the data dir here which has members in common with it"),
        isNewest: z.boolean().describe("no other that could be placed is newer; several can be, none that is damaged"),
        isDamaged: z.boolean().describe("it stands behind all others, whatever its last entry is"),
        newest: logPosition.nullable().describe("the newest state that can be had from these files"),
        revision: decimal.nullable().describe("after that entry; null: not known"),
        missingEntries: decimal.nullable().describe("that the newest has and this one has not; null: not known"),
        missingRevisions: decimal.nullable().describe("likewise"),
        log: logPosition.nullable(),
        database: logPosition.nullable(),
        recordedCommit: decimal.nullable(),
        unappliedEntries: decimal.describe("that a replay adds to the database"),
        uncertainEntries: decimal,
        problems: z.array(z.string()),
        remarks: z.array(z.string()).describe("worth knowing, and no problem"),
      }),
    )
    .describe("newest first"),
});

const sourceAt = z.object({ file: z.string(), revision: decimal, sha256: fileSha256, logLoss, metaDamage });

export const snapshotDiffSchema = z.object({
  ...document("SnapshotDiff"),
  from: sourceAt,
  to: sourceAt,
  resources: z.array(
    z.object({
      resource: z.string(),
      before: z.int(),
      after: z.int(),
      added: z.int(),
      removed: z.int(),
      changed: z.int(),
    }),
  ),
  objects: z.array(
    z.object({
      key: z.string(),
      resource: z.string(),
      namespace: z.string().nullable(),
      name: z.string(),
      change: z.enum(["added", "removed", "changed"]),
      fields: z.array(z.string()).describe("paths that differ, and in parentheses what else can be said; no values"),
    }),
  ),
  isCutOff: z.boolean().describe("more objects differ than are listed; the counts are complete"),
  missing: z.array(z.string()).describe("asked for by name, and in neither"),
});

export const fileOutputDocuments: { readonly [kind: string]: OutputDocument } = {
  SnapshotInspection: {
    verbs: ["snapshot inspect"],
    words: "What a snapshot, database or data dir holds.",
    schema: snapshotInspectionSchema,
  },
  SnapshotDiff: { verbs: ["snapshot diff", "backup diff"], words: "What differs between two states.", schema: snapshotDiffSchema },
  SnapshotHashKv: {
    verbs: ["snapshot hashkv"],
    words: "The hash of a file's data, as a server computes it.",
    schema: snapshotHashKvSchema,
  },
  SnapshotRanking: { verbs: ["snapshot rank"], words: "Data dirs, the newest first.", schema: snapshotRankingSchema },
  SnapshotRestore: { verbs: ["snapshot restore"], words: "The data dir that was made.", schema: snapshotRestoreSchema },
  SnapshotChecks: {
    verbs: ["snapshot check"],
    words: "Are these files whole? The same document for one file and for several.",
    schema: snapshotChecksSchema,
  },
};
