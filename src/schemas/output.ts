/**
 * Every JSON document that the program prints, field by field. docs/json-output.md
 * is generated from this file, and tests hold the real output of each verb
 * against it. Documents may gain fields; readers ignore unknown ones. `null`
 * means: not known. 64-bit numbers are decimal text.
 */
import * as z from "zod";
import { backupKeepOutputDocuments } from "./backup-keep-output.ts";
import { backupOutputDocuments, statusBackups } from "./backup-output.ts";
import { backupScheduleOutputDocuments } from "./backup-schedule-output.ts";
import { fileOutputDocuments } from "./file-output.ts";
import { labOutputDocuments } from "./lab-output.ts";
import { decimal, document, time, type OutputDocument } from "./output-parts.ts";

export type { OutputDocument } from "./output-parts.ts";

const texts = z.array(z.string());
const severity = z.enum(["info", "warning", "error", "critical"]);

const quorum = z.object({
  voters: z.int().describe("registered voting members, unstarted and dead ones included, learners not"),
  needed: z.int().describe("votes needed"),
  healthy: z.int().describe("voters proven healthy"),
  faultTolerance: z.int().describe("healthy voters that may still fail before writes stop; negative: quorum is lost"),
});

const member = z.object({
  id: z.string().nullable().describe("hex, as etcdctl prints it"),
  name: z.string().describe("empty while the member has never started"),
  host: z.string().nullable().describe("the configured machine it lives on"),
  peerUrls: texts,
  clientUrls: texts,
  isLeader: z.boolean().nullable(),
  isLearner: z.boolean(),
  isStarted: z.boolean(),
  revision: decimal.nullable(),
  raftTerm: decimal.nullable(),
  raftIndex: decimal.nullable(),
  appliedIndex: decimal.nullable(),
  dbSizeBytes: decimal.nullable(),
  version: z.string().nullable(),
  state: z
    .enum(["healthy", "alone", "learner", "unstarted", "stopped", "frozen", "down", "unknown"])
    .describe("healthy: answers a read that needs quorum; alone: answers for itself only"),
});

const openRun = z
  .object({ run: z.string(), outcome: z.string() })
  .nullable()
  .describe("the newest run on this machine, while it has not succeeded");

export const statusSchema = z.object({
  ...document("Status"),
  cluster: z.string(),
  takenAt: time,
  platform: z.string(),
  etcdTopology: z.string(),
  verdict: z.enum(["healthy", "degraded", "quorum-lost", "unknown"]),
  quorum: quorum
    .extend({
      basis: z
        .enum(["linearizable", "believed"])
        .describe("linearizable: a quorum confirmed the list of voters; believed: one member's or this machine's memory"),
      faultTolerance: z
        .int()
        .nullable()
        .describe("healthy voters that may still fail before writes stop, a lower bound; negative: quorum is lost, so many are short"),
      unknownVoters: z.int().describe("voters that could not be asked"),
    })
    .nullable(),
  clusterIds: texts.describe("every etcd cluster id that answers; more than one is a split brain"),
  members: z.array(member),
  hosts: z.array(
    z.object({
      name: z.string(),
      address: z.string(),
      roles: texts,
      reachable: z.boolean().describe("an SSH session was made"),
      roundTripMs: z.number().nullable(),
      detail: z.string().describe("why it was not reached"),
      holdsVip: z.boolean().nullable(),
      haproxy: z.string().nullable(),
      keepalived: z.string().nullable(),
    }),
  ),
  apiServers: z.array(
    z.object({
      host: z.string(),
      state: z.enum(["ready", "not-ready", "unknown"]),
      version: z.string().nullable(),
      failedChecks: texts,
      detail: z.string(),
    }),
  ),
  endpoint: z
    .object({
      address: z.string(),
      port: z.int(),
      state: z.enum(["answers", "answers-partly", "down", "unknown"]),
      holders: texts.describe("machines that hold the address"),
      answers: z.array(z.object({ from: z.string(), outcome: z.string() })),
    })
    .nullable(),
  nodes: z.array(z.object({ name: z.string(), ready: z.string(), isControlPlane: z.boolean(), kubeletVersion: z.string() })).nullable(),
  nearestExpiry: z
    .object({ host: z.string(), path: z.string(), notAfter: z.string(), daysLeft: z.int() })
    .nullable()
    .describe("the certificate that expires first"),
  backups: statusBackups,
  openRun,
  findings: z.array(z.object({ code: z.string(), subject: z.string(), severity, summary: z.string() })),
  unknown: texts.describe("what could not be observed, in words"),
});

const evidence = z.object({ what: z.string(), observedAt: z.string(), source: z.string() });

