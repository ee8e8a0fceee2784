/** Installs, removes and shows the timer of scheduled backups. What will be done is a plan; doing is exactly that. */
import {
  backupUnitName,
  backupUnits,
  signedUnit,
  unitOrigin,
  type BackupUnitFacts,
  type UnitText,
} from "../../formats/systemd/backup-units.ts";
import type { InstalledTimer } from "../../model/backup-schedule.ts";
import type { TimerAction, TimerPlan } from "../../model/timer-plan.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { shellWord } from "../../model/shell-word.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Hashing } from "../../ports/hashing.ts";
import type { ScheduleRecords } from "../../ports/schedule-records.ts";
import type { UnitHost } from "../../ports/unit-host.ts";
import { readInstalledTimer, writeInstalledTimer } from "../../schemas/backup-schedule.ts";

export interface TimerContext {
  readonly cluster: string;
  readonly units: UnitHost;
  readonly records: ScheduleRecords;
  readonly clock: Clock;
  readonly hashing: Hashing;
}

export interface InstallRequest {
  readonly every: { readonly words: string; readonly seconds: number } | undefined;
  readonly calendar: string | undefined;
  readonly facts: Omit<BackupUnitFacts, "when" | "cluster" | "scope" | "runSecondsMax">;
  /** Made, 0700, where they are not there. */
  readonly directories: readonly string[];
  /** A store on a disk of this machine: made, but not its parents. */
  readonly storeDirectory: string | undefined;
  /** Longer than this no run is allowed to take. */
  readonly runSecondsMax: number;
  /** false: the units are written, and nothing is asked of systemd. */
  readonly isStarted: boolean;
  /** Nothing will be carried out: then a machine without systemd is no hindrance, but told. */
  readonly isOnlyShown?: boolean;
}

/**
 * Looks, and changes nothing. USAGE where the schedule is none,
 * BACKUP_TIMER_UNSUPPORTED, BACKUP_TIMER_FOREIGN, BACKUP_TIMER_FAILED where
 * systemd would not take the units.
 */
export async function planTimerInstall(context: TimerContext, request: InstallRequest): Promise<TimerPlan> {
  const { cluster, units } = context;
  const lacks = request.isStarted ? await lacksSystemd(units, request) : undefined;
  if (lacks !== undefined && request.isOnlyShown !== true) throw lacks;
  const { when, words, intervalSeconds, isChecked } = await scheduleOf(units, request);
  const texts = backupUnits({ ...request.facts, cluster, scope: units.scope, runSecondsMax: request.runSecondsMax, when });
  const signed = texts.map(({ name, text }) => ({ name, text: signedUnit(text, sha256(context)) }));
  const problems = await units.verify(signed);
  if (problems !== undefined && problems.length > 0)
    throw new RecoveryError("BACKUP_TIMER_FAILED", {
      subject: signed.map(({ name }) => name).join(", "),
      detail: `systemd-analyze does not like the units, and nothing was written: ${problems.join("; ")}`,
    });
  const files = (await Promise.all(signed.map((unit) => writeActions(context, unit)))).flat();
  const name = backupUnitName(cluster);
  const timer: Omit<InstalledTimer, "installedAt"> = { unit: name, scope: units.scope, schedule: words, intervalSeconds };
  const start: readonly TimerAction[] = request.isStarted
    ? [
        { kind: "systemctl", words: ["daemon-reload"] },
        { kind: "systemctl", words: ["enable", `${name}.timer`] },
        // Also a timer that runs takes the new times by that.
        { kind: "systemctl", words: ["restart", `${name}.timer`] },
      ]
    : [];
  const own = request.directories.map((path): TimerAction => ({ kind: "make-directory", path, isBelowMount: false }));
  const store = request.storeDirectory;
  const directories: readonly TimerAction[] =
    store === undefined ? own : [...own, { kind: "make-directory", path: store, isBelowMount: true }];
  const isAsInstalled =
    files.length === 0 && (await isRecorded(context, timer)) && (!request.isStarted || (await isTimerActive(units, name)));
  return {
    verb: "install",
    scope: units.scope,
    directory: units.directory,
    timer,
    // Installed again, as by a nightly playbook: neither a run of its own, nor a new beginning for what is overdue.
    actions: isAsInstalled ? [] : [...directories, ...files, { kind: "record" }, ...start],
    units: signed,
    notes: [
      ...notesOf({ isChecked: isChecked && problems !== undefined, intervalSeconds }),
      ...(await lingerNotes(units)),
      ...lacksNotes(lacks),
    ],
  };
}

