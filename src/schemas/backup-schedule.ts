/** What is kept of scheduled backups in the state directory: read back by `status`, `backup list`, `backup timer` and the next run. */
import * as z from "zod";
import { scheduledPhases, type InstalledTimer, type ScheduleRecord } from "../model/backup-schedule.ts";
import { proofLevels, type BackupMarkCode } from "../model/backup-set.ts";
import { errorCodes, type ErrorCode } from "../model/error-catalogue.ts";
import { decimalBigint } from "./branded.ts";
import { parseJson, textOfJson } from "./json-text.ts";

const time = z.iso.datetime();
const level = z.enum(proofLevels);
const failure = z.object({
  phase: z.enum(scheduledPhases),
  code: z.custom<ErrorCode | "BUG">((value) => value === "BUG" || errorCodes.some((code) => code === value), {
    error: "a code of an error",
  }),
  subject: z.string(),
  detail: z.string(),
});

const run = z.object({
  cluster: z.string(),
  by: z.string(),
  program: z.string(),
  store: z.string(),
  startedAt: time,
  endedAt: time,
  outcome: z.enum(["succeeded", "failed"]),
  wantedLevel: level,
  set: z
    .object({
      id: z.string(),
      createdAt: time,
      revision: decimalBigint,
      snapshotBytes: decimalBigint,
      marks: z.array(z.custom<BackupMarkCode>((value) => typeof value === "string")),
      level: level.optional(),
      isProven: z.boolean(),
    })
    .optional(),
  reverified: z.object({ id: z.string(), level: level.optional(), isProven: z.boolean() }).optional(),
  prune: z.object({ isApplied: z.boolean(), remove: z.array(z.string()), refusals: z.array(z.string()) }).optional(),
  /** Records of earlier versions have none. */
  remarks: z.array(z.string()).default([]),
  failure: failure.optional(),
});

const recordSchema = z.object({
  apiVersion: z.literal("requorum/v1"),
  kind: z.literal("ScheduleRecord"),
  running: z
    .object({
      startedAt: time,
      host: z.string(),
      pid: z.int(),
      bootId: z.string(),
      machine: z.string().optional(),
      processStart: z.string().optional(),
      phase: z.enum(scheduledPhases).optional(),
      proven: z.object({ at: time, set: z.string() }).optional(),
    })
    .optional(),
  last: run.optional(),
  lastSuccess: z.object({ at: time, set: z.string() }).optional(),
  lastFailure: failure.extend({ at: time }).optional(),
  failuresInARow: z.int().min(0),
});

const timerSchema = z.object({
  apiVersion: z.literal("requorum/v1"),
  kind: z.literal("InstalledTimer"),
  unit: z.string(),
  scope: z.enum(["system", "user"]),
  schedule: z.string(),
  intervalSeconds: z.number().positive().optional(),
  installedAt: time,
});

/** BACKUP_RECORD_DAMAGED. */
export function readScheduleRecord(text: string): ScheduleRecord {
  const read = parseJson(text, recordSchema, { code: "BACKUP_RECORD_DAMAGED", subject: "the record of scheduled backups" });
  return {
    running: read.running,
    last:
      read.last === undefined
        ? undefined
        : {
            ...read.last,
            set: read.last.set === undefined ? undefined : { ...read.last.set, level: read.last.set.level },
            reverified: read.last.reverified === undefined ? undefined : { ...read.last.reverified, level: read.last.reverified.level },
            prune: read.last.prune,
            failure: read.last.failure,
          },
    lastSuccess: read.lastSuccess,
    lastFailure: read.lastFailure,
    failuresInARow: read.failuresInARow,
  };
}

export function writeScheduleRecord(record: ScheduleRecord): string {
  return `${textOfJson({ apiVersion: "requorum/v1", kind: "ScheduleRecord", ...record }, 1)}\n`;
}

/** BACKUP_RECORD_DAMAGED. */
export function readInstalledTimer(text: string): InstalledTimer {
  const { unit, scope, schedule, intervalSeconds, installedAt } = parseJson(text, timerSchema, {
    code: "BACKUP_RECORD_DAMAGED",
    subject: "the record of the timer",
  });
  return { unit, scope, schedule, intervalSeconds, installedAt };
}

export function writeInstalledTimer(timer: InstalledTimer): string {
  return `${textOfJson({ apiVersion: "requorum/v1", kind: "InstalledTimer", ...timer }, 1)}\n`;
}