export const diagnosisSchema = z.object({
  ...document("Diagnosis"),
  cluster: z.string(),
  takenAt: time,
  source: z.string().describe('"probes", or the file given with --from'),
  faultTolerance: z.int().nullable(),
  findings: z.array(
    z.object({
      code: z.string(),
      subject: z.string(),
      host: z.string().optional(),
      memberId: z.string().optional(),
      lossProof: z.string().optional().describe("how the loss of the member's data was observed; absent: it was not"),
      severity,
      confidence: z.enum(["low", "medium", "high", "certain"]),
      summary: z.string(),
      evidence: z.array(evidence),
      explains: texts.describe('symptoms that this finding explains, "CODE subject"'),
      ruledOut: z.array(z.object({ code: z.string(), because: z.string() })),
      wouldSettle: texts.optional(),
      doNext: texts,
      never: texts,
    }),
  ),
  unknown: texts,
});

const goal = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("recover") }),
  z.object({ kind: z.literal("replace"), host: z.string(), with: z.string().nullable() }),
  z.object({
    kind: z.literal("restore-parts"),
    host: z.string(),
    set: z.string(),
    parts: texts.describe("kinds and paths that were asked for"),
    accepts: texts.describe("doubts that were accepted beforehand: DOUBT, or DOUBT=PATH"),
  }),
]);
const loss = z.object({
  revisions: decimal.nullable().describe("acknowledged revisions that would be lost"),
  objects: z.int().nullable(),
  seconds: z.number().nullable(),
  words: z.string(),
});

export const planSchema = z.object({
  ...document("Plan"),
  cluster: z.string(),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  file: z.string().nullable().describe("what `apply` takes; null: there is nothing to carry out"),
  createdAt: time,
  expiresAt: time,
  goal,
  verdict: z.enum(["act", "wait", "blocked", "nothing-to-do"]),
  strategy: z.string(),
  reasons: texts,
  quorumNow: quorum.nullable(),
  fingerprint: z
    .object({
      clusterId: z.string().nullable(),
      members: z.array(z.object({ id: z.string(), name: z.string(), peerUrls: texts, isLearner: z.boolean() })),
      revisionAtLeast: decimal,
      hosts: z.array(
        z.object({
          name: z.string(),
          machineId: z.string().nullable(),
          etcdManifestSha256: z.string().nullable(),
          hasEtcdData: z.boolean().nullable(),
        }),
      ),
    })
    .describe("what the plan assumes; when the cluster looks different, it is refused"),
  lossProofs: z.array(z.object({ memberId: z.string(), host: z.string().nullable(), kind: z.string(), evidence: texts })),
  attestations: z.array(z.object({ kind: z.string(), host: z.string(), statement: z.string(), by: z.string(), at: z.string() })),
  findings: z.array(z.object({ code: z.string(), subject: z.string() })),
  steps: z.array(
    z.object({
      id: z.string(),
      kind: z.string(),
      host: z.string().nullable(),
      risk: z.enum(["read-only", "reversible", "destructive"]),
      describes: z.string(),
      quorumAfter: quorum.nullable(),
      expectedSeconds: z.number(),
      copyBy: z.string().nullable().describe("the step whose verified copy covers this one"),
    }),
  ),
  expectedSeconds: z.number(),
  loss,
  alternatives: z.array(
    z.object({
      name: z.string(),
      loss,
      risk: z.enum(["read-only", "reversible", "destructive"]),
      expectedSeconds: z.number().nullable(),
      chosen: z.boolean(),
      because: z.string(),
      isPossible: z.boolean(),
    }),
  ),
  openRun,
});

const outcome = z.enum(["succeeded", "failed", "blocked", "outcome-unknown", "interrupted", "unfinished"]);

export const runSchema = z.object({
  ...document("Run"),
  run: z.string(),
  cluster: z.string(),
  plan: z.string().describe("the plan's digest"),
  goal,
  strategy: z.string(),
  outcome: outcome.describe("unfinished: under way, or its program was killed"),
  detail: z.string(),
  by: z.string().nullable(),
  program: z.string().nullable(),
  openedAt: time.nullable(),
  endedAt: time.nullable(),
  resumedAt: texts,
  consent: z.object({ by: z.string(), how: z.string(), at: z.string() }).nullable(),
  steps: z.array(
    z.object({
      id: z.string(),
      kind: z.string(),
      host: z.string().nullable(),
      risk: z.string(),
      describes: z.string(),
      state: z.enum(["pending", "started", "succeeded", "skipped", "failed", "blocked", "unknown"]),
      attempts: z.int(),
      startedAt: time.nullable(),
      endedAt: time.nullable(),
      seconds: z.number().nullable(),
      words: z.string().describe("what was observed, why it was blocked, what is missing"),
      errorCode: z.string().nullable(),
      quorumAfter: quorum.nullable(),
    }),
  ),
  rtoSeconds: z
    .number()
    .nullable()
    .describe(
      "from the first look that saw the trouble (where that is on record, else from the opening of the run) until the result was verified; null while it did not succeed",
    ),
  tookSeconds: z
    .number()
    .nullable()
    .describe("from the opening of the run until the result was verified, without what came before consent; null while it did not succeed"),
  loss,
  facts: z.array(z.object({ name: z.string(), value: z.string(), at: z.string() })),
  attested: z.array(z.object({ host: z.string(), statement: z.string(), by: z.string() })),
  directory: z.string(),
});