async function isRecorded({ records, cluster }: TimerContext, timer: Omit<InstalledTimer, "installedAt">): Promise<boolean> {
  const text = await records.read(cluster, "timer");
  if (text === undefined) return false;
  try {
    const { installedAt } = readInstalledTimer(text);
    return text === writeInstalledTimer({ ...timer, installedAt });
  } catch (error) {
    // It is written anew.
    if (error instanceof RecoveryError && error.code === "BACKUP_RECORD_DAMAGED") return false;
    throw error;
  }
}

async function isTimerActive(units: UnitHost, name: string): Promise<boolean> {
  const state = await units.stateOf(`${name}.timer`);
  return state?.activeState === "active" && state.unitFileState === "enabled";
}

/** What install wrote, and nothing else. BACKUP_TIMER_FOREIGN. */
export async function planTimerRemove(context: TimerContext): Promise<TimerPlan> {
  const { units, cluster } = context;
  const name = backupUnitName(cluster);
  const found = await Promise.all([`${name}.timer`, `${name}.service`].map((unit) => removeActions(context, unit)));
  const files = found.flat();
  const isRunning = files.length > 0 && (await units.isRunning());
  const hasRecord = (await context.records.read(cluster, "timer")) !== undefined;
  return {
    verb: "remove",
    scope: units.scope,
    directory: units.directory,
    timer: undefined,
    actions: [
      ...(isRunning ? [{ kind: "systemctl", words: ["disable", "--now", `${name}.timer`] } as const] : []),
      ...files,
      ...(isRunning ? [{ kind: "systemctl", words: ["daemon-reload"] } as const] : []),
      ...(hasRecord ? [{ kind: "forget" } as const] : []),
    ],
    units: [],
    notes: files.length > 0 && !isRunning ? ["systemd does not run here: only the files go"] : [],
  };
}

/** Exactly the plan, in its order. A unit that was changed since it was made stops it: BACKUP_TIMER_FOREIGN. LOCAL_*, BACKUP_TIMER_FAILED. */
export async function carryOutTimerPlan(context: TimerContext, plan: TimerPlan): Promise<void> {
  const { units, records, clock, cluster } = context;
  for (const action of plan.actions) {
    switch (action.kind) {
      case "make-directory":
        await units.makeDirectory(action.path, action);
        break;
      case "write":
        await assertUnchanged(units, action.name, action.isOver);
        await units.write(action.name, textOf(plan, action.name));
        break;
      case "move-aside":
        await assertUnchanged(units, action.name, action.isOver);
        await units.moveAside(action.name, action.mark);
        break;
      case "remove":
        await assertUnchanged(units, action.name, action.isOver);
        await units.remove(action.name);
        break;
      case "record":
        if (plan.timer !== undefined)
          await records.write(cluster, "timer", writeInstalledTimer({ ...plan.timer, installedAt: clock.nowIso() }));
        break;
      case "forget":
        await records.forget(cluster, "timer");
        break;
      case "systemctl":
        await units.systemctl(action.words);
        break;
      default:
        action satisfies never;
    }
  }
}

function textOf({ units }: TimerPlan, name: string): string {
  const unit = units.find((one) => one.name === name);
  if (unit === undefined) throw new Error(`the plan has no text of ${name}`);
  return unit.text;
}

async function assertUnchanged(units: UnitHost, name: string, isOver: string | undefined): Promise<void> {
  const now = await units.read(name);
  if (now.kind === "file" ? now.text === isOver : now.kind === "none" && isOver === undefined) return;
  throw foreign(units, name, "it was changed after the plan was made");
}

function lacksNotes(lacks: RecoveryError | undefined): readonly string[] {
  return lacks === undefined
    ? []
    : [`to carry this out would be refused here: systemd: ${lacks.detail}. With --files-only the units are written, to be started later`];
}

/** undefined: it runs. */
async function lacksSystemd(units: UnitHost, { every, calendar }: InstallRequest): Promise<RecoveryError | undefined> {
  if (await units.isRunning()) return undefined;
  const when = every === undefined && calendar !== undefined ? `--on-calendar ${shellWord(calendar)}` : `--every ${every?.words ?? "6h"}`;
  return new RecoveryError("BACKUP_TIMER_UNSUPPORTED", {
    subject: "systemd",
    detail:
      units.scope === "system" ? "it is not what runs this machine" : "it is not what runs this machine, or has no manager for this user",
    remedies: [
      { why: "write the units, and start them later", command: `requorum backup timer install ${when} --files-only` },
      { why: "what another scheduler is to call", command: "requorum backup run" },
    ],
  });
}

