import { LocalFileSpool } from "../../adapters/local-fs/local-file-spool.ts";
import { LocalSealedSpool } from "../../adapters/local-fs/sealed-spool.ts";
import type { AppContext } from "../../app/app-ports.ts";
import type { CreateBackupContext } from "../../app/backup/backup-context.ts";
import type { CliContext } from "../cli-context.ts";
import { runSealedFileTask } from "../file-work/run-file-task.ts";
import type { OpenBackup } from "./open-backup.ts";
import { threadedSetContent } from "./threaded-set-content.ts";

/** What making a set reaches through. LOCAL_FILE_FAILED, BACKUP_KEY_INVALID, of the passphrase file. */
export async function createContextOf(cli: CliContext, app: AppContext, backup: OpenBackup): Promise<CreateBackupContext> {
  const { timeoutMs } = cli.global;
  return {
    ...app,
    endsAtMs: timeoutMs === undefined ? undefined : app.ports.clock.monotonicMs() + timeoutMs,
    backup: {
      ...backup.ports,
      spool: new LocalSealedSpool(new LocalFileSpool({ cacheDirectory: cli.directories.cache })),
      makeContent: threadedSetContent,
      describe: (reading, request) => runSealedFileTask(cli, "describe", request, { reading, report: app.report }),
    },
    settings: backup.settings,
    passphrase: await backup.passphrase(),
    trust: backup.trust,
  };
}
