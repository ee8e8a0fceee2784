import { copyBackup } from "../../app/backup/copy-backup.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import type { BackupCopiedDocument } from "../../render/backup-copied-page.ts";
import { backupCopiedPage } from "../../render/backup-copied-page.ts";
import { openOtherStore } from "../backup/open-other-store.ts";
import { withBackup } from "../backup/with-backup.ts";
import { textArgument, textOption, type CommandModule } from "../command-spec.ts";
import { printResult } from "../print-result.ts";

export const command: CommandModule = {
  run(invocation) {
    const { cli } = invocation;
    const place = textOption(invocation, "to");
    if (place === undefined)
      throw new RecoveryError("USAGE", {
        subject: "option --to",
        detail: "where to?",
        remedies: [{ why: "for example", command: "requorum backup copy latest --to /mnt/usb/sets" }],
      });
    return withBackup(invocation, { isQuiet: false }, async ({ app, display, backup }) => {
      const to = openOtherStore(cli, app.config, place);
      try {
        const context = { ...app, backup: backup.ports, trust: backup.trust };
        const copied = await copyBackup(context, { name: textArgument(invocation, "set") ?? "latest", cluster: app.config.cluster, to });
        display.stop();
        const document: BackupCopiedDocument = {
          apiVersion: "requorum/v1",
          kind: "BackupCopied",
          from: backup.ports.store.place,
          to: to.place,
          ...copied,
        };
        printResult(cli, document, () => backupCopiedPage(document));
        return "done";
      } finally {
        await to.close();
      }
    });
  },
};
