import { createBackup } from "../../app/backup/create-backup.ts";
import { refusingMarkCodes, type BackupMarkCode } from "../../model/backup-set.ts";
import type { ClusterConfig } from "../../model/cluster-config.ts";
import type { HostName } from "../../model/ids.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { shellWord } from "../../model/shell-word.ts";
import { setSummary, type BackupCreatedDocument } from "../../render/backup-document.ts";
import { backupCreatedPage } from "../../render/backup-pages.ts";
import { createContextOf } from "../backup/create-context.ts";
import { withBackup } from "../backup/with-backup.ts";
import { hasFlag, listOption, textOption, type CommandModule, type Invocation } from "../command-spec.ts";
import { printResult } from "../print-result.ts";

export const command: CommandModule = {
  run(invocation) {
    const { cli } = invocation;
    const accepted = acceptedOf(listOption(invocation, "accept"));
    return withBackup(invocation, { isQuiet: false, writesSets: true }, async ({ app, display, backup }) => {
      const from = hostOf(app.config, textOption(invocation, "from"));
      const context = await createContextOf(cli, app, backup);
      const { manifest, place, tookMs, remarks } = await createBackup(context, {
        accepted,
        from,
        isNewStore: hasFlag(invocation, "new-store"),
        options: typedOf(invocation),
      });
      display.stop();
      const document: BackupCreatedDocument = {
        apiVersion: "requorum/v1",
        kind: "BackupCreated",
        store: place,
        tookSeconds: Math.round(tookMs / 100) / 10,
        set: setSummary(manifest),
        remarks,
      };
      printResult(cli, document, () => backupCreatedPage(document));
      return manifest.marks.length === 0 ? "done" : "findings";
    });
  },
};

/** What a remedy repeats, so that it makes the set that was asked for, in the store that was asked for. */
function typedOf(invocation: Invocation): readonly string[] {
  return ["config", "store", "from"].flatMap((name) => {
    const value = name === "config" ? invocation.cli.global.configFile : textOption(invocation, name);
    return value === undefined ? [] : [`--${name} ${shellWord(value)}`];
  });
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