interface Schedule {
  readonly when: BackupUnitFacts["when"];
  readonly words: string;
  readonly intervalSeconds: number | undefined;
  readonly isChecked: boolean;
}

async function scheduleOf(units: UnitHost, { every, calendar }: InstallRequest): Promise<Schedule> {
  if (every !== undefined && calendar === undefined)
    return {
      when: { kind: "every", seconds: every.seconds },
      words: `every ${every.words}`,
      intervalSeconds: every.seconds,
      isChecked: true,
    };
  if (calendar === undefined || every !== undefined)
    throw new RecoveryError("USAGE", {
      subject: "backup timer install",
      detail: every === undefined ? "how often? Give --every or --on-calendar" : "give --every or --on-calendar, and not both",
      remedies: [{ why: "for example", command: "requorum backup timer install --every 6h" }],
    });
  const checked = await units.checkCalendar(calendar);
  if (checked.kind === "wrong")
    throw new RecoveryError("USAGE", {
      subject: "option --on-calendar",
      detail: `systemd does not understand ${JSON.stringify(calendar)}: ${checked.detail}`,
      remedies: [{ why: "see how such times are written", command: "man systemd.time" }],
    });
  return {
    when: { kind: "calendar", expression: calendar },
    words: `on calendar ${calendar}`,
    intervalSeconds: checked.kind === "fits" ? longestGapSeconds(checked.nextMs) : undefined,
    isChecked: checked.kind === "fits",
  };
}

/** undefined: it comes up once only. */
function longestGapSeconds(timesMs: readonly number[]): number | undefined {
  const gaps = timesMs.slice(1).map((time, index) => (time - (timesMs[index] ?? time)) / 1000);
  return gaps.length === 0 ? undefined : Math.max(...gaps);
}

function notesOf(given: { readonly isChecked: boolean; readonly intervalSeconds: number | undefined }): readonly string[] {
  return [
    ...(given.isChecked
      ? []
      : ["there is no systemd-analyze that could check schedule and units; systemd itself will say what it does not take"]),
    ...(given.intervalSeconds === undefined ? ["how long two runs are apart is not known: nobody will say that one is overdue"] : []),
  ];
}

async function lingerNotes(units: UnitHost): Promise<readonly string[]> {
  return (await units.isLingering()) === false ? ["your units end with your last session: `loginctl enable-linger` keeps them"] : [];
}

async function writeActions(context: TimerContext, { name, text }: UnitText): Promise<readonly TimerAction[]> {
  const { units } = context;
  const found = await units.read(name);
  if (found.kind === "none") return [{ kind: "write", name, isOver: undefined }];
  if (found.kind === "other") throw foreign(units, name, "it is no regular file; a masked unit is a link");
  if (found.text === text) return [];
  switch (unitOrigin(found.text, sha256(context))) {
    case "ours":
      return [{ kind: "write", name, isOver: found.text }];
    case "changed":
      return [aside(context, name, found.text), { kind: "write", name, isOver: undefined }];
    case "foreign":
      throw foreign(units, name, "requorum did not write it");
  }
}

async function removeActions(context: TimerContext, name: string): Promise<readonly TimerAction[]> {
  const found = await context.units.read(name);
  if (found.kind === "none") return [];
  const origin = found.kind === "file" ? unitOrigin(found.text, sha256(context)) : "foreign";
  if (found.kind === "other" || origin === "foreign") throw foreign(context.units, name, "requorum did not write it");
  return [origin === "ours" ? { kind: "remove", name, isOver: found.text } : aside(context, name, found.text)];
}

function aside({ clock }: TimerContext, name: string, isOver: string): TimerAction {
  return {
    kind: "move-aside",
    name,
    mark: clock
      .nowIso()
      .replaceAll(/[^0-9]/g, "")
      .slice(0, 14),
    isOver,
  };
}

function foreign({ directory }: UnitHost, name: string, why: string): RecoveryError {
  return new RecoveryError("BACKUP_TIMER_FOREIGN", {
    subject: `${directory}/${name}`,
    detail: `${why}; nothing was changed`,
    remedies: [{ why: "see what it is, and move it away yourself", command: `systemctl cat ${name}` }],
  });
}

function sha256({ hashing }: TimerContext): (text: string) => string {
  return (text) => hashing.sha256Hex(text);
}
