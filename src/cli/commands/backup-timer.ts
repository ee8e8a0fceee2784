import { homedir, userInfo } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { FileScheduleRecords } from "../../adapters/local-fs/file-schedule-records.ts";
import { SystemdUnitHost } from "../../adapters/system/systemd-unit-host.ts";
import {
  carryOutTimerPlan,
  planTimerInstall,
  planTimerRemove,
  type InstallRequest,
  type TimerContext,
} from "../../app/backup/change-timer.ts";
import { backupUnitName, credentialPlace, unitOrigin } from "../../formats/systemd/backup-units.ts";
import type { BackupConfig } from "../../model/cluster-config.ts";
import type { ExitName } from "../../model/error-catalogue.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { shellWord } from "../../model/shell-word.ts";
import type { TimerPlan } from "../../model/timer-plan.ts";
import type { UnitFile } from "../../ports/unit-host.ts";
import {
  backupTimerPage,
  timerChangeDocument,
  timerChangePage,
  timerQuestion,
  type BackupTimerDocument,
} from "../../render/backup-timer.ts";
import { optionWords } from "../backup/chosen-set.ts";
import { atHome, notConfigured } from "../backup/open-backup.ts";
import { scheduleHere } from "../backup/schedule-here.ts";
import type { CliContext } from "../cli-context.ts";
import { hasFlag, textArgument, textOption, type CommandModule, type Invocation } from "../command-spec.ts";
import { parseAgeMs } from "../parse-age.ts";
import { printNote, printResult } from "../print-result.ts";
import { withCluster, type ClusterCall } from "../with-cluster.ts";

/** A set of gigabytes over a slow line, proven in a sandbox; what takes longer hangs. */
const runSecondsMax = 4 * 3600;
/** The program ends itself before systemd would end it without a word. */
const earlierSeconds = 120;
const everyMsMin = 900_000;

export const command: CommandModule = {
  run(invocation) {
    const { cli } = invocation;
    assertOfInstall(invocation);
    return withCluster(cli, { isQuiet: true }, async (call): Promise<ExitName> => {
      const context = contextOf(cli, call);
      switch (textArgument(invocation, "action") ?? "show") {
        case "install":
          return change(invocation, call, context, await planTimerInstall(context, installRequest(invocation, call)));
        case "remove":
          return change(invocation, call, context, await planTimerRemove(context));
        default:
          return show(invocation, call, context);
      }
    });
  },
};

const optionsOfInstall = ["every", "on-calendar", "files-only"];

/** What install alone takes would be left aside in silence. USAGE. */
function assertOfInstall(invocation: Invocation): void {
  const action = textArgument(invocation, "action") ?? "show";
  const [given] = optionWords(invocation, optionsOfInstall);
  if (action === "install" || given === undefined) return;
  throw new RecoveryError("USAGE", {
    subject: `option ${given}`,
    detail: `only install takes it, not ${action}`,
    remedies: [
      { why: "see what install would do with it", command: installWords(invocation, "--plan") },
      { why: "without it", command: action === "remove" ? "requorum backup timer remove" : "requorum backup timer show" },
    ],
  });
}

/** install, as this call has it. */
function installWords(invocation: Invocation, ...more: readonly string[]): string {
  return ["requorum backup timer install", ...optionWords(invocation, optionsOfInstall).map(shellWord), ...more].join(" ");
}

function contextOf(cli: CliContext, { app }: ClusterCall): TimerContext {
  const { username, uid } = userInfo();
  const isRoot = uid === 0;
  return {
    cluster: app.config.cluster,
    units: new SystemdUnitHost({
      scope: isRoot ? "system" : "user",
      // systemd.unit(5): of the administrator; and of the user, where $XDG_CONFIG_HOME says.
      directory: isRoot ? "/etc/systemd/system" : join(dirname(cli.directories.config), "systemd/user"),
      user: username,
    }),
    records: new FileScheduleRecords({ stateDirectory: cli.directories.state }),
    clock: app.ports.clock,
    hashing: app.ports.hashing,
  };
}

function installRequest(invocation: Invocation, { app, cluster }: ClusterCall): InstallRequest {
  const settings = app.config.backup;
  if (settings === undefined) throw notConfigured(app.config);
  const { directories } = invocation.cli;
  const every = textOption(invocation, "every");
  const everyMs = every === undefined ? undefined : parseAgeMs(every, "option --every");
  if (everyMs !== undefined && everyMs < everyMsMin)
    throw new RecoveryError("USAGE", {
      subject: "option --every",
      detail: "more often than every 15 minutes (0.25h) is no backup any more",
    });
  const own = [directories.state, directories.cache];
  const limit = Math.min(runSecondsMax, everyMs === undefined ? runSecondsMax : everyMs / 1000);
  return {
    every: every === undefined || everyMs === undefined ? undefined : { words: every, seconds: everyMs / 1000 },
    calendar: textOption(invocation, "on-calendar"),
    facts: {
      command: commandOf(resolve(directories.work, cluster.configFile), settings, Math.max(60, limit - earlierSeconds)),
      environment: {
        HOME: homedir(),
        XDG_CONFIG_HOME: dirname(directories.config),
        XDG_STATE_HOME: dirname(directories.state),
        XDG_CACHE_HOME: dirname(directories.cache),
      },
      writable: [...own, ...writableBesides(settings)],
      passphraseFile: settings.passphraseFile === undefined ? undefined : atHome(settings.passphraseFile),
    },
    // Root's sandboxes: under ProtectSystem= nothing can be made in /var/cache later.
    directories: [...own, ...(userInfo().uid === 0 ? [rootSandboxes] : [])],
    storeDirectory: storeDirectory(settings)[0],
    runSecondsMax: limit,
    isStarted: !hasFlag(invocation, "files-only"),
    isOnlyShown: hasFlag(invocation, "plan"),
  };
}

