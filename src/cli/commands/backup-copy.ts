import { copyBackup } from "../../app/backup/copy-backup.ts";
import type { ClusterConfig } from "../../model/cluster-config.ts";
import { errorCatalogue, type ErrorCode } from "../../model/error-catalogue.ts";
import { RecoveryError, type Remedy } from "../../model/recovery-error.ts";
import { shellWord } from "../../model/shell-word.ts";
import type { BackupStore } from "../../ports/backup-store.ts";
import type { BackupCopiedDocument } from "../../render/backup-copied-page.ts";
import { backupCopiedPage } from "../../render/backup-copied-page.ts";
import { calledWords, tellPassedOver } from "../backup/chosen-set.ts";
import { openOtherStore } from "../backup/open-other-store.ts";
import { setName } from "../backup/set-name.ts";
import { withBackup } from "../backup/with-backup.ts";
import { hasFlag, textOption, type CommandModule, type Invocation } from "../command-spec.ts";
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
      const to = openTo(cli, app.config, place);
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
          throw failureThere(error, to.place, other);
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

function openTo(cli: Invocation["cli"], config: ClusterConfig, place: string): BackupStore {
  try {
    return openOtherStore(cli, config, place);
  } catch (error) {
    if (!(error instanceof RecoveryError)) throw error;
    const { code, detail, remedies } = error;
    throw new RecoveryError(code, { subject: "option --to", detail, remedies, cause: error });
  }
}

/**
 * What is wrong where the copy went is set right there: `--store` of this call is the source, to which the general advice
 * would lead. `place`: as errors of that store name it, `other`: as it is typed.
 */
export function failureThere(error: unknown, place: string, other: string): unknown {
  if (!(error instanceof RecoveryError)) return error;
  const remedies = remediesThere(error, place, other);
  const { code, subject, detail } = error;
  return remedies === undefined ? error : new RecoveryError(code, { subject, detail, remedies, cause: error });
}

const elsewhere: Remedy = { why: "or name another place with --to" };
const generalThere: { readonly [code in ErrorCode]?: readonly Remedy[] } = {
  BACKUP_STORE_UNREACHABLE: [
    { why: "see that the disk is mounted, or the machine or service that --to names answers; then the same call again" },
    elsewhere,
  ],
  BACKUP_STORE_FAILED: [
    { why: "set right what the detail names, of the place that --to names: its path, permissions, keys, disk; then the same call again" },
    elsewhere,
  ],
  BACKUP_STORE_INVALID: [
    { why: "see that --to names the place that is meant, and that its disk is mounted" },
    { why: "if it is the right one, bring back its requorum-store.json from a copy of that store; nothing of its sets was changed" },
  ],
};

/** undefined: what is advised holds there too. */
function remediesThere({ code, subject, remedies }: RecoveryError, place: string, other: string): readonly Remedy[] | undefined {
  if (code === "BACKUP_STORE_FULL")
    return remedies.map((remedy) => (remedy.command === undefined ? remedy : { ...remedy, command: `${remedy.command} --store ${other}` }));
  const isGeneral = remedies === errorCatalogue[code].remedies;
  return isGeneral && subject === `store ${place}` ? generalThere[code] : undefined;
}
