import { resolve } from "node:path";
import { AgeKeyWrapping } from "../../adapters/system/age-key-wrapping.ts";
import { writeIdentityFile } from "../../adapters/local-fs/write-identity-file.ts";
import { SystemClock } from "../../adapters/system/system-clock.ts";
import { RecoveryError } from "../../model/recovery-error.ts";
import { backupKeyPage, type BackupKeyDocument } from "../../render/backup-key.ts";
import { textOption, type CommandModule } from "../command-spec.ts";
import { printResult } from "../print-result.ts";

export const command: CommandModule = {
  async run(invocation) {
    const { cli } = invocation;
    const out = textOption(invocation, "out");
    if (out === undefined) throw new RecoveryError("USAGE", { subject: "option --out", detail: "where is the secret half to be written?" });
    const file = resolve(cli.directories.work, out);
    const { identity, recipient } = await new AgeKeyWrapping().newIdentity();
    await writeIdentityFile(file, { identity, recipient, createdAt: new SystemClock().nowIso() });
    const document: BackupKeyDocument = { apiVersion: "requorum/v1", kind: "BackupKey", recipient, file };
    printResult(cli, document, () => backupKeyPage(document));
    return "done";
  },
};
