/**
 * One scheduled backup: create, prove, prove an older one again, prune where that is configured; and,
 * however it ends, kept and told. The timer's verb calls it, and the server.
 * When the next one runs is not decided here.
 */
import {
  emptyScheduleRecord,
  foldKilledRun,
  foldScheduledRun,
  type ScheduledFailure,
  type ScheduledPhase,
  type ScheduledPrune,
  type ScheduledReverify,
  type ScheduledRun,
  type ScheduledSet,
  type ScheduleRecord,
} from "../../model/backup-schedule.ts";
import type { BackupManifest, ProofLevel } from "../../model/backup-set.ts";
import type { BackupScheduleConfig } from "../../model/cluster-config.ts";
import type { ErrorCode } from "../../model/error-catalogue.ts";
import type { BackupSetId } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { LocalLock } from "../../ports/local-lock.ts";
import type { IsRunning, ProcessOwner } from "../../ports/process-owner.ts";
import type { ScheduleRecords } from "../../ports/schedule-records.ts";
import { readScheduleRecord, writeScheduleRecord } from "../../schemas/backup-schedule.ts";
import type { CreatedBackup } from "./create-backup.ts";

/** What a scheduled backup is made of; `scheduledStepsOf` makes it of the use cases. Each throws what its use case throws. */
export interface ScheduledSteps {
  create(): Promise<Pick<CreatedBackup, "manifest" | "remarks">>;
  verify(manifest: BackupManifest, level: ProofLevel): Promise<ProvenSet>;
  /** The set that nobody looked at for longest, but `made`; undefined: there is no older one. */
  reverify(made: BackupManifest, level: ProofLevel): Promise<(ProvenSet & { readonly id: BackupSetId }) | undefined>;
  prune(isApplied: boolean): Promise<ScheduledPrune & { readonly remarks?: readonly string[] }>;
  close(): Promise<void>;
}

export interface ProvenSet {
  /** The highest level that holds. */
  readonly level: ProofLevel | undefined;
  /** Why the wanted level is not proven; empty: it is. */
  readonly problems: readonly string[];
}

/** Who is told how it went: a file of metrics, a webhook. What it throws is said, and changes nothing of the backup. */
export interface ScheduleListener {
  readonly name: string;
  tell(run: ScheduledRun, record: ScheduleRecord): Promise<void>;
}

export interface ScheduledBackupContext {
  readonly cluster: string;
  /** As the configuration names it. */
  readonly store: string;
  readonly schedule: BackupScheduleConfig;
  readonly by: string;
  readonly program: string;
  readonly ports: { readonly clock: Clock; readonly records: ScheduleRecords; readonly localLock: LocalLock };
  readonly owner: ProcessOwner;
  readonly isRunning: IsRunning;
  readonly listeners: readonly ScheduleListener[];
  /** Opens store and keys: what keeps it from being opened is a failed backup like any other. */
  readonly open: () => Promise<ScheduledSteps>;
}

export interface ScheduledBackup {
  readonly run: ScheduledRun;
  /** What `run.failure` is of. A bug of ours is thrown again after it was told. */
  readonly error: RecoveryError | undefined;
  /** What could not be kept, or whom it could not be told. */
  readonly untold: readonly { readonly what: string; readonly error: RecoveryError }[];
}

/**
 * Throws bugs, and RUN_LOCKED while another one of this cluster is at work on
 * this machine, which tells how that went. Whatever else goes wrong is in the
 * result, and told.
 */
export async function runScheduledBackup(context: ScheduledBackupContext): Promise<ScheduledBackup> {
  const { cluster, owner, ports } = context;
  const untold = new Untold();
  const startedAt = ports.clock.nowIso();
  const holder = `a scheduled backup, process ${String(owner.pid)}, since ${startedAt}`;
  // A state directory that is full must not keep tonight's backup from being made.
  const acquire = () => ports.localLock.acquire(`${cluster}.backup-run`, holder).catch(asLocked(cluster));
  const lock = await untold.attempt("the lock", acquire, "RUN_LOCKED");
  try {
    return await runLocked(context, startedAt, untold);
  } finally {
    // What it did stands, whether its note of who it was can be removed or not; the lock itself ends with the process.
    if (lock !== undefined) await untold.attempt("the end of the lock", () => lock.release());
  }
}