function commandOf(configFile: string, { passphraseFile }: BackupConfig, timeoutSeconds: number): readonly string[] {
  const program = fileURLToPath(new URL("../../../bin/requorum.js", import.meta.url));
  const credential = passphraseFile === undefined ? [] : ["--credential", credentialPlace];
  return [process.execPath, program, "--config", configFile, "--timeout", `${String(timeoutSeconds)}s`, "backup", "run", ...credential];
}

const rootSandboxes = "/var/cache/requorum";

/** Sandboxes of root, the sockets of ssh, and the directory of the metrics. */
function writableBesides(settings: BackupConfig): readonly string[] {
  const uid = String(userInfo().uid);
  const metrics = settings.metrics === undefined ? [] : [dirname(atHome(settings.metrics.textfile))];
  return [...storeDirectory(settings), rootSandboxes, `/run/user/${uid}`, ...metrics];
}

function storeDirectory({ store }: BackupConfig): readonly string[] {
  return /^[a-z0-9]+:\/\//.test(store) ? [] : [atHome(store)];
}

async function change(invocation: Invocation, { app, display }: ClusterCall, context: TimerContext, plan: TimerPlan): Promise<ExitName> {
  const { cli } = invocation;
  display.stop();
  const isWanted = !hasFlag(invocation, "plan") && plan.actions.length > 0;
  if (isWanted) {
    if (!hasFlag(invocation, "yes")) await agree(invocation, plan, app.config.cluster);
    await carryOutTimerPlan(context, plan);
  }
  const document = timerChangeDocument(plan, isWanted);
  printResult(cli, document, () => timerChangePage(document));
  return "done";
}

async function agree(invocation: Invocation, plan: TimerPlan, cluster: string): Promise<void> {
  const { cli } = invocation;
  printNote(cli, timerChangePage(timerChangeDocument(plan, false)));
  if (!cli.terminal.canAsk)
    throw new RecoveryError("CONSENT_MISSING", {
      subject: `backup timer ${plan.verb}`,
      detail: "there is no terminal to ask on, and no --yes; nothing was changed",
      remedies: [
        {
          why: "see exactly what it would do",
          command: plan.verb === "install" ? installWords(invocation, "--plan") : "requorum backup timer remove --plan",
        },
      ],
    });
  printNote(cli, timerQuestion(plan, cluster));
  const typed = (await cli.terminal.ask("cluster> ", cli.signal)).trim();
  if (typed !== cluster)
    throw new RecoveryError("CONSENT_MISSING", {
      subject: `cluster ${cluster}`,
      detail: `${JSON.stringify(typed)} was typed, not ${JSON.stringify(cluster)}; nothing was changed`,
      remedies: [],
    });
}

function originOf(file: UnitFile, sha256Hex: (text: string) => string): BackupTimerDocument["units"][number]["file"] {
  switch (file.kind) {
    case "none":
      return "none";
    case "other":
      return "foreign";
    case "file":
      return unitOrigin(file.text, sha256Hex);
    default:
      return file satisfies never;
  }
}

async function show({ cli }: Invocation, { app, display }: ClusterCall, { units, hashing }: TimerContext): Promise<ExitName> {
  const { cluster } = app.config;
  const name = backupUnitName(cluster);
  const sha256Hex = (text: string): string => hashing.sha256Hex(text);
  const seen = await Promise.all(
    [`${name}.timer`, `${name}.service`].map(async (unit) => {
      const [file, state] = await Promise.all([units.read(unit), units.stateOf(unit)]);
      return { name: unit, file: originOf(file, sha256Hex), activeState: state?.activeState, unitFileState: state?.unitFileState };
    }),
  );
  const schedule = await scheduleHere(cli, cluster, app.ports.clock.nowMs());
  display.stop();
  const document: BackupTimerDocument = {
    apiVersion: "requorum/v1",
    kind: "BackupTimer",
    cluster,
    scope: units.scope,
    directory: units.directory,
    units: seen,
    schedule,
    isConfigured: app.config.backup !== undefined,
    hasSystemd: await units.isRunning(),
  };
  printResult(cli, document, () => backupTimerPage(document));
  return schedule === undefined || schedule.state === "ok" || schedule.state === "waiting" ? "done" : "findings";
}