export const runListSchema = z.object({
  ...document("RunList"),
  cluster: z.string(),
  runs: z.array(
    z.object({
      run: z.string(),
      openedAt: time.nullable(),
      by: z.string().nullable(),
      strategy: z.string().nullable(),
      outcome,
      stepsDone: z.int(),
      stepsTotal: z.int(),
      problem: z.string().nullable().describe("why the run could not be read"),
    }),
  ),
});

export const journalVerificationSchema = z.object({
  ...document("JournalVerification"),
  run: z.string(),
  isIntact: z.boolean().describe("every line fits, and the last one is the end of the run"),
  doubts: texts.describe("why lines may be missing although every one fits: empty, torn at the end, or without an end"),
  lines: z.int(),
  lastHash: z.string(),
  unknownKinds: texts,
});
export const reportSchema = z.object({ ...document("Report"), run: z.string(), html: z.string(), markdown: z.string() });
export const initSchema = z.object({
  ...document("Init"),
  file: z.string(),
  cluster: z.string(),
  hosts: z.array(z.object({ name: z.string(), address: z.string(), roles: texts })),
  notReached: z.array(z.object({ host: z.string(), code: z.string(), detail: z.string() })),
  notes: texts,
});
export const doctorSchema = z.object({
  ...document("Doctor"),
  isReady: z.boolean(),
  checks: z.array(
    z.object({
      name: z.string(),
      state: z.enum(["ok", "warning", "problem"]),
      detail: z.string(),
      remedy: z.object({ why: z.string(), command: z.string() }).nullable(),
    }),
  ),
});
const remedies = z.array(z.object({ why: z.string(), command: z.string().optional() }));
export const explanationSchema = z.object({
  ...document("Explanation"),
  code: z.string(),
  about: z.enum(["finding", "error", "step"]),
  title: z.string(),
  meaning: z.string(),
  tellApart: z.string().nullable(),
  doNext: texts,
  never: texts,
  remedies,
  exitCode: z.int().nullable(),
  retry: z.string().nullable(),
  risk: z.string().nullable(),
  attemptsMax: z.int().nullable(),
});
export const codeListSchema = z.object({
  ...document("CodeList"),
  codes: z.array(z.object({ code: z.string(), about: z.enum(["finding", "error", "step"]), title: z.string() })),
});
export const versionSchema = z.object({
  ...document("Version"),
  requorum: z.string(),
  node: z.string(),
  ssh: z.string(),
  platform: z.string(),
});
export const errorSchema = z.object({
  ...document("Error"),
  error: z.object({ code: z.string().describe("a code of docs/errors.md, or BUG"), subject: z.string(), detail: z.string(), remedies }),
});

/** By the document's `kind`. */
export const outputDocuments: { readonly [kind: string]: OutputDocument } = {
  Status: { verbs: ["status"], words: "One look at the cluster. With `--watch`, one document a line.", schema: statusSchema },
  Diagnosis: { verbs: ["diagnose"], words: "Findings, root causes first.", schema: diagnosisSchema },
  Plan: {
    verbs: ["plan", "recover"],
    words: "What would be done. `recover` prints it when there is nothing to carry out.",
    schema: planSchema,
  },
  Run: { verbs: ["apply", "recover", "resume", "runs show"], words: "What a run did.", schema: runSchema },
  RunList: { verbs: ["runs list"], words: "The runs known on this machine, newest first.", schema: runListSchema },
  JournalVerification: {
    verbs: ["runs verify-journal"],
    words: "A journal whose lines fit; a damaged one ends in an Error document.",
    schema: journalVerificationSchema,
  },
  Report: { verbs: ["runs report"], words: "Where the report was written.", schema: reportSchema },
  Init: { verbs: ["init"], words: "What was found and written.", schema: initSchema },
  Doctor: { verbs: ["doctor"], words: "Is this workstation ready?", schema: doctorSchema },
  Explanation: { verbs: ["explain"], words: "One code in full.", schema: explanationSchema },
  CodeList: {
    verbs: ["explain"],
    words: "Every code, when none is given; those that begin so, when there are several.",
    schema: codeListSchema,
  },
  ...backupOutputDocuments,
  ...backupKeepOutputDocuments,
  ...backupScheduleOutputDocuments,
  ...fileOutputDocuments,
  Version: { verbs: ["version"], words: "Versions.", schema: versionSchema },
  ...labOutputDocuments,
  Error: { verbs: ["every verb"], words: "On standard error, when a verb fails.", schema: errorSchema },
};
