import { FileScheduleRecords } from "../../adapters/local-fs/file-schedule-records.ts";
import { runningBeside, thisProcess } from "../../adapters/system/node-process-owner.ts";
import { runScheduledBackup, type ScheduledBackup, type ScheduledSteps } from "../../app/backup/run-scheduled-backup.ts";
import { scheduledStepsOf } from "../../app/backup/scheduled-steps.ts";
import { defaultSchedule, type BackupConfig } from "../../model/cluster-config.ts";
import { errorCatalogue, type ExitName } from "../../model/error-catalogue.ts";
import { backupRunDocument, backupRunPage } from "../../render/backup-run.ts";
import { errorPage } from "../../render/error-page.ts";
import { createContextOf } from "../backup/create-context.ts";
import { notConfigured, openBackup } from "../backup/open-backup.ts";
import { scheduleListeners } from "../backup/schedule-listeners.ts";
import { keySourcesOf, setKeyOf } from "../backup/set-key.ts";
import { verifyContextOf } from "../backup/verify-context.ts";
import type { CommandModule, Invocation } from "../command-spec.ts";
import { textOption } from "../command-spec.ts";
import { printResult, printShortfall } from "../print-result.ts";
import { withCluster, type ClusterCall } from "../with-cluster.ts";

/** As `backup prune` without --aside. */
const asideMs = 7 * 86_400_000;

export const command: CommandModule = {
  run(invocation) {
    const { cli } = invocation;
    return withCluster(cli, { isQuiet: false }, async (call): Promise<ExitName> => {
      const { app, display } = call;
      const settings = app.config.backup;
      // Not a failed backup, but none: there is nobody to tell.
      if (settings === undefined) throw notConfigured(app.config);
      const owner = await thisProcess();
      const records = new FileScheduleRecords({ stateDirectory: cli.directories.state });
      const done = await runScheduledBackup({
        cluster: app.config.cluster,
        store: settings.store,
        schedule: settings.schedule ?? defaultSchedule,
        by: app.operator.by,
        program: app.program,
        ports: { clock: app.ports.clock, records, localLock: app.ports.localLock },
        owner,
        isRunning: runningBeside(owner),
        listeners: scheduleListeners(settings, records),
        open: () => openSteps(invocation, call, settings),
      });
      display.stop();
      const document = backupRunDocument(
        done.run,
        done.untold.map(({ what, error }) => ({ what, code: error.code, detail: error.detail })),
      );
      printResult(cli, document, () => backupRunPage(document));
      // Ctrl-C and --timeout are told as of any other verb: this is no run that is resumed.
      if (done.error !== undefined && cli.signal.aborted) throw done.error;
      if (done.error !== undefined) printShortfall(cli, done.error, errorPage(done.error));
      return exitOf(done);
    });
  },
};

async function openSteps(invocation: Invocation, call: ClusterCall, settings: BackupConfig): Promise<ScheduledSteps> {
  const { cli } = invocation;
  const { app } = call;
  const passphraseFile = textOption(invocation, "credential");
  const backup = await openBackup(cli, app.config, { passphraseFile, writesSets: true });
  try {
    return scheduledStepsOf({
      create: await createContextOf(cli, app, backup),
      verify: async (manifest) =>
        verifyContextOf(cli, { app, backup }, manifest, await setKeyOf(invocation, keySourcesOf(backup), manifest)),
      prune: {
        cluster: app.config.cluster,
        policy: { ...settings.retention, withinMs: undefined },
        asideMs,
        acceptedBreaks: settings.acceptFrom === undefined ? [] : [settings.acceptFrom],
      },
      close: () => backup.close(),
    });
  } catch (error) {
    await backup.close();
    throw error;
  }
}

/** A timer's unit fails with whatever is not as it should be; that nobody could be told is said, and no failure of the backup. */
function exitOf({ run, error, untold }: ScheduledBackup): ExitName {
  if (error !== undefined) return errorCatalogue[error.code].exit;
  const isUnkept = untold.some(({ error: { code } }) => code !== "BACKUP_WEBHOOK_FAILED");
  return isUnkept || run.set?.marks.some((code) => code !== "FILES_LEFT_OUT") === true ? "findings" : "done";
}
