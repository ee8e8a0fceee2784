/** The documents of scheduled backups and their timer. BackupRun is also what a webhook is sent. */
import * as z from "zod";
import { scheduledPhases } from "../model/backup-schedule.ts";
import { decimal, document, time, type OutputDocument } from "./output-parts.ts";

const level = z.enum(["V0", "V1", "V2", "V3", "V4", "V5"]);
const scope = z.enum(["system", "user"]);

const failureFields = {
  phase: z.enum(scheduledPhases).describe("what failed"),
  code: z.string().describe("of docs/errors.md; BUG: a bug in requorum"),
  subject: z.string(),
  detail: z.string(),
};

const timerFields = {
  unit: z.string(),
  scope,
  schedule: z.string().describe("in words"),
  intervalSeconds: z.number().nullable().describe("the longest time between two runs; null: nobody could tell"),
};

/** In the documents of `status`, `backup list` and `backup timer`. */
export const scheduleSummary = z
  .object({
    timer: z
      .object({ ...timerFields, installedAt: time })
      .nullable()
      .describe("null: another scheduler calls `backup run`"),
    state: z
      .enum(["ok", "incomplete", "failing", "overdue", "waiting"])
      .describe(
        "overdue: no proven set for more than two intervals, or the last is dated in the future; failing: the last run made none; incomplete: it made one, and what comes after that failed; waiting: none has run yet",
      ),
    because: z.string().nullable(),
    lastSuccess: z.object({ at: time, set: z.string() }).nullable(),
    lastFailure: z.object({ ...failureFields, at: time }).nullable(),
    failuresInARow: z.int(),
    nextBy: time.nullable().describe("when the next run begins at the latest; null: not known"),
    remarks: z.array(z.string()).describe("of the last run; as in BackupRun"),
  })
  .nullable()
  .describe("scheduled backups of this machine; null: there are none");

export const backupRunSchema = z.object({
  ...document("BackupRun"),
  cluster: z.string(),
  by: z.string(),
  program: z.string(),
  store: z.string(),
  startedAt: time,
  endedAt: time,
  outcome: z.enum(["succeeded", "failed"]).describe("succeeded: a set was made, and is proven to `wantedLevel`"),
  wantedLevel: level,
  set: z
    .object({
      id: z.string(),
      createdAt: time,
      revision: decimal,
      snapshotBytes: decimal,
      marks: z.array(z.string()),
      level: level.nullable().describe("the highest that holds; null: none, or it was not come to"),
      isProven: z.boolean(),
    })
    .nullable()
    .describe("null: none was made"),
  reverified: z
    .object({ id: z.string(), level: level.nullable().describe("the highest that holds now"), isProven: z.boolean() })
    .nullable()
    .describe("the older set that was looked at again; null: not configured, none is there, or not come to"),
  prune: z
    .object({ isApplied: z.boolean(), remove: z.array(z.string()), refusals: z.array(z.string()) })
    .nullable()
    .describe("null: not configured, or not come to"),
  remarks: z
    .array(z.string())
    .describe(
      "what was seen of the store that is not as it should be, and made nothing fail, such as that it was put back; a webhook is told only how many",
    ),
  failure: z.object(failureFields).nullable().describe("also beside succeeded, when an older set is not what it was, or pruning failed"),
  untold: z
    .array(z.object({ what: z.string(), code: z.string(), detail: z.string() }))
    .describe("what could not be kept or told; empty in a webhook's message"),
});

export const backupTimerChangeSchema = z.object({
  ...document("BackupTimerChange"),
  verb: z.enum(["install", "remove"]),
  scope,
  directory: z.string(),
  timer: z.object(timerFields).nullable().describe("null: of remove"),
  actions: z.array(z.string()).describe("in words, in order; empty: there was nothing to do"),
  units: z.array(z.object({ name: z.string(), text: z.string() })).describe("whole, as written"),
  notes: z.array(z.string()),
  isDone: z.boolean().describe("false: only the plan"),
});

export const backupTimerSchema = z.object({
  ...document("BackupTimer"),
  cluster: z.string(),
  scope,
  directory: z.string(),
  units: z.array(
    z.object({
      name: z.string(),
      file: z.enum(["ours", "changed", "foreign", "none"]).describe("changed: by hand, after install; foreign: of somebody else"),
      activeState: z.string().nullable().describe("systemd's; null: it does not run, or does not know the unit"),
      unitFileState: z.string().nullable(),
    }),
  ),
  schedule: scheduleSummary,
  isConfigured: z.boolean().describe("false: the configuration has no section `backup`: no backup can be made"),
  hasSystemd: z.boolean().describe("false: no systemd runs here that could run a timer"),
});

export const backupScheduleOutputDocuments: { readonly [kind: string]: OutputDocument } = {
  BackupRun: { verbs: ["backup run"], words: "How a scheduled backup went. `backup.webhook` is sent the same.", schema: backupRunSchema },
  BackupTimerChange: {
    verbs: ["backup timer"],
    words: "Of install and remove: what is done, or would be done, in order.",
    schema: backupTimerChangeSchema,
  },
  BackupTimer: { verbs: ["backup timer"], words: "Of show: the units, and how scheduled backups stand.", schema: backupTimerSchema },
};