function asLocked(cluster: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof RecoveryError) || error.code !== "RUN_LOCKED") throw error;
    throw new RecoveryError("RUN_LOCKED", {
      subject: `scheduled backups of ${cluster}`,
      detail: error.detail,
      remedies: [{ why: "see how scheduled backups stand", command: "requorum backup timer show" }],
    });
  };
}

async function runLocked(context: ScheduledBackupContext, startedAt: string, untold: Untold): Promise<ScheduledBackup> {
  const { clock } = context.ports;
  const before = await begin(context, startedAt, untold);
  const progress = new Progress();
  let thrown: unknown;
  const note = async (phase: ScheduledPhase): Promise<void> => {
    progress.phase = phase;
    const proven = progress.set?.isProven === true ? { at: progress.set.createdAt, set: progress.set.id } : undefined;
    const running = { startedAt, ...context.owner, phase, proven };
    await untold.attempt("how far the run has come", () => keep(context, { ...before, running }));
  };
  try {
    await work(context, progress, note);
  } catch (error) {
    thrown = error;
  }
  const run = endedRun(context, { startedAt, endedAt: clock.nowIso(), progress, thrown });
  const record = foldScheduledRun(before, run);
  await untold.attempt("the end of the run", () => keep(context, record));
  for (const listener of context.listeners) await untold.attempt(listener.name, () => listener.tell(run, record));
  if (thrown === undefined || thrown instanceof RecoveryError) return { run, error: thrown, untold: untold.all };
  throw thrown instanceof Error ? thrown : new Error("something else than an error was thrown", { cause: thrown });
}

/** What came about so far, also when the rest fails. */
class Progress {
  phase: ScheduledPhase = "open";
  set: ScheduledSet | undefined;
  reverified: ScheduledReverify | undefined;
  prune: ScheduledPrune | undefined;
  readonly remarks: string[] = [];

  /** What earlier pruning of this run removed stays told. */
  pruned({ remarks = [], ...pruned }: Awaited<ReturnType<ScheduledSteps["prune"]>>): ScheduledPrune {
    this.remarks.push(...remarks);
    this.prune = { ...pruned, remove: [...(this.prune?.remove ?? []), ...pruned.remove] };
    return this.prune;
  }
}

async function work(
  { open, schedule, store }: ScheduledBackupContext,
  progress: Progress,
  note: (phase: ScheduledPhase) => Promise<void>,
): Promise<void> {
  const steps = await open();
  try {
    await note("create");
    const { manifest, remarks } = await createWithRoom(steps, { schedule, progress });
    progress.remarks.push(...remarks);
    progress.set = setOf(manifest);
    await note("verify");
    const { level, problems } = await steps.verify(manifest, schedule.verify);
    progress.set = { ...progress.set, level, isProven: problems.length === 0 };
    assertProven(manifest.id, problems, schedule.verify);
    if (schedule.reverify !== "off") {
      await note("reverify");
      const older = await steps.reverify(manifest, schedule.reverify);
      if (older !== undefined) {
        progress.reverified = { id: older.id, level: older.level, isProven: older.problems.length === 0 };
        assertProven(older.id, older.problems, schedule.reverify);
      }
    }
    if (schedule.prune === "off") return;
    await note("prune");
    const { refusals } = progress.pruned(await steps.prune(schedule.prune === "apply"));
    if (refusals.length > 0)
      throw new RecoveryError("BACKUP_PRUNE_REFUSED", {
        subject: `store ${store}`,
        detail: `${refusals.join(". ")}. Nothing was changed`,
        remedies: [{ why: "see what each set is", command: "requorum backup list" }],
      });
  } finally {
    await steps.close();
  }
}

/**
 * A timer that prunes is there to keep room: where a set finds none, it prunes
 * before, and tries once more. What the policy and the proofs keep stays as ever.
 * What ends the run is the want of room, whatever else pruning meets.
 */
async function createWithRoom(
  steps: ScheduledSteps,
  run: {
    readonly schedule: BackupScheduleConfig;
    readonly progress: Progress;
  },
): ReturnType<ScheduledSteps["create"]> {
  try {
    return await steps.create();
  } catch (error) {
    const isFull = error instanceof RecoveryError && error.code === "BACKUP_STORE_FULL";
    if (!isFull || run.schedule.prune !== "apply") throw error;
    const words = await pruned(steps, run.progress);
    if (words === undefined) return steps.create();
    throw new RecoveryError(error.code, { subject: error.subject, detail: `${error.detail}. ${words}`, cause: error });
  }
}

