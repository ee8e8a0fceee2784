import { LocalFileSpool } from "../../adapters/local-fs/local-file-spool.ts";
import { LocalSealedSpool } from "../../adapters/local-fs/sealed-spool.ts";
import { createBackup } from "../../app/backup/create-backup.ts";
import type { CreateBackupContext } from "../../app/backup/backup-context.ts";
import { refusingMarkCodes, type BackupMarkCode } from "../../model/backup-set.ts";
import type { ClusterConfig } from "../../model/cluster-config.ts";
import type { HostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { setSummary, type BackupCreatedDocument } from "../../render/backup-document.ts";
import { backupCreatedPage } from "../../render/backup-pages.ts";
import { withBackup } from "../backup/with-backup.ts";
import type { CliContext } from "../cli-context.ts";
import { listOption, textOption, type CommandModule } from "../command-spec.ts";
import { runSealedFileTask } from "../file-work/run-file-task.ts";
import { printResult } from "../print-result.ts";

export const command: CommandModule = {
  run(invocation) {
    const { cli } = invocation;
    const accepted = acceptedOf(listOption(invocation, "accept"));
    return withBackup(invocation, { isQuiet: false }, async ({ app, display, backup }) => {
      const from = hostOf(app.config, textOption(invocation, "from"));
      const context: CreateBackupContext = {
        ...app,
        backup: {
          ...backup.ports,
          spool: new LocalSealedSpool(new LocalFileSpool({ cacheDirectory: cli.directories.cache })),
          describe: describing(cli, app),
        },
        settings: backup.settings,
        passphrase: await backup.passphrase(),
        trust: backup.trust,
      };
      const { manifest, place, tookMs } = await createBackup(context, { accepted, from });
      display.stop();
      const document: BackupCreatedDocument = {
        apiVersion: "requorum/v1",
        kind: "BackupCreated",
        store: place,
        tookSeconds: Math.round(tookMs / 100) / 10,
        set: setSummary(manifest),
      };
      printResult(cli, document, () => backupCreatedPage(document));
      return manifest.marks.length === 0 ? "done" : "findings";
    });
  },
};

function describing(cli: CliContext, { report }: Pick<CreateBackupContext, "report">): CreateBackupContext["backup"]["describe"] {
  return (reading, request) => runSealedFileTask(cli, "describe", request, { reading, report });
}

function acceptedOf(words: readonly string[]): readonly BackupMarkCode[] {
  return words.map((word) => {
    const found = refusingMarkCodes.find((code) => code === word);
    if (found === undefined)
      throw new RecoveryError("USAGE", { subject: "option --accept", detail: `${word} is none of ${refusingMarkCodes.join(", ")}` });
    return found;
  });
}

function hostOf(config: ClusterConfig, wanted: string | undefined): HostName | undefined {
  if (wanted === undefined) return undefined;
  const found = config.hosts.find(({ name }) => name === wanted);
  if (found !== undefined) return found.name;
  throw new RecoveryError("USAGE", {
    subject: "option --from",
    detail: `the configuration has no host ${wanted}, but ${config.hosts.map(({ name }) => name).join(", ")}`,
  });
}
