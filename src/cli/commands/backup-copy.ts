import { copyBackup } from "../../app/backup/copy-backup.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { shellWord } from "../../model/shell-word.ts";
import type { BackupCopiedDocument } from "../../render/backup-copied-page.ts";
import { backupCopiedPage } from "../../render/backup-copied-page.ts";
import { calledWords, tellPassedOver } from "../backup/chosen-set.ts";
import { openOtherStore } from "../backup/open-other-store.ts";
import { setName } from "../backup/set-name.ts";
import { withBackup } from "../backup/with-backup.ts";
import { hasFlag, textOption, type CommandModule } from "../command-spec.ts";
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
    return withBackup(invocation, { isQuiet: false, worksAlone: true }, async ({ app, display, backup }) => {
      const to = openOtherStore(cli, app.config, place);
      try {
        const context = { ...app, backup: backup.ports, trust: backup.trust };
        const name = setName(invocation, app.config.cluster);
        const other = shellWord(place);
        const commands = {
          begin: `requorum backup copy ${name} --to ${other} --new-store`,
          list: `requorum backup list --store ${other}`,
        };
        const isNewStore = hasFlag(invocation, "new-store");
        const again = (id: string) =>
          calledWords(invocation, { [name]: id })
            .map(shellWord)
            .join(" ");
        const { onPassedOver, passedOver } = tellPassedOver(invocation);
        const request = { name, cluster: app.config.cluster, to, isNewStore, commands, again, onPassedOver };
        const copied = await copyBackup(context, request).catch((error: unknown) => {
          throw fullThere(error, other);
        });
        display.stop();
        const document: BackupCopiedDocument = {
          apiVersion: "requorum/v1",
          kind: "BackupCopied",
          from: backup.ports.store.place,
          to: to.place,
          ...copied,
        };
        printResult(cli, { ...document, passedOver }, () => backupCopiedPage(document));
        return "done";
      } finally {
        await to.close();
      }
    });
  },
};

/** Room is to be made where the copy went: `--store` of this call is the source, and to prune that would help nothing. */
export function fullThere(error: unknown, other: string): unknown {
  if (!(error instanceof RecoveryError) || error.code !== "BACKUP_STORE_FULL") return error;
  const { code, subject, detail, remedies } = error;
  const there = remedies.map((remedy) =>
    remedy.command === undefined ? remedy : { ...remedy, command: `${remedy.command} --store ${other}` },
  );
  return new RecoveryError(code, { subject, detail, remedies: there, cause: error });
}