/** undefined: it was done; else why it was not. */
async function pruned(steps: ScheduledSteps, progress: Progress): Promise<string | undefined> {
  try {
    const { refusals } = progress.pruned(await steps.prune(true));
    return refusals.length === 0 ? undefined : `Pruning was refused: ${refusals.join(". ")}`;
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    return `Pruning failed too: ${error.detail}`;
  }
}

function assertProven(id: BackupSetId, problems: readonly string[], level: ProofLevel): void {
  if (problems.length === 0) return;
  throw new RecoveryError("BACKUP_NOT_PROVEN", {
    subject: `set ${id}`,
    detail: problems.join("; "),
    remedies: [{ why: "try it again, and see every level", command: ["requorum backup verify", id, "--level", level].join(" ") }],
  });
}

function setOf({ id, createdAt, snapshot, marks }: BackupManifest): ScheduledSet {
  return {
    id,
    createdAt,
    revision: snapshot.revision,
    snapshotBytes: snapshot.sizeBytes,
    marks: [...new Set(marks.map(({ code }) => code))],
    level: undefined,
    isProven: false,
  };
}

function endedRun(
  { cluster, by, program, store, schedule }: ScheduledBackupContext,
  ended: { readonly startedAt: string; readonly endedAt: string; readonly progress: Progress; readonly thrown: unknown },
): ScheduledRun {
  const { startedAt, endedAt, progress, thrown } = ended;
  return {
    cluster,
    by,
    program,
    store,
    startedAt,
    endedAt,
    outcome: progress.set?.isProven === true ? "succeeded" : "failed",
    wantedLevel: schedule.verify,
    set: progress.set,
    reverified: progress.reverified,
    prune: progress.prune,
    remarks: progress.remarks,
    failure: thrown === undefined ? undefined : failureOf(thrown, progress.phase),
  };
}

/** Of a bug only its message goes out; the stack is saved where bugs are. */
function failureOf(thrown: unknown, phase: ScheduledPhase): ScheduledFailure {
  if (thrown instanceof RecoveryError) return { phase, code: thrown.code, subject: thrown.subject, detail: thrown.detail };
  return { phase, code: "BUG", subject: "requorum", detail: thrown instanceof Error ? thrown.message : String(thrown) };
}

/** What is left of a run that nobody ended is a failed run. A record that cannot be read must not keep tonight's backup from being made. */
async function begin(context: ScheduledBackupContext, startedAt: string, untold: Untold): Promise<ScheduleRecord> {
  const { cluster, owner, ports } = context;
  const read = await untold.attempt("earlier runs", async () => {
    const text = await ports.records.read(cluster, "runs");
    return text === undefined ? emptyScheduleRecord : readScheduleRecord(text);
  });
  const record = await withoutKilled(read ?? emptyScheduleRecord, startedAt, context.isRunning);
  await untold.attempt("the start of the run", () => keep(context, { ...record, running: { startedAt, ...owner } }));
  return record;
}

/** A run whose process is surely gone was killed. One that may still be at work is left to itself. */
export async function withoutKilled(record: ScheduleRecord, nowIso: string, isRunning: IsRunning): Promise<ScheduleRecord> {
  if (record.running === undefined) return record;
  const { host, pid, bootId, machine, processStart } = record.running;
  const isThere = await isRunning({
    host,
    pid,
    bootId,
    ...(machine === undefined ? {} : { machine }),
    ...(processStart === undefined ? {} : { processStart }),
  });
  return isThere === false ? foldKilledRun(record, nowIso) : record;
}

async function keep({ cluster, ports }: ScheduledBackupContext, record: ScheduleRecord): Promise<void> {
  await ports.records.write(cluster, "runs", writeScheduleRecord(record));
}

class Untold {
  readonly all: { readonly what: string; readonly error: RecoveryError }[] = [];

  /** undefined: it failed, and is said; but for an error of code `but`, which is thrown. */
  async attempt<T>(what: string, act: () => Promise<T>, but?: ErrorCode): Promise<T | undefined> {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof RecoveryError) || error.code === but) throw error;
      if (!this.all.some((one) => one.what === what)) this.all.push({ what, error });
      return undefined;
    }
  }
}
