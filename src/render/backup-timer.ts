import type { InstalledTimer, ScheduleSummary } from "../model/backup-schedule.ts";
import type { TimerAction, TimerPlan } from "../model/timer-plan.ts";
import { scheduleReason, scheduleWords } from "./backup-run.ts";
import { bad, command, dim, gap, good, heading, item, line, strong, warn, type Block, type Page } from "./page.ts";
import { timeWords } from "./words.ts";

export interface BackupTimerChangeDocument {
  readonly apiVersion: "requorum/v1";
  readonly kind: "BackupTimerChange";
  readonly verb: "install" | "remove";
  readonly scope: "system" | "user";
  readonly directory: string;
  readonly timer: Omit<InstalledTimer, "installedAt"> | undefined;
  /** In words, in order. */
  readonly actions: readonly string[];
  readonly units: TimerPlan["units"];
  readonly notes: readonly string[];
  /** false: only the plan. */
  readonly isDone: boolean;
}

export function timerChangeDocument(
  { verb, scope, directory, timer, actions, units, notes }: TimerPlan,
  isDone: boolean,
): BackupTimerChangeDocument {
  return {
    apiVersion: "requorum/v1",
    kind: "BackupTimerChange",
    verb,
    scope,
    directory,
    timer,
    actions: actions.map((action) => actionWords(action, { scope, directory })),
    units,
    notes,
    isDone,
  };
}

function actionWords(action: TimerAction, { scope, directory }: Pick<TimerPlan, "scope" | "directory">): string {
  switch (action.kind) {
    case "make-directory":
      return `make the directory ${action.path}, if it is not there`;
    case "write":
      return `${action.isOver === undefined ? "write" : "replace"} ${directory}/${action.name}`;
    case "move-aside":
      return `keep ${directory}/${action.name}, which was changed by hand, as ${action.name}.kept-${action.mark}`;
    case "remove":
      return `remove ${directory}/${action.name}`;
    case "record":
      return "note the schedule in the state directory";
    case "forget":
      return "forget the schedule in the state directory";
    case "systemctl":
      return `systemctl ${[...(scope === "user" ? ["--user"] : []), ...action.words].join(" ")}`;
    default:
      return action satisfies never;
  }
}

export function timerChangePage(change: BackupTimerChangeDocument): Page {
  if (change.actions.length === 0)
    return [
      line(
        change.verb === "install"
          ? "the timer is installed exactly so, and runs: nothing to do"
          : "there is no timer of requorum's here, and nothing to do",
      ),
    ];
  return [
    line([
      change.isDone ? good(change.verb === "install" ? "timer installed" : "timer removed") : strong(`what ${change.verb} would do`),
      ...(change.timer === undefined ? [] : [`  ${change.timer.schedule}`]),
      dim(`  ${change.scope} units in ${change.directory}`),
    ]),
    ...change.actions.map((words) => item(words)),
    ...change.notes.map((words) => item(warn(words))),
    ...(change.isDone ? nextBlocks(change) : change.units.flatMap(unitBlocks)),
  ];
}

function unitBlocks({ name, text }: TimerPlan["units"][number]): readonly Block[] {
  return [
    gap,
    heading(name),
    ...text
      .trimEnd()
      .split("\n")
      .map((words) => line(words, 2)),
  ];
}

function nextBlocks({ timer, scope }: BackupTimerChangeDocument): readonly Block[] {
  if (timer === undefined) return [];
  return [
    gap,
    command(`systemctl ${scope === "user" ? "--user " : ""}start ${timer.unit}.service`, "make the first backup now, as the timer will"),
    command("requorum backup timer show", "when it ran last, how that went, and what comes next"),
  ];
}

export const timerQuestion: (plan: TimerPlan, cluster: string) => Page = ({ verb }, cluster) => [
  gap,
  line(["To ", verb, " exactly this, type the cluster's name, ", strong(cluster), ":"]),
];

export interface BackupTimerDocument {
  readonly apiVersion: "requorum/v1";
  readonly kind: "BackupTimer";
  readonly cluster: string;
  readonly scope: "system" | "user";
  readonly directory: string;
  readonly units: readonly {
    readonly name: string;
    readonly file: "ours" | "changed" | "foreign" | "none";
    readonly activeState: string | undefined;
    readonly unitFileState: string | undefined;
  }[];
  readonly schedule: ScheduleSummary | undefined;
  /** false: the configuration has no section `backup`, and no scheduled backup can be made. */
  readonly isConfigured: boolean;
  /** false: a timer could be written here, and nothing would run it. */
  readonly hasSystemd: boolean;
}

export function backupTimerPage(seen: BackupTimerDocument): Page {
  return [
    line([strong("scheduled backups  "), ...scheduleWords(seen.schedule)]),
    ...scheduleReason(seen.schedule),
    ...failureBlocks(seen.schedule),
    gap,
    line(dim(`${seen.scope} units in ${seen.directory}`)),
    ...seen.units.map(({ name, file, activeState, unitFileState }) =>
      item([strong(name), "  ", fileSpan(file), dim(activeState === undefined ? "" : `, ${unitFileState ?? ""} ${activeState}`)]),
    ),
    ...nextSteps(seen),
  ];
}

function nextSteps({ units, isConfigured, hasSystemd }: BackupTimerDocument): readonly Block[] {
  if (!isConfigured)
    return [
      gap,
      line(warn("requorum.yaml has no section `backup`: no backup can be made. It needs `store`, where to, and `recipients`, for whom")),
      command("requorum backup keygen --out escrow.txt", "make the key of a recipient; then write the section, and install the timer"),
    ];
  if (units.some(({ file }) => file !== "none")) return [];
  if (!hasSystemd) return [gap, command("requorum backup run", "no systemd runs timers here: let another scheduler call this")];
  return [gap, command("requorum backup timer install --every 6h", "make backups every six hours")];
}

function failureBlocks(schedule: ScheduleSummary | undefined): readonly Block[] {
  const failure = schedule?.lastFailure;
  if (failure === undefined) return [];
  return [line(dim(`last failure ${timeWords(failure.at)}: ${failure.code} (${failure.phase})`), 2)];
}

function fileSpan(file: BackupTimerDocument["units"][number]["file"]) {
  switch (file) {
    case "ours":
      return good("as installed");
    case "changed":
      return warn("changed by hand");
    case "foreign":
      return bad("of somebody else");
    case "none":
      return warn("not there");
    default:
      return file satisfies never;
  }
}
